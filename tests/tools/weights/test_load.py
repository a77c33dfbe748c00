"""What a run begins with, and what is said of it."""

import logging
from pathlib import Path

import pytest
import torch

from mnv3.tools.weights.load import Begun, load_first_weights


@pytest.mark.parametrize(
    ("left", "said"),
    [
        ([], "Loaded all of w.pth."),
        (["head.x: not in the file"], "needed): head.x: not in the file"),
        ([f"block9.{i}" for i in range(19)] + ["last.a"], "needed): block9 (19); last (1)"),
    ],
)
def test_says_what_was_not_loaded_shortly(left: list[str], said: str, caplog: pytest.LogCaptureFixture) -> None:
    config = {"backbone": {"weights": None}, "init": "w.pth"}
    with caplog.at_level(logging.INFO, logger="mnv3"):
        load_first_weights(config, lambda file, entries, inputs: [], lambda source: Begun(left))
    assert said in caplog.text


def test_class_predictors_have_a_line_of_their_own(caplog: pytest.LogCaptureFixture) -> None:
    """What came from the file by name is not all of it."""
    config = {"backbone": {"weights": None}, "init": "w.pth"}
    with caplog.at_level(logging.INFO, logger="mnv3"):
        load_first_weights(config, lambda file, entries, inputs: [], lambda source: Begun([], "By name: cat."))
    assert [record.message for record in caplog.records] == ["By name: cat.", "Loaded the rest of w.pth."]


def test_a_backbone_gets_what_is_in_the_file_and_imagenet_its_name(tmp_path: Path) -> None:
    calls = []

    def load(source: str, **keywords: object) -> list[str]:
        calls.append((source, keywords))
        return []

    torch.save({"a": torch.ones(1)}, tmp_path / "w.pth")
    for weights in (str(tmp_path / "w.pth"), "imagenet"):
        backbone = {"weights": weights, "weights_inputs": "symmetric"}
        load_first_weights({"backbone": backbone, "init": None}, load, lambda source: Begun([]))
    assert calls[0] == (
        str(tmp_path / "w.pth"),
        {"entries": {"a": torch.ones(1)}, "inputs": "symmetric", "pixels": None},
    )
    assert calls[1] == ("imagenet", {"entries": None, "inputs": "symmetric", "pixels": None})
