"""Keys of `mnv3 bench`."""

from dataclasses import dataclass
from typing import Optional

from mnv3.conf.keys import key, section
from mnv3.conf.networks import Backbone, Task


@dataclass
class Benchmark:
    what: str = key(
        "what to time; network: training step and single image; training: loader, step and both from image files; "
        "engines: one image with each installed engine",
        "network",
        choices=("network", "training", "engines"),
    )
    accelerator: str = key("device type", "auto", choices=("auto", "cpu", "gpu"))
    threads: list[int] = key("numbers of CPU threads for bench.what=engines, one table each", [1, 2], low=1)
    batch_size: Optional[int] = key(
        "images per training step; null: 32 for detection, 4 crops for segmentation", None, low=2
    )
    rounds: int = key("rounds; each times every training step once; single images get five times as many", 5, low=1)
    images: Optional[str] = key(
        "folder of JPEG files to load or predict on; null: noise with the spectrum of photos", None
    )
    out: Optional[str] = key("output folder; null: runs/bench/<task>-<what>", None)
    format: str = key("plot format", "png", choices=("png", "svg", "pdf"))


@dataclass
class Bench:
    task: Task = section(Task)
    backbone: Backbone = section(Backbone)
    bench: Benchmark = section(Benchmark)
    seed: int = key("random seed of weights and images", 0, low=0)
