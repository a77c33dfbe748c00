"""What a training has to know of its task; `tools.training.run` and `tools.training.dry_run` do the rest."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from torch import nn

from mnv3.tools.paper.cost import RowCost
from mnv3.tools.training.module import TrainingModule
from mnv3.tools.training.optim import Plan

Config = dict[str, Any]
"""The whole configuration, resolved, as plain values."""


class Task(Protocol):
    """A task. Of its own types: a data set, which has a length; a batch, which has `images` [N, 3, h, w]; results,
    whatever its pictures and files are made from; scores, which have `stats`, numbers by name."""

    name: str
    """As in task=NAME, and the folder of its runs."""
    title: str
    """As people write it."""
    score: str
    """Logged value that decides on the best checkpoint, the higher the better."""
    headline: tuple[str, ...]
    """Names in `stats` that the last line of a training tells."""

    def open_dataset(self, dataset: Any, data: Any, split: str, log: Callable[[str], None]) -> Any:
        """The `split` of the configured data set. Raises UserError."""
        ...

    def check_data(self, train_data: Any, val_data: Any, on_error: str) -> None:
        """Raises UserError if `mnv3 data check` would refuse them, as far as can be told in seconds; logs remarks.
        `on_error`: as data.on_error, of files that training would skip."""
        ...

    def build(self, config: Config, data: Any) -> nn.Module:
        """The network of a new run for the classes of `data`, with its first weights. Raises UserError."""
        ...

    def input_size(self, config: Config, data: Any) -> tuple[int, int]:
        """Height and width of the image whose cost is told."""
        ...

    def row_cost(self, config: Config) -> RowCost:
        """Cost by the counting rule of `config["row"]`, a row of the paper's tables."""
        ...

    def loaders(
        self, config: Config, network: Any, train_data: Any, val_data: Any, rank: int, world: int
    ) -> tuple[Any, Any]:
        """Loaders of training and validation batches for process `rank` of `world`. Raises UserError."""
        ...

    def module(self, config: Config, network: Any, plan: Plan, train_data: Any, val_data: Any) -> TrainingModule:
        """As Lightning trains it. Raises UserError."""
        ...

    def names(self, batch: Any, train_data: Any) -> Sequence[str]:
        """What the user calls the images of a batch."""
        ...

    def draw_batch(self, batch: Any, train_data: Any, path: Path) -> None:
        """One picture of labelled training samples, as the network gets them."""
        ...

    def panels(self, val_data: Any, results: Any) -> dict[str, Any]:
        """What W&B shows of each validation."""
        ...

    def score_file(self, checkpoint: Path, loader: Any, val_data: Any, device: Any, config: Config) -> tuple[Any, Any]:
        """Results and scores of a checkpoint, as `mnv3 eval` would have them. All processes take part."""
        ...

    def report(self, folder: Path, val_data: Any, results: Any, scores: Any, more: Mapping[str, Any]) -> str:
        """Write metrics.json (with `more` in it), pictures and predictions; return a table for the console."""
        ...

    def tables(self, scores: Any) -> dict[str, Any]:
        """What W&B shows of the final scores."""
        ...

    def rehearse_prediction(self, network: Any, batch: Any) -> str:
        """Predict for a batch, and say in a few words what came out."""
        ...
