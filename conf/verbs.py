"""Keys of each verb."""

from dataclasses import dataclass
from typing import Optional, Union

from mnv3.conf.datasets import Data, Dataset
from mnv3.conf.keys import key, section
from mnv3.conf.networks import Backbone, Task
from mnv3.conf.training import Recipe, Trainer, Wandb


@dataclass
class Evaluation:
    split: str = key(
        "which images are scored: val, train; test-dev of coco, test of cityscapes: files for the server", "val"
    )
    batch_size: Optional[int] = key("images at a time; null: as in training, for the very same score", None, low=1)
    accelerator: str = key("where to compute", "auto", choices=("auto", "cpu", "gpu", "cuda", "mps"))
    devices: Union[int, str] = key("how many; auto: all GPUs, or one CPU process", "auto", choices=("auto",), low=1)
    precision: str = key("arithmetic", "32-true", choices=("32-true", "bf16-mixed", "16-mixed"))
    score_threshold: float = key("least score drawn, and counted in the confusion matrix; AP takes all", 0.3, low=0)
    official: bool = key(
        "segmentation in Cityscapes' layout: by cityscapesscripts too, with iIoU; figures that differ are an error",
        False,
    )
    flip: bool = key("segmentation: mirrored frames too; probabilities are averaged", False)
    scales: list[float] = key("segmentation: sizes of the network's input; probabilities are averaged", [1.0], low=0.1)
    samples: int = key("images to draw", 8, low=0)
    out: Optional[str] = key("folder of the report; null: eval/<dataset>-<split> in the run folder", None)


@dataclass
class Train:
    task: Task = section(Task)
    backbone: Backbone = section(Backbone)
    dataset: Dataset = section(Dataset)
    data: Data = section(Data)
    recipe: Recipe = section(Recipe)
    trainer: Trainer = section(Trainer)
    wandb: Wandb = section(Wandb)
    row: Optional[str] = key("row of the paper's tables that the network is of; experiment= sets it", None)
    seed: int = key("of weights, order and augmentation", 0, low=0)
    name: Optional[str] = key("of the run folder; null: made from the options and the time", None)
    resume: Optional[str] = key("run folder whose run goes on", None)
    init: Optional[str] = key("weights that a new run begins with: a file or folder of anybody's, or torchvision", None)
    dry: bool = key("build everything, do one batch, leave nothing", False)


@dataclass
class Eval:
    task: Task = section(Task)
    backbone: Backbone = section(Backbone)
    dataset: Dataset = section(Dataset)
    data: Data = section(Data)
    recipe: Recipe = section(Recipe)
    wandb: Wandb = section(Wandb)
    eval: Evaluation = section(Evaluation)
    row: Optional[str] = key("row of the paper's tables that the network is of; experiment= sets it", None)
    run: Optional[str] = key("run folder to score; null: the newest that matches what is asked for", None)
    ckpt: Optional[str] = key("checkpoint to score", None)
    weights: Optional[str] = key("somebody else's weights to score: a file or folder, or torchvision", None)
    model: Optional[str] = key("file of mnv3 export to score", None)
    dry: bool = key("check that everything is there, score one batch, write nothing", False)


@dataclass
class DataVerb:
    action: str = key("what to do", "list", choices=("list", "check", "get", "cache"))
    target: Optional[str] = key("data set to get", None)
    split: Optional[str] = key("split to check or to decode; null: train and val", None)
    remove: bool = key("of cache: remove the decoded copies", False)
    out: Optional[str] = key("folder for what a check writes; null: runs/data/<data set>", None)
    parts: list[str] = key("what of COCO to get: train, val, test")
    address: str = key("where COCO is downloaded from")
    dry: bool = key("say what would be downloaded, and stop", False)
    task: Task = section(Task)
    dataset: Dataset = section(Dataset)
    data: Data = section(Data)
    seed: int = key("of whatever is drawn", 0, low=0)
