"""Small run folders in the real formats."""

import csv
import json
from copy import deepcopy
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch

from mnv3.cli.tasks import open_task
from mnv3.tools.compare.folders import read_run
from mnv3.tools.compare.runs import Run
from mnv3.tools.compare.tables import Entry
from mnv3.tools.drawing.sheets import lay_out, panel, save_sheet
from mnv3.tools.runs.folder import RunFolder

NOT_SCORED = open_task("ssdlite").keys_not_scored
TASKS: Any = {
    "boxes": SimpleNamespace(figures=("AP", "AP50"), keys_not_scored=NOT_SCORED),
    "masks": SimpleNamespace(figures=("mIoU",), keys_not_scored=NOT_SCORED),
}
"""As much of `tools.task.Facts` as reading runs needs."""

CONFIG: dict[str, Any] = {
    "task": {"name": "boxes", "input_size": [320, 320]},
    "backbone": {"name": "small", "width": 1.0, "weights": None},
    "dataset": {"name": "streets", "class_slots": "contiguous", "seed": 0, "train": 64, "val": 16},
    "data": {"root": "/data", "workers": "auto", "on_error": "raise"},
    "recipe": {"name": "quick", "epochs": 3, "lr": 0.1},
    "trainer": {"precision": None},
    "wandb": {"group": None, "tags": ["mine"]},
    "seed": 0,
    "name": None,
    "init": None,
}


def make_run(
    folder: Path, ap: tuple[float, ...] = (0.1, 0.3, 0.2), *, final: bool = True, samples: bool = False, **keys: Any
) -> Path:
    """Write a run whose validations had these scores. `keys`: of the configuration, `backbone__name="large"`."""
    run, config = RunFolder(folder), deepcopy(CONFIG)
    for key, value in keys.items():
        section, _, leaf = key.rpartition("__")
        (config[section] if section else config)[leaf] = value
    run.describe(config, [], ["mnv3", "train", f"name={folder.name}"], {})
    with run.metrics_csv.open("w", newline="") as file:
        writer = csv.DictWriter(file, ["epoch", "seconds", "train/loss", "val/AP", "val/AP50"])
        writer.writeheader()
        for epoch, value in enumerate(ap, start=1):
            row = {"val/AP": value, "val/AP50": 2 * value}
            writer.writerow({"epoch": epoch, "seconds": 60 * epoch, "train/loss": 3 / epoch, **row})
    if final:
        best = max(ap)
        write_scores(folder, best, epoch=ap.index(best) + 1, checkpoint="checkpoints/best.ckpt")
    if samples:
        draw(folder / "samples" / "val.jpg", ["a.jpg", "b.jpg"], round(255 * max(ap)))
    return folder


def write_scores(folder: Path, ap: float, **more: Any) -> None:
    """metrics.json as an evaluation writes it."""
    folder.mkdir(parents=True, exist_ok=True)
    classes = {"car": {"AP": ap / 2, "AP50": None}}
    content = {"AP": ap, "AP50": 2 * ap, "per_class": classes, "images": 16, "detections": 9, **more}
    (folder / "metrics.json").write_text(json.dumps(content))


def draw(path: Path, names: list[str], grey: int) -> None:
    """A sheet of samples: white truth, grey predictions."""
    panels = []
    for name in names:
        for part, value in (("truth", 255), ("prediction", grey)):
            panels.append(panel(torch.full((3, 60, 80), value, dtype=torch.uint8), name, part, caption=10))
    save_sheet(lay_out(panels, columns=4), path)


def read(folder: Path, said: list[str] | None = None) -> Run:
    """The run in a folder; what is said about it goes to `said`."""
    return read_run(folder, TASKS, lambda config: config, (said if said is not None else []).append)


def entries(*folders: Path) -> list[Entry]:
    """Runs numbered from 1, called by their folders' names."""
    return [Entry(i, folder.name, read(folder), (1.5e6, 2e8)) for i, folder in enumerate(folders, start=1)]
