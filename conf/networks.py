"""Keys of the network: the task with its head, the backbone."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Optional, Union

from mnv3.conf.keys import key, size_key


def _backbones() -> dict[str, str]:
    """Map the files in conf/backbone/ to titles, the beginning of their first lines."""
    files = sorted((Path(__file__).parent / "backbone").glob("*.yaml"))
    lines = {file.stem: file.read_text().partition("\n")[0] for file in files}
    return {name: line.removeprefix("# ").partition(" (")[0] for name, line in lines.items()}


BACKBONES = _backbones()


@dataclass
class Task:
    name: str = key("name of the task", choices=("ssdlite", "lraspp"))


@dataclass
class Ssdlite(Task):
    input_size: Any = size_key(
        "height and width of the network's input, pixels; auto: by the training images", null=False
    )
    preset: str = key(
        "rules of the authors, of torchvision's ssdlite320, or of the authors' V2 detector of 2018 (300 x 300)",
        choices=("paper", "torchvision", "zoo2018"),
    )


@dataclass
class Lraspp(Task):
    input_size: Any = size_key(
        "height and width of the network's input, pixels; null: those of the frames; auto: by the training images",
        None,
        null=True,
    )
    preset: str = key("rules of the authors, or of torchvision's lraspp", choices=("paper", "torchvision"))
    head: str = key("Lite R-ASPP, or the R-ASPP of MobileNetV2", choices=("lraspp", "raspp"))
    filters: int = key("channels of the head; the paper uses 128 and 256", low=1)
    gate: Optional[str] = key(
        "activation of the pooled branch; none: no such branch; null: the preset's",
        None,
        choices=("sigmoid", "hard_sigmoid", "none"),
    )
    skip: bool = key("add the skip from stride 8", True)
    pool: Optional[str] = key(
        "pool over windows, or over the whole map; null: the preset's", None, choices=("window", "global")
    )


@dataclass
class Backbone:
    name: str = key(f"family: {', '.join(BACKBONES.values())}", choices=tuple(BACKBONES))
    rf2: bool = key("halve the channels of the last stage (the paper's dagger)", False)
    width: float = key("width multiplier", 1.0, low=0.05)
    output_stride: int = key("stride of the last stage; below 32, stages are dilated instead", 32, choices=(8, 16, 32))
    se: bool = key("squeeze-and-excitation where the family has it", True)
    hswish: Union[bool, int] = key(
        "h-swish where the family has it; false: ReLU instead; a number: from the first block with so many channels on",
        True,
        low=8,
    )
    max_kernel: int = key("largest kernel; 3 makes the family's 5x5 ones 3x3", 5, choices=(3, 5))
    stem: Optional[int] = key("filters of the first layer at width 1; null: the family's", None, low=1)
    padding: Optional[str] = key("padding of convolutions; null: the preset's", None, choices=("symmetric", "same"))
    weights: Optional[str] = key(
        "initial weights: imagenet (torchvision's), a file, or auto: the best start on this machine; null: random", None
    )
    weights_inputs: str = key(
        "input normalisation of a weights file: ImageNet's mean and deviation (torchvision), or -1..1 (Google)",
        "imagenet",
        choices=("imagenet", "symmetric"),
    )
