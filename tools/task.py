"""The interface of a task: everything that the commands and the training use of it.

`Task` is light: importing a task's module imports neither PyTorch nor Lightning. Its larger parts (`Training`,
`Scoring`, `Exporting`, `Bench`) are imported on request. `cli/tasks.py` lists the tasks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol, runtime_checkable

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    import torch
    from omegaconf import DictConfig
    from torch import nn

    from mnv3.tools.bench.rounds import Comparison
    from mnv3.tools.data.reader import Reader
    from mnv3.tools.export.checking import Agreement
    from mnv3.tools.export.file import Exported
    from mnv3.tools.paper.cost import RowCost
    from mnv3.tools.predict.predictor import Predictor
    from mnv3.tools.runs.find import Source
    from mnv3.tools.runs.report import Reported
    from mnv3.tools.training.module import TrainingModule
    from mnv3.tools.training.optim import Plan

Config = dict[str, Any]
"""The whole configuration, resolved, as plain values."""


class Use(NamedTuple):
    """How a network is used: `input_size` (height, width) instead of its own, if given; boxes with scores below
    `least_score` may be omitted; None: below the threshold that predictions have by default."""

    device: str = "cpu"
    input_size: tuple[int, int] | None = None
    least_score: float | None = 0.0


class Facts(Protocol):
    """Texts about a task, and the names of its files and keys."""

    name: str
    """As in task=NAME, and the folder of its runs."""
    title: str
    """Display name."""
    purpose: str
    """What it does, as a noun: "detection"."""
    kind: Literal["boxes", "labels"]
    """What its predictors return: `tools.predict.predictor.Boxes`, or label maps."""
    figures: tuple[str, ...]
    """Main figures, as metrics.json names them; the first one, as val/NAME, decides on the best checkpoint."""
    headline: tuple[str, ...]
    """Figures in the last line of a training."""
    tables: tuple[int, ...]
    """Numbers of the paper's tables whose rows are networks of this task."""
    table_rule: str
    """What those tables count as parameters and multiply-adds: a sentence for a note."""
    compare_rule: str
    """The same for `mnv3 compare`."""
    keys_without_effect: tuple[str, ...]
    """Keys without effect, because they belong to other tasks."""
    keys_not_scored: tuple[str, ...]
    """Keys of its data sets that do not affect what is scored."""
    caches: bool
    """Whether decoded copies of its images make it faster (`mnv3 data cache`)."""


@runtime_checkable
class Task(Facts, Protocol):
    """A task, as the commands use it."""

    def open_dataset(self, dataset: Any, data: Any, split: str, log: Callable[[str], None]) -> Any:
        """Return the `split` of the configured data set, which has a length. Raises UserError."""
        ...

    def readers(self) -> Mapping[str, Reader]:
        """Return how each of its data sets is opened, by name."""
        ...

    def check_dataset(
        self, dataset: Any, data: Any, split: str | None, out: Path, size: tuple[int, int] | None
    ) -> list[str]:
        """Check every file of `split`, or of train and val; write findings and a mosaic to `out`; return what makes the
        data set unusable. `size`: (h, w) of the network's input, None for what training would choose."""
        ...

    def doubt_labels(
        self,
        source: Source,
        dataset: Any,
        data: Any,
        split: str | None,
        out: Path,
        device: str,
        log: Callable[[str], None],
    ) -> None:
        """Log which labels of `split`, or of train and val, the network of a checkpoint contradicts most; write all to
        `out`, and draw some. Raises UserError."""
        ...

    def convert_dataset(
        self, dataset: Any, data: Any, split: str | None, out: Path, log: Callable[[str], None]
    ) -> tuple[str, str]:
        """Write `split`, or all splits that there are, into the new folder `out` in the task's plainest format. Return
        a sentence on what was written, and the name of the data set that reads it. Raises UserError."""
        ...

    def cache_dataset(self, dataset: Any, data: Any, split: str | None, remove: bool) -> list[str]:
        """Write decoded copies, or remove them; return what went wrong. Only if `caches`."""
        ...

    def row_cost(self, config: Mapping[str, Any], slots: int) -> RowCost:
        """Return the cost of the network of `config` by the rule of the paper's tables; of a detector with `slots`
        class slots, background included."""
        ...

    def latency(self, config: Mapping[str, Any]) -> dict[str, Callable[[], object]]:
        """Return what `mnv3 table latency=true` times, by the paper's keys: "latency", "half_latency"."""
        ...

    def open_checkpoint(self, source: Source, asked: Mapping[str, Any], use: Use) -> Predictor:
        """Return the network of a checkpoint. Raises UserError: damaged, not of this task, or not as `asked`, see
        `tools.runs.find.wanted`."""
        ...

    def open_weights(self, source: str, asked: Mapping[str, Any], use: Use) -> Predictor:
        """Return the network of user-supplied weights, as `open_checkpoint`."""
        ...

    def open_exported(self, exported: Exported, threads: int | None = None) -> Predictor:
        """Return the network of a file of `mnv3 export`, without PyTorch if the file is whole."""
        ...

    def training(self) -> Training: ...

    def scoring(self) -> Scoring: ...

    def exporting(self) -> Exporting: ...

    def bench(self) -> Bench: ...


