"""mnv3 bench: the cost of a network, and its speed compared with a well-known implementation."""

from pathlib import Path
from typing import TYPE_CHECKING

from omegaconf import DictConfig

from mnv3.cli.opening import choose_device
from mnv3.cli.tasks import open_task
from mnv3.tools.errors import UserError
from mnv3.tools.files.ledger import guarded, matching
from mnv3.tools.files.write import REMEDIES

if TYPE_CHECKING:
    import torch


def run(cfg: DictConfig) -> None:
    """Print parameters, multiply-adds and times, and save the times. Raises UserError if there is no such device."""
    import torch

    device, out = torch.device(choose_device(cfg.bench.accelerator, "bench.accelerator")), _folder(cfg)
    written = ("bench.json", f"bench.{cfg.bench.format}")
    with guarded(out if cfg.bench.out else None, lambda: matching(out, *written), "bench.out"):
        _time(cfg, device, out)


def _time(cfg: DictConfig, device: "torch.device", out: Path) -> None:
    import torch

    from mnv3.tools.bench.plot import plot_timings
    from mnv3.tools.bench.report import record, table, titled
    from mnv3.tools.bench.rounds import compare
    from mnv3.tools.files.write import write_json
    from mnv3.tools.machine.environment import environment
    from mnv3.tools.text.console import literal_console

    console = literal_console()
    machine = environment()
    place = torch.cuda.get_device_name() if device.type == "cuda" else machine["cpu"]
    heading = f"{place}, torch {machine['torch']}"
    console.print(heading)

    bench = open_task(cfg.task.name).bench()
    cost = bench.cost(cfg)
    console.print(cost, soft_wrap=True)
    found = []
    for comparison in bench.comparisons(cfg, device):
        with console.status(comparison.title):
            times = compare(comparison, cfg.bench.rounds)
        found.append(record(comparison, times))
        console.print(titled(found[-1]), style="italic", soft_wrap=True)
        console.print(table(found[-1]))
        for note in comparison.notes:
            console.print(note, soft_wrap=True)

    write_json(out / "bench.json", {"machine": machine, "cost": cost, "comparisons": found})
    plot = out / f"bench.{cfg.bench.format}"
    plot_timings(plot, found, heading)
    console.print(f"Figures: {out / 'bench.json'}, {plot}", soft_wrap=True)


def _folder(cfg: DictConfig) -> Path:
    """Create the output folder before timing, so that a bad path fails early."""
    folder = Path(cfg.bench.out or f"runs/bench/{cfg.task.name}-{cfg.bench.what}").expanduser()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        why = REMEDIES.get(error.errno or 0, error.strerror)
        raise UserError(f"bench.out={folder}: the folder cannot be created: {why}.") from None
    return folder
