"""Runs on one GPU, skipped where there is none: minutes for all of them, the drawing of a small data set included."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from mnv3.cli.call.composing import composer
from mnv3.cli.tasks import open_task
from mnv3.tools.runs.folder import RunFolder, read_metrics
from mnv3.tools.training.run import fit_and_score
from mnv3.tools.weights.checkpoint import read_checkpoint

SMALL = (
    "backbone.width=0.35",
    "dataset.train=24",
    "dataset.val=6",
    "dataset.height=96",
    "dataset.width=128",
    "data.workers=2",
    "recipe.batch_size=8",
    "recipe.epochs=2",
    "recipe.warmup_steps=2",
    "trainer.accelerator=gpu",
    "trainer.devices=1",
    "wandb.mode=disabled",
)
TASKS = {
    "ssdlite": ("task.input_size=[96,128]",),
    "lraspp": ("recipe.crop=[81,113]", "recipe.ohem=0.7", "recipe.lovasz=0.5"),
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All tests of this folder need a GPU."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents and not torch.cuda.is_available():
            item.add_marker(pytest.mark.skip(reason="there is no GPU"))


@pytest.fixture(scope="session")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the small data set is drawn, once a task."""
    return tmp_path_factory.mktemp("data")


@pytest.fixture
def train(root: Path, tmp_path: Path) -> Callable[..., RunFolder]:
    """Train a task as `mnv3 train` does, in a folder of its own or, with `folder`, in that one again."""

    def run(task: str, *overrides: str, folder: str = "run") -> RunFolder:
        place = RunFolder(tmp_path / folder)
        with composer("train") as make:
            config: Any = make([f"task={task}", f"data.root={root}", *SMALL, *TASKS[task], *overrides])
        if place.last.exists():
            config.resume = str(place.path)
        fit_and_score(open_task(task).training(), config, place, lambda: None)
        return place

    return run


def weights(folder: RunFolder) -> dict[str, torch.Tensor]:
    """Of the last checkpoint: the averages, which are scored."""
    return read_checkpoint(folder.last)["state_dict"]


def losses(folder: RunFolder) -> list[float]:
    """Of the epochs."""
    return [float(row["train/loss"]) for row in read_metrics(folder.metrics_csv)]