@runtime_checkable
class Training(Facts, Protocol):
    """What `tools.training.run` and `tools.training.dry_run` use of a task.

    Each task defines its own dataset (sized), batch (`images` [N, 3, h, w]), results (from which pictures and files
    are made) and scores (`stats`, numbers by name).
    """

    def open_dataset(self, dataset: Any, data: Any, split: str, log: Callable[[str], None]) -> Any:
        """As `Task.open_dataset`."""
        ...

    def check_data(self, train_data: Any, val_data: Any, on_error: str) -> None:
        """Raise UserError if `mnv3 data check` would refuse the data, as far as seconds suffice; log remarks.
        `on_error`: as data.on_error, for files that training would skip."""
        ...

    def choose(self, config: Config, data: Any) -> dict[str, Any]:
        """Return values for the keys that are `auto` (`tools.training.automatic`), and log a line on each."""
        ...

    def build(self, config: Config, data: Any) -> nn.Module:
        """Return the network of a new run for the classes of `data`, with its first weights. Raises UserError."""
        ...

    def input_size(self, config: Config, data: Any) -> tuple[int, int]:
        """Return height and width of the image whose cost is logged."""
        ...

    def row_cost(self, config: Mapping[str, Any], slots: int) -> RowCost:
        """As `Task.row_cost`."""
        ...

    def loaders(
        self, config: Config, network: Any, train_data: Any, val_data: Any, rank: int, world: int
    ) -> tuple[Any, Any]:
        """Return loaders of training and validation batches for process `rank` of `world`. Raises UserError."""
        ...

    def module(self, config: Config, network: Any, plan: Plan, train_data: Any, val_data: Any) -> TrainingModule:
        """Return the network as Lightning trains it. Raises UserError."""
        ...

    def names(self, batch: Any, train_data: Any) -> Sequence[str]:
        """Return the names of a batch's images for messages."""
        ...

    def draw_batch(self, batch: Any, train_data: Any, path: Path) -> None:
        """Draw labelled training samples as the network gets them, in one picture."""
        ...

    def panels(self, val_data: Any, results: Any, scores: Any) -> dict[str, Any]:
        """Return what W&B displays of each validation."""
        ...

    def score_file(self, checkpoint: Path, loader: Any, val_data: Any, device: Any, config: Config) -> tuple[Any, Any]:
        """Return results and scores of a checkpoint, as `mnv3 eval` computes them. All processes take part."""
        ...

    def report(self, folder: Path, val_data: Any, results: Any, scores: Any, more: Mapping[str, Any]) -> str:
        """Write metrics.json (with `more` in it), pictures and predictions; return a table for the console."""
        ...

    def score_tables(self, scores: Any) -> dict[str, Any]:
        """Return what W&B displays of the final scores."""
        ...

    def rehearse_prediction(self, network: Any, batch: Any) -> str:
        """Predict for a batch, and describe the result in a few words."""
        ...


