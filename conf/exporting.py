"""Keys of `mnv3 export`."""

from dataclasses import dataclass
from typing import Optional

from mnv3.conf.datasets import Data, Dataset
from mnv3.conf.keys import key, section
from mnv3.conf.networks import Backbone, Task


@dataclass
class Export:
    format: str = key("of the file; litert (TFLite): the network alone", "onnx", choices=("onnx", "litert"))
    raw: bool = key(
        "the network alone: no resizing, NMS or label map inside; for accelerators that dislike them", False
    )
    int8: bool = key("quantise to 8 bits after training; mnv3 eval model=FILE says what that costs", False)
    images: int = key("images that the quantisation is calibrated with, of the training split", 64, low=1)
    score_threshold: Optional[float] = key(
        "detection: least score of what the file gives; null: the preset's, next to nothing, as AP wants it",
        None,
        low=0,
    )
    out: Optional[str] = key("the file; null: export/<name of the run>.onnx or .tflite in the run folder", None)
    run: Optional[str] = key("run folder to take the network from; null: the newest run", None)
    ckpt: Optional[str] = key("checkpoint to take it from", None)
    weights: Optional[str] = key("somebody else's weights: a file, or torchvision", None)
    task: Task = section(Task)
    backbone: Backbone = section(Backbone)
    dataset: Dataset = section(Dataset)
    data: Data = section(Data)
