"""The trained network that `mnv3 predict` is to use: of a run, a checkpoint, somebody's weights or an exported file."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from omegaconf import DictConfig

from mnv3.cli.tasks import TASKS, open_task
from mnv3.tools.errors import UserError
from mnv3.tools.machine.allocator import keep_freed_memory
from mnv3.tools.predict.predictor import Predictor
from mnv3.tools.runs.find import Source, find, wanted
from mnv3.tools.runs.saved_config import read_config
from mnv3.tools.task import Use

KEYS = ("run", "ckpt", "weights", "model")
BATCH = {"cpu": 4, "cuda": 16}
"""Images at a time: more are no faster."""


class Opened(NamedTuple):
    """A network, where it is from, whether that was not said but is the newest run, and images at a time."""

    predictor: Predictor
    origin: str
    newest: bool
    batch_size: int

    @property
    def config(self) -> dict[str, Any]:
        """Of the run; of other weights the sections that the file tells."""
        return dict(getattr(self.predictor, "config", {}))

    def __str__(self) -> str:
        what = f"{self.origin}: {open_task(self.predictor.task).title}, {len(self.predictor.classes)} classes"
        return f"{what}. It is the newest run; run=, ckpt=, weights= or model= name another." if self.newest else what


def open_predictor(
    cfg: DictConfig, typed: Sequence[str], *, accelerator: str = "cpu", least_score: float = 0.0
) -> Opened:
    """What the keys run, ckpt, weights and model of `cfg` name, or the newest run.

    `typed`: keys of the call; task, backbone and what is in them say which run is meant. `accelerator`: auto, cpu or
    gpu. `least_score`: boxes with less need not be found.

    Raises:
        UserError: more than one of them is given; there is no such file or run; it is damaged or foreign; it is not of
            the task, or not the network, that the call asks for.
    """
    given = [f"{key}=" for key in KEYS if cfg[key] is not None]
    if len(given) > 1:
        raise UserError(f"{' and '.join(given)} each say which network to use; give one of them.")
    keep_freed_memory()  # decoding a photo, and PyTorch's labels of a frame of Cityscapes, take half of the time
    if cfg.model is not None:
        return Opened(_exported(cfg, typed), cfg.model, False, BATCH["cpu"])
    asked = wanted(cfg, typed)
    use = Use(_device(accelerator), _input_size(cfg, typed), least_score)
    if cfg.weights is not None:
        predictor, origin = _of_weights(cfg, typed, asked, use), cfg.weights
    else:
        task, source = _source(cfg, typed, asked)
        predictor, origin = open_task(task).open_checkpoint(source, asked, use), str(source.checkpoint)
    return Opened(predictor, origin, not given, BATCH[use.device])


def _exported(cfg: DictConfig, typed: Sequence[str]) -> Predictor:
    from mnv3.cli.exported import open_exported

    predictor = open_exported(cfg.model)
    if "task" in typed and predictor.task != cfg.task.name:
        raise UserError(f"model={cfg.model}: is of task={predictor.task}, not of task={cfg.task.name}.")
    return predictor


def _of_weights(cfg: DictConfig, typed: Sequence[str], asked: Mapping[str, Any], use: Use) -> Predictor:
    """Without a task in the call: of the first one whose network the weights fill."""
    problems: list[str] = []
    for task in _tasks(cfg, typed):
        try:
            return open_task(task).open_weights(cfg.weights, asked, use)
        except UserError as error:
            problems += error.problems
    elsewhere = "add task="  # what the one task says of weights of the other
    raise UserError(([problem for problem in problems if elsewhere not in problem] or problems)[0])


def _source(cfg: DictConfig, typed: Sequence[str], asked: Mapping[str, Any]) -> tuple[str, Source]:
    """A checkpoint and its task."""
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
            f"There is no trained run in {runs}. Train one with `mnv3 train`, or say which network to use: run=FOLDER, "
            "ckpt=FILE, weights=torchvision or model=FILE.onnx."
        )
    if not found:
        raise UserError(*dict.fromkeys(problems))
    task, source = max(found, key=lambda item: item[1].checkpoint.stat().st_mtime)
    return (task if "task" in typed else _task_of(source, task)), source


def _tasks(cfg: DictConfig, typed: Sequence[str]) -> Sequence[str]:
    return (cfg.task.name,) if "task" in typed else tuple(TASKS)


def _task_of(source: Source, otherwise: str) -> str:
    """The task that a checkpoint, or the configuration beside it, says it is of; what is wrong is said on opening."""
    if source.folder is not None and (source.folder / "config.yaml").is_file():
        task = read_config(source.folder / "config.yaml").get("task", {})
    else:
        from mnv3.tools.weights.checkpoint import hyper_parameters, read_checkpoint

        config = hyper_parameters(read_checkpoint(source.checkpoint)).get("config")
        task = config.get("task") if isinstance(config, dict) else None
    name = task.get("name") if isinstance(task, dict) else None
    return name if name in TASKS else otherwise


def _device(accelerator: str) -> str:
    import torch

    there = torch.cuda.is_available()
    if accelerator == "gpu" and not there:
        raise UserError("predict.accelerator=gpu: PyTorch sees no CUDA device here; use cpu or auto.")
    return "cuda" if there and accelerator != "cpu" else "cpu"


def _input_size(cfg: DictConfig, typed: Sequence[str]) -> tuple[int, int] | None:
    """Height and width if the call gives them."""
    size = cfg.task.input_size
    if "task.input_size" not in typed or size is None:
        return None
    if len(size) != 2:
        raise UserError(f"task.input_size={list(size)}: must be two numbers, height and width.")
    return size[0], size[1]