@runtime_checkable
class Scoring(Protocol):
    """What `tools.runs.evaluation` uses of a task. `loaded`: a network with its `config`, `classes` (name by number)
    and a `note` on the score it is known to reach; `outcome`: the predictions in the task's own form."""

    def title(self, config: Mapping[str, Any]) -> str:
        """Return the display name of the network without its backbone."""
        ...

    def load(self, path: Path) -> Any:
        """Load a checkpoint. Raises UserError."""
        ...

    def load_weights(self, source: str, config: Config, asked: Mapping[str, Any]) -> Any:
        """Load user-supplied weights. Raises UserError."""
        ...

    def open_data(self, config: Config) -> Any:
        """Open the data set, after checking that it can be scored as asked. Raises UserError."""
        ...

    def check_classes(self, path: Path | str, classes: Mapping[int, str], data: Any) -> None:
        """Raise UserError unless the classes of a network are those of `data`."""
        ...

    def open_data_of_weights(self, source: str, loaded: Any, config: Config, typed: Sequence[str]) -> Any:
        """As `open_data` and `check_classes`, for user-supplied weights, whose classes may have no names."""
        ...

    def network(self, loaded: Any, config: Config) -> Any:
        """Return the network, as `config` uses it."""
        ...

    def predict_all(
        self, network: Any, data: Any, config: Config, out: Path | None, *, one_batch: bool, show: bool
    ) -> Any:
        """Return the outcome on all of `data`, or with `one_batch` on its first batch; `show`: report progress.
        Predictions may be written into `out`."""
        ...

    def predict_exported(
        self, predictor: Any, data: Any, config: Config, out: Path | None, *, one_batch: bool, show: bool
    ) -> Any:
        """As `predict_all`, with a predictor from `Task.open_exported`."""
        ...

    def summary(self, outcome: Any) -> str:
        """Describe how much was found, in a few words."""
        ...

    def has_truth(self, data: Any) -> bool:
        """Return whether there is anything to score against."""
        ...

    def submit(self, config: Config, out: Path, data: Any, outcome: Any) -> None:
        """Write the files for an evaluation server, for data without truth."""
        ...

    def report(self, config: Config, out: Path, data: Any, outcome: Any, checkpoint: Path) -> Reported:
        """Score, log a table, write the report into `out`."""
        ...


@runtime_checkable
class Exporting(Protocol):
    """What `mnv3 export` uses of a task. `predictor` is one that the task opened; its results are `Facts.kind`."""

    def images_of(self, config: dict[str, Any], split: str, count: int, log: Callable[[str], None]) -> list[np.ndarray]:
        """Return `count` images of the configured data set, [H, W, 3] uint8. Raises UserError."""
        ...

    def prepare(self, predictor: Any, settings: Any, images: list[np.ndarray]) -> None:
        """Apply the export's `settings` to the network."""
        ...

    def build(self, predictor: Any, raw: bool, calibration: list[np.ndarray]) -> Any:
        """Return the ONNX model; in 8 bits if there are images for `calibration`."""
        ...

    def alone(self, predictor: Any) -> tuple[nn.Module, tuple[int, int], torch.Tensor | None]:
        """Return the network, its input size (h, w), and constants for an additional output of a raw model, if any."""
        ...

    def facts(self, predictor: Any) -> dict[str, Any]:
        """Return the task's fields of `tools.export.description.Description`."""
        ...

    def agree(self, predictor: Any, ours: Sequence[Any], theirs: Sequence[Any]) -> Agreement:
        """Compare the results `theirs` of a file with `ours` of `predictor`."""
        ...

    def sensitive(self, predictor: Any, images: Sequence[np.ndarray]) -> Any:
        """Return `predictor` made sensitive enough to compare on `images`; None if it already is."""
        ...

    def resemble(self, ours: Sequence[Any], theirs: Sequence[Any]) -> str:
        """Describe how similar the results of an 8-bit file are."""
        ...


@runtime_checkable
class Bench(Protocol):
    """What `mnv3 bench` uses of a task."""

    def cost(self, cfg: DictConfig) -> str:
        """Describe the cost of the network of `cfg` in a sentence."""
        ...

    def comparisons(self, cfg: DictConfig, device: torch.device) -> Iterator[Comparison]:
        """Yield the comparisons of `bench.what` one by one."""
        ...
