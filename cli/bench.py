"""mnv3 bench: what a network costs, and its speed against a well-known implementation, timed in turn."""

import importlib
from typing import TYPE_CHECKING

from omegaconf import DictConfig

from tools.errors import UserError

if TYPE_CHECKING:
    import torch
    from rich.table import Table

    from tools.timing import Comparison, Timing


def run(cfg: DictConfig) -> None:
    """Print parameters, multiply-adds and times. Raises UserError for a device that is not there."""
    import torch
    from rich.console import Console

    from tools.environment import environment
    from tools.timing import compare

    device = _device(cfg.bench.accelerator)
    console = Console()
    machine = environment()
    place = torch.cuda.get_device_name() if device.type == "cuda" else machine["cpu"]
    console.print(f"{place}, torch {machine['torch']}", highlight=False)

    speed = importlib.import_module(f"{cfg.task.name}.speed")
    console.print(speed.cost(cfg), highlight=False, soft_wrap=True)
    for comparison in speed.comparisons(cfg, device):
        with console.status(comparison.title):
            times = compare(comparison, cfg.bench.rounds)
        console.print(_table(comparison, times))


def _device(accelerator: str) -> "torch.device":
    import torch

    there = torch.cuda.is_available()
    if accelerator == "gpu" and not there:
        raise UserError("bench.accelerator=gpu: PyTorch sees no CUDA device here; use cpu or auto.")
    return torch.device("cuda" if there and accelerator != "cpu" else "cpu")


def _table(comparison: "Comparison", times: "dict[str, Timing]") -> "Table":
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    table = Table(title=comparison.title, title_justify="left", box=SIMPLE_HEAD)
    table.add_column("contestant")
    for heading in ("median", "fastest", f"{comparison.ours} is faster"):
        table.add_column(heading, justify="right")
    for name, timing in times.items():
        ratio = times[comparison.ours].times_faster_than(timing)
        table.add_row(
            name,
            f"{timing.median * 1e3:.1f} ms",
            f"{min(timing.seconds) * 1e3:.1f} ms",
            "" if name == comparison.ours else f"{ratio:.2f} times",
        )
    return table
