"""A checkpoint from which a run goes on is of that run: what it says of itself is what the run's configuration says."""

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import torch

from mnv3.tools.errors import UserError
from mnv3.tools.runs.folder import RunFolder
from mnv3.tools.training.resuming import check_resumed
from mnv3.tools.weights.checkpoint import PARTS

CONFIG: dict[str, Any] = {
    "task": {"name": "boxes", "input_size": [96, 96]},
    "backbone": {"name": "small", "width": 0.25},
    "dataset": {"name": "streets", "max_boxes": 100},
    "recipe": {"lr": 0.1, "steps": None},
    "data": {"root": "/data"},
    "seed": 0,
}


def save(path: Path, **changes: Any) -> None:
    """A checkpoint of CONFIG with other values, `section__key`; one of `...` is left out."""
    config = deepcopy(CONFIG)
    for name, value in changes.items():
        section, _, key = name.rpartition("__")
        place = config[section] if section else config
        place[key] = value
        if value is ...:
            del place[key]
    path.parent.mkdir(exist_ok=True)
    torch.save({**{part: kind() for part, kind in PARTS.items()}, "hyper_parameters": {"config": config}}, path)


@pytest.mark.parametrize("file", ["last.ckpt", "best.ckpt"])
@pytest.mark.parametrize(
    ("key", "value"),
    [("task.input_size", [128, 128]), ("backbone.width", 1.0), ("dataset.max_boxes", 150), ("recipe.steps", 9)],
)
def test_a_checkpoint_of_another_configuration_is_refused(tmp_path: Path, file: str, key: str, value: Any) -> None:
    folder = RunFolder(tmp_path)
    for path in (folder.last, folder.best):
        save(path, **({key.replace(".", "__"): value} if path.name == file else {}))
    with pytest.raises(UserError, match=rf"{file}: {key} ") as caught:
        check_resumed(folder, CONFIG, "boxes")
    assert len(caught.value.problems) == 1


def test_what_may_differ(tmp_path: Path) -> None:
    """Keys that are younger than the checkpoint, those of later versions, and where the data lie; no best one yet."""
    folder = RunFolder(tmp_path)
    for changes in ({}, {"dataset__max_boxes": ..., "recipe": ...}, {"task__later": 1}, {"data__root": "/other"}):
        save(folder.last, **changes)
        check_resumed(folder, CONFIG, "boxes")
