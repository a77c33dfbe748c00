"""Keys of `mnv3 bench`."""

from dataclasses import dataclass
from typing import Optional

from mnv3.conf.keys import key, section
from mnv3.conf.networks import Backbone, Task


@dataclass
class Benchmark:
    what: str = key(
        "what is timed: the network, training step and single image; training from image files: loader, step, both; "
        "one image by every engine that is installed",
        "network",
        choices=("network", "training", "engines"),
    )
    accelerator: str = key("where to compute", "auto", choices=("auto", "cpu", "gpu"))
    threads: list[int] = key("of engines: CPU threads, a table each", [1, 2], low=1)
    batch_size: Optional[int] = key(
        "images of a training step; null: 32 of detection, 4 crops of segmentation", None, low=2
    )
    rounds: int = key("of the training steps, each timed once a round; single images get five times as many", 5, low=1)
    images: Optional[str] = key("folder of JPEG files to load or to predict; null: noise with photos' spectrum", None)
    out: Optional[str] = key("folder of the figures and their plot; null: runs/bench/<task>-<what>", None)
    format: str = key("of the plot", "png", choices=("png", "svg", "pdf"))


@dataclass
class Bench:
    task: Task = section(Task)
    backbone: Backbone = section(Backbone)
    bench: Benchmark = section(Benchmark)
    seed: int = key("of weights and images", 0, low=0)
