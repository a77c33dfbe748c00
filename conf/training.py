"""Keys of a training: recipe, trainer, W&B."""

from dataclasses import dataclass
from typing import Any, Optional, Union

from mnv3.conf.keys import key


@dataclass
class Recipe:
    name: str = key("which recipe")
    epochs: Optional[int] = key("passes over the training images; null: as many as `steps` takes", low=1)
    steps: Optional[int] = key("optimiser steps of base_batch images; null: `epochs` says the length", None, low=1)
    val_every: int = key("epochs between validations", 1, low=1)
    batch_size: int = key("images a step, over all processes", low=1)
    base_batch: int = key("batch for which lr, steps and warmup_steps are given; they are scaled to batch_size", low=1)
    lr: float = key("peak learning rate at base_batch", low=0)
    optimizer: str = key("which optimiser", choices=("sgd", "adamw"))
    momentum: float = key("of SGD; the first beta of AdamW", low=0)
    weight_decay: float = key("on kernels, not on biases and norms", low=0)
    warmup_steps: int = key("steps of linear warm-up, at base_batch", low=0)
    warmup_start: float = key("share of the peak rate at the first step", low=0)
    schedule: str = key("of the learning rate after warm-up", choices=("cosine", "poly", "constant"))
    ema: Optional[float] = key("decay of the averaged weights, which are scored and saved; null: none", None, low=0)
    clip: Optional[float] = key("largest gradient norm; null: any", None, low=0)
    precision: str = key(
        "arithmetic of training; auto: bf16-mixed on GPUs that have it",
        choices=("auto", "32-true", "bf16-mixed", "16-mixed"),
    )


@dataclass
class SsdliteRecipe(Recipe):
    augment: str = key(
        "flip: nothing else; paper: SSD crop too; modern: zoom-out and colours too", choices=("flip", "paper", "modern")
    )
    class_prior: Optional[float] = key(
        "focal loss: probability of every class at every anchor at the start; null: biases of 0", None, low=0
    )


@dataclass
class LrasppRecipe(Recipe):
    augment: str = key(
        "flip: crop and flip; paper: scale 0.5 to 2 too; modern: colours too", choices=("flip", "paper", "modern")
    )
    crop: Optional[list[int]] = key("height and width of a training sample, pixels; null: of a frame", None, low=1)
    class_weights: Any = key(
        "balanced: rare classes weigh more, by the training labels; or a list of one weight a class; null: all 1", None
    )
    lovasz: Optional[float] = key("weight of Lovasz-softmax beside the cross-entropy; null: none", None, low=0)
    ohem: Optional[float] = key(
        "cross-entropy: learn only from pixels whose true class has less than this probability; null: from all",
        None,
        low=0,
    )
    ohem_kept: float = key("share of a batch's pixels, the hardest, that OHEM keeps in any case", 0.0625, low=0)


@dataclass
class Trainer:
    accelerator: str = key("where to compute", choices=("auto", "cpu", "gpu", "cuda", "mps"))
    devices: Union[int, str] = key("how many; auto: all GPUs, or one CPU process", choices=("auto",), low=1)
    strategy: str = key("how several devices share the work", "auto", choices=("auto", "ddp"))
    num_nodes: int = key("machines", 1, low=1)
    precision: Optional[str] = key("null: the recipe's", None, choices=("32-true", "bf16-mixed", "16-mixed"))
    max_time: Optional[str] = key("stop after DD:HH:MM:SS; null: never", None)
    compile: bool = key("torch.compile the network (pays on long GPU runs)", False)
    channels_last: bool = key("memory layout of the images; faster on CPUs and tensor cores", True)
    sync_batchnorm: Optional[bool] = key(
        "batch norm over the images of all GPUs, not of each; null: where a GPU has fewer than 16", None
    )
    deterministic: bool = key("the same numbers from the same seed, slower on GPUs", False)


@dataclass
class Wandb:
    mode: Optional[str] = key("null: online with a key, else offline", None, choices=("online", "offline", "disabled"))
    project: str = key("W&B project", "mnv3")
    group: Optional[str] = key("runs that belong together; null: the row of the experiment, if it is one", None)
    tags: list[str] = key("further tags", [])
    name: Optional[str] = key("null: the run folder's name", None)
