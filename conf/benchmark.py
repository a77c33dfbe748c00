"""Keys of `mnv3 bench`."""

from dataclasses import dataclass
from typing import Optional

from mnv3.conf.keys import key, section
from mnv3.conf.networks import Backbone, Task


@dataclass
class Benchmark:
    what: str = key(
        "network: training step, single image; training: loader, step, both; engines: one image with each engine",
        "network",
        choices=("network", "training", "engines"),
    )
    accelerator: str = key("device type", "auto", choices=("auto", "cpu", "gpu"))
    threads: list[int] = key("numbers of CPU threads for bench.what=engines, one table each", [1, 2], low=1)
    batch_size: Optional[int] = key("images per step; null: 32 (detection), 4 crops (segmentation)", None, low=2)
    rounds: int = key("rounds; each times every training step once; single images get five times as many", 5, low=1)
    images: Optional[str] = key("folder of JPEG files; null: noise with the spectrum of photos", None)
    out: Optional[str] = key("output folder; null: runs/bench/<task>-<what>", None)
    format: str = key("plot format", "png", choices=("png", "svg", "pdf"))


@dataclass
class Bench:
    task: Task = section(Task)
    backbone: Backbone = section(Backbone)
    bench: Benchmark = section(Benchmark)
    seed: int = key("random seed of weights and images", 0, low=0)
