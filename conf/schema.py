"""Every key of the configuration: its type, what it means, and what it may be.

The values are in the YAML files beside this one; a value here is only what a file may leave out.
`mnv3 VERB --help` prints the meanings. Plain dataclasses: `register()` hands them to Hydra, which then refuses an
unknown key or a wrong type.
"""

from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any, Optional, Union, get_type_hints

MISSING: Any = "???"  # OmegaConf's mark for "the user has to say"


def key(meaning: str, default: Any = MISSING, *, choices: tuple = (), low: float | None = None) -> Any:
    """A key with its meaning; `choices` are all the words it may be, `low` is the least number it may be."""
    metadata = {"meaning": meaning, "choices": choices, "low": low}
    if isinstance(default, list):
        return field(default_factory=lambda: list(default), metadata=metadata)
    return field(default=default, metadata=metadata)


def section(of: type) -> Any:
    """A nested part of the configuration."""
    return field(default_factory=of)


@dataclass
class Task:
    name: str = key("what is learnt", choices=("ssdlite", "lraspp"))


@dataclass
class Ssdlite(Task):
    input_size: list[int] = key("height and width of the network's input, pixels", low=1)
    preset: str = key("paper: the authors' rules; torchvision: its ssdlite320's", choices=("paper", "torchvision"))


@dataclass
class Lraspp(Task):
    input_size: Optional[list[int]] = key(
        "height and width that frames are resized to for the network, pixels; null: as they are", None, low=1
    )
    preset: str = key("paper: the authors' rules; torchvision: its lraspp's", choices=("paper", "torchvision"))
    head: str = key("Lite R-ASPP, or the R-ASPP of MobileNetV2", choices=("lraspp", "raspp"))
    filters: int = key("channels of the head", choices=(128, 256))
    gate: Optional[str] = key(
        "squashing of the pooled branch; null: the preset's", None, choices=("sigmoid", "hard_sigmoid")
    )
    pool: Optional[str] = key(
        "means over windows, or over the whole map; null: the preset's", None, choices=("window", "global")
    )


@dataclass
class Backbone:
    name: str = key("MobileNetV3-Large or -Small", choices=("large", "small"))
    rf2: bool = key("halve the channels of the last stage (the paper's dagger)", False)
    width: float = key("width multiplier", 1.0, low=0.05)
    output_stride: int = key("stride of the last stage; below 32 it is dilated instead", 32, choices=(8, 16, 32))
    padding: Optional[str] = key("null: as the task's preset has it", None, choices=("symmetric", "same"))
    weights: Optional[str] = key("imagenet: torchvision's own; or a file; null: random", None)
    weights_inputs: str = key(
        "images a weights file was trained on: by ImageNet's mean and deviation (torchvision) or in -1..1 (Google)",
        "imagenet",
        choices=("imagenet", "symmetric"),
    )


@dataclass
class Dataset:
    name: str = key("which data set")


@dataclass
class Boxes(Dataset):
    class_slots: str = key(
        "of detection: classes numbered 1..K, or by their COCO category id (91 slots)",
        choices=("contiguous", "category_id"),
    )


@dataclass
class Streets(Boxes):
    seed: int = key("of the generator: the same seed draws the same images")
    train: int = key("training images to draw", low=1)
    val: int = key("validation images to draw", low=1)
    height: int = key("of an image, pixels", low=32)
    width: int = key("of an image, pixels", low=32)


@dataclass
class Coco(Boxes):
    pass


@dataclass
class CocoJson(Boxes):
    train_json: Optional[str] = key("COCO JSON of the training boxes", None)
    train_images: Optional[str] = key("folder of the training images", None)
    val_json: Optional[str] = key("COCO JSON of the validation boxes", None)
    val_images: Optional[str] = key("folder of the validation images", None)


@dataclass
class Cityscapes(Dataset):
    pass


@dataclass
class Camvid(Dataset):
    pass


@dataclass
class MaskFolder(Dataset):
    names: Optional[str] = key("text file: one class a line, or `id name`, either with a colour #rrggbb", None)
    ignore: Optional[int] = key("value of label files that is neither trained on nor scored; null: none", low=0)
    train_images: Optional[str] = key("folder of the training images", None)
    train_labels: Optional[str] = key("folder of their label files, of the same names", None)
    val_images: Optional[str] = key("folder of the validation images", None)
    val_labels: Optional[str] = key("folder of their label files, of the same names", None)


