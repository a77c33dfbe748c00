"""Keys of `mnv3 predict`."""

from dataclasses import dataclass
from typing import Optional

from mnv3.conf.keys import key, section
from mnv3.conf.networks import Backbone, Task


@dataclass
class Prediction:
    threshold: float = key("detection: least score of what is drawn and written", 0.3, low=0)
    classes: Optional[list[str]] = key("names of the classes that are drawn, and of detection written; null: all", None)
    batch_size: Optional[int] = key("images at a time; null: 4 on a CPU, 16 on a GPU, 1 of a camera", None, low=1)
    frames: Optional[int] = key("most frames of each video or camera; null: all", None, low=1)
    draw: bool = key("write pictures and videos with boxes, or classes in their colours", True)
    json: bool = key("detection: write detections.json", True)
    labels: Optional[bool] = key(
        "segmentation: write a PNG of the data set's label ids for each picture; null: of images, not of videos", None
    )
    out: Optional[str] = key("folder of all that is written; null: runs/predict/<name of the source>", None)
    accelerator: str = key("where to compute", "auto", choices=("auto", "cpu", "gpu"))


@dataclass
class Predict:
    source: list[str] = key("what to look at: images, folders, patterns, videos, webcam; bare words are this key", [])
    predict: Prediction = section(Prediction)
    run: Optional[str] = key("run folder to take the network from; null: the newest run", None)
    ckpt: Optional[str] = key("checkpoint to take it from", None)
    weights: Optional[str] = key("somebody else's weights: a file, or torchvision", None)
    model: Optional[str] = key("file of mnv3 export to take it from", None)
    task: Task = section(Task)
    backbone: Backbone = section(Backbone)
