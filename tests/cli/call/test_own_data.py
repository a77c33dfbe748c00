"""Defaults of a training on the user's own data."""

from collections.abc import Callable

import pytest

from tests.cli.recorder import Recorder

Call = Callable[..., int]
BOXES = ("dataset=boxes", "dataset.path=cells")


def test_one_path_is_enough(call: Call, recorder: Recorder) -> None:
    assert call("train", *BOXES) == 0
    (config,) = recorder.configs
    assert (config.recipe.name, config.recipe.min_steps) == ("finetune", 400)
    assert (config.backbone.weights, config.task.input_size) == ("auto", "auto")


@pytest.mark.parametrize(
    ("typed", "key", "value"),
    [
        (["recipe=quick"], "recipe.name", "quick"),
        (["backbone.weights=null"], "backbone.weights", None),
        (["init=x.ckpt"], "backbone.weights", None),
        (["task.input_size=[96,128]"], "task.input_size", [96, 128]),
        (["recipe.epochs=2"], "recipe.min_steps", None),
        (["recipe.epochs=2", "recipe.min_steps=9"], "recipe.min_steps", 9),
        (["recipe.epochs=null", "recipe.steps=7"], "recipe.min_steps", None),
    ],
)
def test_what_is_typed_wins(call: Call, recorder: Recorder, typed: list[str], key: str, value: object) -> None:
    from omegaconf import OmegaConf

    assert call("train", *BOXES, *typed) == 0
    assert OmegaConf.select(recorder.configs[0], key) == value


@pytest.mark.parametrize("argv", [["dataset=streets"], [], ["dataset=coco"], ["experiment=table6/v3_small"]])
def test_other_data_keeps_its_defaults(call: Call, recorder: Recorder, argv: list[str]) -> None:
    assert call("train", *argv) == 0
    (config,) = recorder.configs
    assert config.recipe.name in ("quick", "paper") and config.backbone.weights is None
    assert list(config.task.input_size) == [320, 320]


def test_help_shows_them(call: Call, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("train", "dataset=boxes", "--help") == 0
    assert "*finetune" in capsys.readouterr().out


@pytest.mark.parametrize("verb", ["eval", "bench", "predict"])
def test_auto_is_for_training_only(call: Call, capsys: pytest.CaptureFixture[str], verb: str) -> None:
    """Nothing else opens training images to choose by."""
    assert call(verb, "task.input_size=auto") == 2
    assert "task.input_size" in capsys.readouterr().err
