"""Keys of training: recipe, trainer, W&B."""

from dataclasses import dataclass
from typing import Any, Optional, Union

from mnv3.conf.keys import key


@dataclass
class Recipe:
    name: str = key("name of the recipe")
    epochs: Optional[int] = key("passes over the training images; null: set by `steps`", low=1)
    steps: Optional[int] = key("optimiser steps of base_batch images; null: set by `epochs`", None, low=1)
    min_steps: Optional[int] = key(
        "minimum steps of base_batch images, for small data sets; null: none, as when epochs or steps is typed",
        None,
        low=1,
    )
    patience: Optional[int] = key(
        "validations without a better score after which training stops; null: none", None, low=1
    )
    val_every: int = key("epochs between validations", 1, low=1)
    batch_size: int = key("images per step, over all processes", low=1)
    base_batch: int = key("batch size that lr, steps and warmup_steps refer to; they are scaled to batch_size", low=1)
    lr: float = key("peak learning rate at base_batch", low=0)
    optimizer: str = key("optimiser", choices=("sgd", "adamw"))
    momentum: float = key("momentum of SGD, or the first beta of AdamW", low=0)
    weight_decay: float = key("weight decay of kernels; biases and norms have none", low=0)
    warmup_steps: int = key("steps of linear warm-up at base_batch", low=0)
    warmup_start: float = key("learning rate of the first step, as a fraction of the peak", low=0)
    schedule: str = key("learning rate schedule after warm-up", choices=("cosine", "poly", "constant"))
    ema: Optional[float] = key("decay of averaged weights, which are scored and saved; null: none", None, low=0)
    clip: Optional[float] = key("maximum gradient norm; null: no clipping", None, low=0)
    precision: str = key(
        "arithmetic of training; auto: bf16-mixed on GPUs that support it",
        choices=("auto", "32-true", "bf16-mixed", "16-mixed"),
    )


@dataclass
class SsdliteRecipe(Recipe):
    augment: str = key(
        "augmentation; flip: only flips; paper: also SSD crops; modern: also zoom-out and colours",
        choices=("flip", "paper", "modern"),
    )
    class_prior: Optional[float] = key("initial probability of each class (focal loss); null: zero biases", None, low=0)


@dataclass
class LrasppRecipe(Recipe):
    augment: str = key(
        "augmentation; flip: crop and flip; paper: also scale by 0.5 to 2; modern: also colours",
        choices=("flip", "paper", "modern"),
    )
    crop: Optional[list[int]] = key("height and width of training samples, pixels; null: whole frames", None, low=1)
    class_weights: Any = key("balanced: by rarity in the training labels; or one weight per class; null: all 1", None)
    lovasz: Optional[float] = key("weight of an additional Lovasz-softmax loss; null: none", None, low=0)
    ohem: Optional[float] = key(
        "train only on pixels whose true class is less probable (OHEM); null: all",
        None,
        low=0,
    )
    ohem_kept: float = key("minimum fraction of a batch's pixels, the hardest, that OHEM keeps", 0.0625, low=0)


@dataclass
class Trainer:
    accelerator: str = key("device type", choices=("auto", "cpu", "gpu", "cuda", "mps"))
    devices: Union[int, str] = key("number of devices; auto: all GPUs, or one CPU process", choices=("auto",), low=1)
    strategy: str = key("distribution over several devices", "auto", choices=("auto", "ddp"))
    num_nodes: int = key("number of machines", 1, low=1)
    precision: Optional[str] = key(
        "arithmetic of training; null: the recipe's", None, choices=("32-true", "bf16-mixed", "16-mixed")
    )
    max_time: Optional[str] = key("maximum training time, DD:HH:MM:SS; null: unlimited", None)
    compile: bool = key("compile the network with torch.compile; pays off in long GPU runs", False)
    channels_last: bool = key("channels-last memory layout; faster on CPUs and tensor cores", True)
    sync_batchnorm: Optional[bool] = key("batch norm over all GPUs; null: if a GPU has fewer than 16 images", None)
    deterministic: bool = key("reproducible results from the same seed; slower on GPUs", False)


@dataclass
class Wandb:
    mode: Optional[str] = key(
        "W&B mode; null: online if there is an API key, else offline", None, choices=("online", "offline", "disabled")
    )
    project: str = key("W&B project", "mnv3")
    group: Optional[str] = key("W&B group; null: the row of the experiment, if any", None)
    tags: list[str] = key("additional W&B tags", [])
    name: Optional[str] = key("W&B name; null: the run folder's name", None)
