import logging

import pytest

from tools.loading import load_first_weights


@pytest.mark.parametrize(
    ("left", "said"),
    [
        ([], "Loaded all of w.pth."),
        (["head.x: not in the file"], "needed): head.x: not in the file"),
        ([f"block9.{i}" for i in range(19)] + ["last.a"], "needed): block9 (19); last (1)"),
    ],
)
def test_says_what_was_not_loaded_shortly(left: list[str], said: str, caplog: pytest.LogCaptureFixture) -> None:
    config = {"backbone": {"weights": "w.pth", "weights_inputs": "imagenet"}, "init": None}
    with caplog.at_level(logging.INFO, logger="mnv3"):
        load_first_weights(config, lambda file, inputs: left, lambda file: [])
    assert said in caplog.text
