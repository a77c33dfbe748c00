"""Keys of `mnv3 table`."""

from dataclasses import dataclass
from typing import Optional

from mnv3.conf.keys import key, section
from mnv3.conf.training import Wandb


@dataclass
class Table:
    which: str = key(
        "table of the paper, its Figure 7, or its ablations",
        choices=("3", "4", "5", "6", "7", "8", "figure7", "ablations"),
    )
    format: str = key(
        "output format; wandb: a W&B table; png: a plot of quality against MAdds and latency",
        choices=("terminal", "markdown", "csv", "latex", "wandb", "png"),
    )
    out: Optional[str] = key("output file; null: print, or runs/table/<table>.png for png", None)
    runs: str = key("folder of runs to search for scores")
    latency: bool = key("time every network on this machine's CPU, at batch size 1", False)
    threads: int = key("CPU threads for latency; the paper's phones used one core", low=1)
    rounds: int = key("timings per network for latency; the median is reported", low=1)
    wandb: Wandb = section(Wandb)