@dataclass
class Data:
    root: str = key("folder of the data sets; also from the environment: MNV3_DATA")
    workers: Union[int, str] = key("loader processes; auto: one a core, less one, at most 8", choices=("auto",), low=0)
    on_error: str = key("an image that cannot be read: stop, or warn and go on without it", choices=("raise", "skip"))
    cache: Optional[str] = key("folder of what `mnv3 data cache` decodes; null: cache in the data root", None)


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
    deterministic: bool = key("the same numbers from the same seed, slower on GPUs", False)


@dataclass
class Wandb:
    mode: Optional[str] = key("null: online with a key, else offline", None, choices=("online", "offline", "disabled"))
    project: str = key("W&B project", "mnv3")
    group: Optional[str] = key("runs that belong together", None)
    tags: list[str] = key("further tags", [])
    name: Optional[str] = key("null: the run folder's name", None)


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
    seed: int = key("of weights, order and augmentation", 0, low=0)
    name: Optional[str] = key("of the run folder; null: made from the options and the time", None)
    resume: Optional[str] = key("run folder whose run goes on", None)
    init: Optional[str] = key("checkpoint whose weights a new run begins with", None)
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
    run: Optional[str] = key("run folder to score; null: the newest that matches what is asked for", None)
    ckpt: Optional[str] = key("checkpoint to score", None)
    weights: Optional[str] = key("state dict to score (ours, torchvision's), of the network named", None)
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


@dataclass
class Benchmark:
    accelerator: str = key("where to compute", "auto", choices=("auto", "cpu", "gpu"))
    batch_size: Optional[int] = key(
        "images of a training step; null: 32 of detection, 4 crops of segmentation", None, low=2
    )
    rounds: int = key("of the training steps, each timed once a round; single images get five times as many", 5, low=1)


@dataclass
class Bench:
    task: Task = section(Task)
    backbone: Backbone = section(Backbone)
    bench: Benchmark = section(Benchmark)
    seed: int = key("of weights and images", 0, low=0)


VERBS = {"train": Train, "eval": Eval, "data": DataVerb, "bench": Bench}
"""Schema of a verb: `conf/<verb>.yaml` begins its defaults list with `- /schema/<verb>`."""

VARIANTS = {
    "ssdlite": Ssdlite,
    "lraspp": Lraspp,
    "streets": Streets,
    "coco": Coco,
    "coco_json": CocoJson,
    "cityscapes": Cityscapes,
    "camvid": Camvid,
    "mask_folder": MaskFolder,
}
"""Schema of an option that has keys of its own: its file begins with `defaults: [/schema/<option>@_here_, _self_]`."""

RECIPES = {"ssdlite": SsdliteRecipe, "lraspp": LrasppRecipe}
"""Schema of the recipes of a task: a verb with recipes lists `schema/recipe@recipe: ${task}` before them."""


def register() -> None:
    """Tell Hydra the schemas. Called once before composing, never at import."""
    from hydra.core.config_store import ConfigStore
    from omegaconf import OmegaConf

    # For values that depend on another key, as the paper's length on the backbone:
    # ${by:${backbone.name},{large:1,small:2}}
    OmegaConf.register_new_resolver("by", lambda choice, table: table[choice], replace=True)
    store = ConfigStore.instance()
    for name, node in VERBS.items():
        store.store(group="schema", name=name, node=node, package="_global_")
    for name, node in VARIANTS.items():
        store.store(group="schema", name=name, node=node)
    for name, node in RECIPES.items():
        store.store(group="schema/recipe", name=name, node=node)


def leaves(node: type, prefix: str = "") -> dict[str, Any]:
    """Dotted key -> dataclass field, over all nested sections of `node`."""
    found: dict[str, Any] = {}
    types = get_type_hints(node)
    for item in fields(node):
        if is_dataclass(types[item.name]):
            found |= leaves(types[item.name], f"{prefix}{item.name}.")
        else:
            found[prefix + item.name] = item
    return found
