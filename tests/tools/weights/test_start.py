"""The first weights that backbone.weights=auto chooses."""

from pathlib import Path
from typing import Any, NamedTuple

import pytest
import torch
import yaml

from mnv3.tools.weights.start import choose_start

BACKBONE = {"name": "small", "width": 1.0, "rf2": False, "se": True, "hswish": True, "max_kernel": 5, "weights": "auto"}


class Found(NamedTuple):
    weights: str = "imagenet"
    inputs: str = "imagenet"
    title: str = "torchvision's"


def config(**changes: Any) -> dict[str, Any]:
    """A configuration of a run on boxes in a folder."""
    return {
        "task": {"name": "ssdlite", "preset": "paper"},
        "backbone": {**BACKBONE, **changes},
        "dataset": {"name": "boxes", "path": "cells"},
    }


def write_run(machine: Path, folder_name: str, dataset: dict[str, str], **changes: Any) -> Path:
    """Write what a finished run leaves, as far as it counts here."""
    folder = machine / "runs" / "ssdlite" / folder_name
    (folder / "checkpoints").mkdir(parents=True)
    (folder / "config.yaml").write_text(yaml.safe_dump({**config(**changes), "dataset": dataset}))
    (folder / "metrics.json").write_text("{}")
    torch.save({}, folder / "checkpoints" / "best.ckpt")
    return folder


def chosen(runs: Path, found: Found | None = None) -> Any:
    return choose_start(config(), found, "look here", runs / "runs")["backbone.weights"]


def test_published_weights_come_first_then_a_run_on_other_data(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "mnv3")
    write_run(tmp_path, "same-data", {"name": "boxes", "path": "cells"})
    write_run(tmp_path, "other-network", {"name": "streets"}, name="large")
    assert chosen(tmp_path) is None and "random" in caplog.text and "look here" in caplog.text
    run = write_run(tmp_path, "streets", {"name": "streets"})
    assert chosen(tmp_path) == str(run / "checkpoints" / "best.ckpt")
    assert chosen(tmp_path, Found()) == "imagenet"
    (run / "metrics.json").unlink()  # not finished
    assert chosen(tmp_path) is None


def test_the_same_images_by_another_path_or_key_are_no_other_data(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Their validation images may be among those that the run has learnt."""
    monkeypatch.chdir(tmp_path)
    same: list[dict[str, str]] = [
        {"name": "boxes", "path": "./cells/"},
        {"name": "boxes", "path": str(tmp_path / "cells")},
        {"name": "boxes", "path": "cells/train"},
        {"name": "masks", "path": "cells"},
        {"name": "coco_json", "train_json": "cells/train.json", "train_images": "cells/train"},
    ]
    for number, dataset in enumerate(same):
        write_run(tmp_path, f"same{number}", dataset)
    assert chosen(tmp_path) is None


@pytest.mark.parametrize("start", ["weights", "init"])
def test_a_run_that_started_from_one_on_the_same_data_is_none_on_other_data(tmp_path: Path, start: str) -> None:
    first = write_run(tmp_path, "first", {"name": "boxes", "path": "cells"})
    weights = str(first / "checkpoints" / "best.ckpt") if start == "weights" else "imagenet"
    second = write_run(tmp_path, "second", {"name": "boxes", "path": "dogs"}, weights=weights)
    if start == "init":
        saved = yaml.safe_load((second / "config.yaml").read_text())
        init = str(first / "checkpoints" / "last.ckpt")
        (second / "config.yaml").write_text(yaml.safe_dump({**saved, "init": init}))
    assert chosen(tmp_path) is None
    third = write_run(tmp_path, "third", {"name": "boxes", "path": "dogs"}, weights="imagenet")
    assert chosen(tmp_path) == str(third / "checkpoints" / "best.ckpt")
