"""Keys of `mnv3 predict`."""

from dataclasses import dataclass
from typing import Optional, Union

from mnv3.conf.keys import key, section
from mnv3.conf.networks import Backbone, Task


@dataclass
class Prediction:
    threshold: Optional[float] = key(
        "detection: minimum score of drawn and written boxes; null: that of the best F1 on the run's val, else 0.3",
        None,
        low=0,
    )
    classes: Optional[list[str]] = key("names of the classes to draw, and for detection to write; null: all", None)
    batch_size: Optional[int] = key("images per batch; null: 4 on a CPU, 16 on a GPU, 1 for a camera", None, low=1)
    tiles: Optional[Union[int, str]] = key(
        "detection: also look at overlapping tiles of large pictures; auto: tiles of about the network's input; or the "
        "number along the longer side; null: off",
        None,
        choices=("auto",),
        low=2,
    )
    frames: Optional[int] = key("maximum frames of each video or camera; null: all", None, low=1)
    draw: bool = key("write pictures and videos with boxes or coloured classes", True)
    json: bool = key("detection: write detections.json", True)
    labels: Optional[bool] = key(
        "segmentation: write label ids as a PNG for each picture; null: for images, not for videos", None
    )
    out: Optional[str] = key("output folder; null: runs/predict/<name of the source>", None)
    accelerator: str = key("device type", "auto", choices=("auto", "cpu", "gpu"))


@dataclass
class Predict:
    source: list[str] = key("images, folders, patterns, videos or webcam; may be given as bare words", [])
    predict: Prediction = section(Prediction)
    run: Optional[str] = key("run folder of the network; null: the newest run", None)
    ckpt: Optional[str] = key("checkpoint of the network", None)
    weights: Optional[str] = key("user-supplied weights: a file, or torchvision", None)
    model: Optional[str] = key("exported file (mnv3 export)", None)
    task: Task = section(Task)
    backbone: Backbone = section(Backbone)
