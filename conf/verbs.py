"""Keys of each verb."""

from dataclasses import dataclass
from typing import Optional, Union

from mnv3.conf.datasets import Data, Dataset
from mnv3.conf.keys import key, section
from mnv3.conf.networks import Backbone, Task
from mnv3.conf.training import Recipe, Trainer, Wandb


@dataclass
class Validation:
    max_detections: int = key("detection: maximum boxes of an image and class that count", 100, low=100)


@dataclass
class Evaluation(Validation):
    max_detections: Optional[int] = key(
        "detection: maximum boxes of an image and class that count; null: as in training", None, low=100
    )
    split: str = key("val, train, test, voc trainval; coco test-dev, cityscapes test write files for the server", "val")
    batch_size: Optional[int] = key("images per batch; null: as in training, for exactly the same score", None, low=1)
    accelerator: str = key("device type", "auto", choices=("auto", "cpu", "gpu", "cuda", "mps"))
    devices: Union[int, str] = key("device count; auto: all GPUs, or one CPU process", "auto", choices=("auto",), low=1)
    precision: str = key("arithmetic of inference", "32-true", choices=("32-true", "bf16-mixed", "16-mixed"))
    score_threshold: Optional[float] = key(
        "minimum score in drawings and confusion matrix; AP uses all; null: that of the best F1 on the run's val, else "
        "0.3",
        None,
        low=0,
    )
    official: bool = key(
        "segmentation in Cityscapes' layout: also score with cityscapesscripts, with iIoU; a difference is an error",
        False,
    )
    flip: bool = key("segmentation: also predict mirrored frames and average the probabilities", False)
    scales: list[float] = key("segmentation: input scales; probabilities are averaged over them", [1.0], low=0.1)
    tiles: Optional[Union[int, str]] = key(
        "detection: also look at overlapping tiles of large pictures, as predict.tiles; null: off",
        None,
        choices=("auto",),
        low=2,
    )
    samples: int = key("number of sample images to draw", 8, low=0)
    out: Optional[str] = key("output folder; null: eval/<dataset>-<split> in the run folder", None)


@dataclass
class Train:
    task: Task = section(Task)
    backbone: Backbone = section(Backbone)
    dataset: Dataset = section(Dataset)
    data: Data = section(Data)
    recipe: Recipe = section(Recipe)
    eval: Validation = section(Validation)
    trainer: Trainer = section(Trainer)
    wandb: Wandb = section(Wandb)
    logger: str = key("trackers of the run besides its folder", "wandb", choices=("wandb", "tensorboard", "both"))
    row: Optional[str] = key("row of the paper's tables that the network belongs to; set by experiment=", None)
    seed: int = key("random seed of weights, order and augmentation", 0, low=0)
    name: Optional[str] = key("name of the run folder; null: from the options and the time", None)
    resume: Optional[str] = key("run folder of the run to resume", None)
    init: Optional[str] = key("initial weights of a new run: a file or folder, or torchvision", None)
    dry: bool = key("build everything, run one batch, write nothing", False)


@dataclass
class Eval:
    task: Task = section(Task)
    backbone: Backbone = section(Backbone)
    dataset: Dataset = section(Dataset)
    data: Data = section(Data)
    recipe: Recipe = section(Recipe)
    wandb: Wandb = section(Wandb)
    eval: Evaluation = section(Evaluation)
    row: Optional[str] = key("row of the paper's tables that the network belongs to; set by experiment=", None)
    run: Optional[str] = key("run folder to score; null: the newest matching run", None)
    ckpt: Optional[str] = key("checkpoint to score", None)
    weights: Optional[str] = key("user-supplied weights to score: a file or folder, or torchvision", None)
    model: Optional[str] = key("exported file (mnv3 export) to score", None)
    dry: bool = key("check all inputs, score one batch, write nothing", False)


@dataclass
class DataVerb:
    action: str = key("action", "list", choices=("list", "check", "convert", "get", "cache"))
    target: Optional[str] = key("data set to download", None)
    split: Optional[str] = key("split to check, convert or decode; null: train and val, to convert also test", None)
    remove: bool = key("for cache: remove the decoded copies", False)
    out: Optional[str] = key(
        "output folder of check; null: runs/data/<data set>; of convert: a new or empty folder", None
    )
    run: Optional[str] = key("for check: run folder whose network looks for wrong labels; null: none does", None)
    parts: list[str] = key("parts of COCO to download: train, val, test; VOC's train and val come in one file")
    address: Optional[str] = key("URL of a mirror of COCO's or VOC's server; null: the server itself", None)
    dry: bool = key("print what would be downloaded, and stop", False)
    task: Task = section(Task)
    dataset: Dataset = section(Dataset)
    data: Data = section(Data)
    seed: int = key("random seed of samples", 0, low=0)
