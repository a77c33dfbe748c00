"""Keys of `mnv3 export`."""

from dataclasses import dataclass
from typing import Optional

from mnv3.conf.datasets import Data, Dataset
from mnv3.conf.keys import key, section
from mnv3.conf.networks import Backbone, Task


@dataclass
class Export:
    format: str = key("file format; litert (TFLite) contains only the network", "onnx", choices=("onnx", "litert"))
    raw: bool = key(
        "export only the network, without resizing, NMS or label map, for accelerators that do not support them", False
    )
    int8: bool = key("quantise to 8 bits; mnv3 eval model=FILE measures the loss", False)
    images: int = key("training images for calibrating the quantisation", 64, low=1)
    score_threshold: Optional[float] = key(
        "detection: minimum score of the file's boxes; null: the preset's, close to 0, as needed for AP",
        None,
        low=0,
    )
    card: bool = key("also write a model card for the Hugging Face hub: README.md beside the file", False)
    out: Optional[str] = key("output file; null: export/<run>.onnx or .tflite in the run folder", None)
    run: Optional[str] = key("run folder of the network; null: the newest run", None)
    ckpt: Optional[str] = key("checkpoint of the network", None)
    weights: Optional[str] = key("user-supplied weights: a file, or torchvision", None)
    task: Task = section(Task)
    backbone: Backbone = section(Backbone)
    dataset: Dataset = section(Dataset)
    data: Data = section(Data)
