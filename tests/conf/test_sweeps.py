"""W&B sweep files: what their agents would call is a call of ours."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from wandb.sdk.launch.sweeps.utils import create_sweep_command, create_sweep_command_args

from mnv3.cli.call import arguments, mistakes
from mnv3.conf import schema

FILES = sorted((Path(schema.__file__).parent / "sweeps").glob("*.yaml"))


def call(sweep: dict[str, Any], values: dict[str, Any]) -> list[str]:
    """The command of a trial, built as W&B's agent builds it."""
    filled = create_sweep_command_args({"args": {key: {"value": value} for key, value in values.items()}})
    words = create_sweep_command(list(sweep["command"]))
    return [part for word in words for part in (filled[word[2:-1]] if word.startswith("${") else [word])]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_both_ends_of_every_parameter_are_good_values(file: Path) -> None:
    sweep = yaml.safe_load(file.read_text())
    ranges = {
        key: values.get("values") or [values["min"], values["max"]] for key, values in sweep["parameters"].items()
    }
    for end in (0, -1):
        values = {key: values[end] for key, values in ranges.items()}
        program, verb, *rest = call(sweep, values)
        assert (program, verb) == ("mnv3", "train")
        [config] = mistakes.check(verb, arguments.split(rest))
        assert config.recipe.lr == values["recipe.lr"] and config.wandb.project == sweep["project"]


def test_there_is_one() -> None:
    assert FILES
