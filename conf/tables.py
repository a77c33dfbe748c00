"""Keys of `mnv3 table`."""

from dataclasses import dataclass
from typing import Optional

from mnv3.conf.keys import key, section
from mnv3.conf.training import Wandb


@dataclass
class Table:
    which: str = key(
        "table of the paper, or the options that it tries one by one", choices=("6", "7", "8", "ablations")
    )
    format: str = key(
        "how it is shown; wandb: as a W&B table; png: quality against MAdds and latency",
        choices=("terminal", "markdown", "csv", "latex", "wandb", "png"),
    )
    out: Optional[str] = key("file to write; null: print, of png runs/table/<table>.png", None)
    runs: str = key("folder of the runs whose scores are looked for")
    latency: bool = key("time every network on this machine's CPU, one image at a time", False)
    threads: int = key("CPU threads of that; the paper's phones ran on one core", low=1)
    rounds: int = key("how often each is timed; the median counts", low=1)
    wandb: Wandb = section(Wandb)
