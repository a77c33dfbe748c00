"""Keys of the data sets."""

import re
from dataclasses import dataclass
from typing import Any, Optional, Union

from mnv3.conf.keys import key


@dataclass
class Dataset:
    name: str = key("name of the data set")


@dataclass
class BoxDataset(Dataset):
    class_slots: str = key(
        "number classes 1..K, or by COCO category id (91 slots)",
        choices=("contiguous", "category_id"),
    )
    max_boxes: int = key("detection: maximum boxes per image in training; more need more memory", 100, low=1)


@dataclass
class Streets(BoxDataset):
    seed: int = key("random seed of the generated images")
    train: int = key("number of training images to generate", low=1)
    val: int = key("number of validation images to generate", low=1)
    height: int = key("image height, pixels", low=32)
    width: int = key("image width, pixels", low=32)


@dataclass
class Coco(BoxDataset):
    pass


@dataclass
class Boxes(BoxDataset):
    path: Optional[str] = key("folder of images and their boxes, in any usual format", None)
    format: Optional[str] = key(
        "label format; null: found by looking", None, choices=("coco", "yolo", "voc", "labelme", "cvat", "csv")
    )
    val_share: float = key("share of the images held out for validation if the folder has no such split", 0.2, low=0)
    seed: int = key("random seed of that share", 0, low=0)


@dataclass
class CocoJson(BoxDataset):
    train_json: Optional[str] = key("COCO JSON of the training boxes", None)
    train_images: Optional[str] = key("folder of the training images", None)
    val_json: Optional[str] = key("COCO JSON of the validation boxes", None)
    val_images: Optional[str] = key("folder of the validation images", None)


@dataclass
class Voc(BoxDataset):
    pass


@dataclass
class Cityscapes(Dataset):
    pass


@dataclass
class Camvid(Dataset):
    pass


@dataclass
class MaskFolder(Dataset):
    names: Optional[str] = key("text file of lines `name` or `id name`, optionally with a colour #rrggbb", None)
    ignore: Optional[int] = key("label value excluded from training and scoring; null: none", low=0)
    train_images: Optional[str] = key("folder of the training images", None)
    train_labels: Optional[str] = key("folder of their label files, of the same names", None)
    val_images: Optional[str] = key("folder of the validation images", None)
    val_labels: Optional[str] = key("folder of their label files, of the same names", None)


@dataclass
class Masks(Dataset):
    path: Optional[str] = key("folder of images and their masks, in any usual format", None)
    format: Optional[str] = key("label format; null: found by looking", None, choices=("png", "labelme", "coco"))
    names: Optional[str] = key(
        "names file, labelmap.txt of CVAT, or CSV of name, r, g, b; null: such a file of the folder", None
    )
    classes: Optional[list[str]] = key(
        "class names, as lines of a names file; null: from the folder; a run keeps its own here", None
    )
    ignore: Any = key("label values or class names that do not count; auto: 255, if it is no class; null: none", "auto")
    label_suffix: Optional[str] = key(
        "what a label file's name has after the image's, e.g. _mask; null: found by looking", None
    )
    val_share: float = key("share of the images held out for validation if the folder has no such split", 0.2, low=0)
    seed: int = key("random seed of that share", 0, low=0)


def by_name(base: type = Dataset) -> dict[str, type]:
    """Map each data set's name to its schema: `CocoJson` is for conf/dataset/coco_json.yaml."""
    variants = base.__subclasses__()
    if not variants:
        return {re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", base.__name__).lower(): base}
    return {name: schema for variant in variants for name, schema in by_name(variant).items()}


@dataclass
class Data:
    root: str = key("folder of the data sets; defaults to the environment variable MNV3_DATA")
    workers: Union[int, str] = key("loader processes; auto: cores minus one, at most 8", choices=("auto",), low=0)
    on_error: str = key("unreadable images: raise an error, or skip with a warning", choices=("raise", "skip"))
    cache: Optional[str] = key(
        "folder of images decoded by `mnv3 data cache` and label files drawn from COCO; null: cache/ in the data root",
        None,
    )
