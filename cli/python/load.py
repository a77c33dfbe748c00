"""Open any trained network by one word."""

from pathlib import Path
from typing import Any

from omegaconf import OmegaConf

from mnv3.cli.call.arguments import literal
from mnv3.cli.opening import open_predictor
from mnv3.cli.python.model import Model
from mnv3.cli.scored import RUNS, SOURCES
from mnv3.cli.tasks import TASKS
from mnv3.tools.errors import UserError
from mnv3.tools.export.engines.table import LITERT, ONNX
from mnv3.tools.text.words import closest, either

ACCELERATORS = ("auto", "cpu", "gpu")


def load(
    source: str | Path, *, task: str | None = None, accelerator: str = "auto", input_size: tuple[int, int] | None = None
) -> Model[Any]:
    """Open a trained network.

    Args:
        source: a run folder or the name of a run below runs/; a checkpoint of `mnv3 train`; an exported file; another
            project's weights; or "torchvision".
        task: "ssdlite" or "lraspp", where `source` may be either: "torchvision", or a name that runs of both have.
        accelerator: "auto", "cpu" or "gpu". Exported files run on the CPU.
        input_size: height and width of the network's input instead of its own.

    Raises:
        UserError: a ValueError; nothing there, damaged, or not a network that mnv3 knows.

    >>> import mnv3
    >>> mnv3.load("runs/ssdlite/streets")
    <runs/ssdlite/streets/checkpoints/best.ckpt: SSDLite, 8 classes>
    >>> mnv3.load("small.onnx").names[3]
    'car'
    """
    key = kind(source)
    problems = []
    if task not in (None, *TASKS):
        problems.append(f"task={task}: must be {either([*TASKS])}.")
    if accelerator not in ACCELERATORS:
        problems.append(f"accelerator={accelerator}: must be {either([*ACCELERATORS])}.")
    if key == "model" and input_size is not None:
        problems.append(f"input_size={input_size}: {source} is an exported file, whose input size is fixed.")
    if problems:
        raise UserError(*problems)
    size = None if input_size is None else list(input_size)
    typed = [name for name, value in (("task", task), ("task.input_size", size)) if value is not None]
    chosen = {name: literal(str(source)) if name == key else None for name in SOURCES}
    cfg = OmegaConf.create({**chosen, "task": {"name": task or next(iter(TASKS)), "input_size": size}})
    return Model(open_predictor(cfg, typed, accelerator=accelerator))


def kind(source: str | Path) -> str:
    """Return the key of `mnv3 predict` that `source` is for: run, ckpt, model or weights.
    Raises UserError: neither a file or folder, nor the name of a run or of weights."""
    path = Path(source).expanduser()
    if path.is_dir():
        return "run" if (path / "config.yaml").is_file() or (path / "checkpoints").is_dir() else "weights"
    if path.is_file():
        if path.suffix == ONNX.suffix or (path.suffix == LITERT.suffix and b"mnv3" in path.read_bytes()):
            return "model"
        # A checkpoint outside of a run is recognised by its content, as other weights are.
        return "ckpt" if (path.resolve().parent.parent / "config.yaml").is_file() else "weights"
    if any((RUNS / task / path).is_dir() for task in TASKS):
        return "run"
    from mnv3.tools.weights.opener import NAMED  # imports PyTorch, which exported files do not need

    if str(source) in NAMED or path.with_name(f"{path.name}.index").is_file():
        return "weights"
    runs = [folder.name for task in TASKS for folder in (RUNS / task).glob("*") if folder.is_dir()]
    near = closest(str(source), [*runs, *NAMED])
    hint = f"did you mean {near}?" if near else f"give one of these, or {either([*NAMED])}."
    raise UserError(f"{source}: there is no such file or folder, and no run in {RUNS} of that name; {hint}")
