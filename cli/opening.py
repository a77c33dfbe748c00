"""Open the network to predict with or export: from a run, a checkpoint, user-supplied weights or an exported file."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from omegaconf import DictConfig

from mnv3.cli.scored import only_source
from mnv3.cli.tasks import TASKS, open_task
from mnv3.tools.errors import UserError
from mnv3.tools.predict.operating_point import OperatingPoint, default_threshold
from mnv3.tools.predict.predictor import Predictor
from mnv3.tools.predict.tiles.predictor import TiledPredictor
from mnv3.tools.runs.find import Source, find, wanted
from mnv3.tools.runs.saved_config import read_config
from mnv3.tools.task import Use

BATCH = {"cpu": 4, "cuda": 16}
"""Default batch size: larger batches are no faster."""


class Opened(NamedTuple):
    """A network, its origin, whether it was chosen as the newest run, and the default batch size."""

    predictor: Predictor
    origin: str
    newest: bool
    batch_size: int

    @property
    def config(self) -> dict[str, Any]:
        """Configuration of the run; for other weights only the sections known from the file."""
        return dict(getattr(self.predictor, "config", {}))

    @property
    def operating_point(self) -> OperatingPoint | None:
        """The best thresholds of a detector on the validation set of its run, if stored with it."""
        return getattr(self.predictor, "operating_point", None)

    def threshold(self, asked: float | None) -> float:
        """Return the least score of boxes to keep: as `asked`, else the detector's own."""
        return default_threshold(self.operating_point) if asked is None else asked

    def __str__(self) -> str:
        what = f"{self.origin}: {open_task(self.predictor.task).title}, {len(self.predictor.classes)} classes"
        hint = ". It is the newest run; choose another with run=, ckpt=, weights= or model=."
        return what + hint if self.newest else what


def open_predictor(
    cfg: DictConfig, typed: Sequence[str], *, accelerator: str = "cpu", least_score: float | None = 0.0
) -> Opened:
    """Open what the keys run, ckpt, weights and model of `cfg` name, or the newest run.

    `typed`: keys of the call; task, backbone and their keys restrict which run is used. `accelerator`: auto, cpu or
    gpu. `least_score`: boxes with lower scores may be omitted; None: than the detector's own threshold.

    Raises UserError: several of the keys are given; the file or run does not exist, is damaged or foreign, or does not
    match the task or network of the call.
    """
    given = only_source(cfg)
    if cfg.model is not None:
        return Opened(_exported(cfg, typed), cfg.model, False, BATCH["cpu"])
    asked = wanted(cfg, typed)
    use = Use(choose_device(accelerator, "predict.accelerator"), _input_size(cfg, typed), least_score)
    if cfg.weights is not None:
        predictor, origin = _of_weights(cfg, typed, asked, use), cfg.weights
    else:
        task, source = _source(cfg, typed, asked)
        predictor, origin = open_task(task).open_checkpoint(source, asked, use), str(source.checkpoint)
    return Opened(predictor, origin, given is None, BATCH[use.device])


def with_tiles(opened: Opened, tiles: int | str, batch: int | None = None) -> Opened:
    """Return a detector that also looks at the tiles of large pictures, see `tools.predict.tiles`."""
    predictor: Any = opened.predictor
    return opened._replace(predictor=TiledPredictor(predictor, tiles, batch or opened.batch_size))


def open_exported(path: Path | str) -> Predictor:
    """Return the predictor of an exported file. Raises UserError for unusable files and missing libraries."""
    from mnv3.tools.export.file import read_exported

    exported = read_exported(path)
    task = exported.description.task
    if task not in TASKS:
        raise UserError(f"{path}: the file is for task={task!r}, but mnv3 only has {' and '.join(TASKS)}.")
    return open_task(task).open_exported(exported)


def _exported(cfg: DictConfig, typed: Sequence[str]) -> Predictor:
    predictor = open_exported(cfg.model)
    if "task" in typed and predictor.task != cfg.task.name:
        raise UserError(f"model={cfg.model}: the file is for task={predictor.task}, not task={cfg.task.name}.")
    return predictor


def _of_weights(cfg: DictConfig, typed: Sequence[str], asked: Mapping[str, Any], use: Use) -> Predictor:
    """Open weights for the call's task, else for the first task whose network they fit."""
    problems: list[str] = []
    for task in _tasks(cfg, typed):
        try:
            return open_task(task).open_weights(cfg.weights, asked, use)
        except UserError as error:
            problems += error.problems
    elsewhere = "add task="  # in each task's message about weights of another task
    raise UserError(([problem for problem in problems if elsewhere not in problem] or problems)[0])


def _source(cfg: DictConfig, typed: Sequence[str], asked: Mapping[str, Any]) -> tuple[str, Source]:
    """Find a checkpoint and its task."""
    runs, tasks = Path("runs"), _tasks(cfg, typed)
    if cfg.ckpt is not None:
        source = find(runs, cfg.task.name, None, cfg.ckpt, {})
        return (cfg.task.name if "task" in typed else _task_of(source, cfg.task.name)), source
    found, problems = [], []
    for task in tasks:
        try:
            found.append((task, find(runs, task, cfg.run, None, asked)))
        except UserError as error:
            problems += error.problems
    if not found and cfg.run is None and len(tasks) > 1 and not asked:
        raise UserError(
            f"There is no trained run in {runs}. Train one with `mnv3 train`, or choose a network with run=FOLDER, "
            "ckpt=FILE, weights=torchvision or model=FILE.onnx."
        )
    if not found:
        raise UserError(*dict.fromkeys(problems))
    task, source = max(found, key=lambda item: item[1].checkpoint.stat().st_mtime)
    return (task if "task" in typed else _task_of(source, task)), source


def _tasks(cfg: DictConfig, typed: Sequence[str]) -> Sequence[str]:
    return (cfg.task.name,) if "task" in typed else tuple(TASKS)


def _task_of(source: Source, otherwise: str) -> str:
    """Read the task from the checkpoint's run folder, or the checkpoint; mistakes are reported when it is opened."""
    if source.folder is not None and (source.folder / "config.yaml").is_file():
        task = read_config(source.folder / "config.yaml").get("task", {})
    else:
        from mnv3.tools.weights.checkpoint import hyper_parameters, read_checkpoint

        config = hyper_parameters(read_checkpoint(source.checkpoint)).get("config")
        task = config.get("task") if isinstance(config, dict) else None
    name = task.get("name") if isinstance(task, dict) else None
    return name if name in TASKS else otherwise


def choose_device(accelerator: str, key: str) -> str:
    """Return cuda or cpu for auto, cpu or gpu. Raises UserError naming `key` if there is no GPU."""
    import torch

    available = torch.cuda.is_available()
    if accelerator == "gpu" and not available:
        raise UserError(f"{key}=gpu: PyTorch finds no CUDA device; use cpu or auto.")
    return "cuda" if available and accelerator != "cpu" else "cpu"


def _input_size(cfg: DictConfig, typed: Sequence[str]) -> tuple[int, int] | None:
    """Return height and width if the call gives them."""
    size = cfg.task.input_size
    if "task.input_size" not in typed or size is None:
        return None
    if len(size) != 2:
        raise UserError(f"task.input_size={list(size)}: must be two numbers, height and width.")
    return size[0], size[1]
