"""Keys of the data sets."""

import re
from dataclasses import dataclass
from typing import Optional, Union

from mnv3.conf.keys import key


@dataclass
class Dataset:
    name: str = key("which data set")


@dataclass
class BoxDataset(Dataset):
    class_slots: str = key(
        "of detection: classes numbered 1..K, or by their COCO category id (91 slots)",
        choices=("contiguous", "category_id"),
    )
    max_boxes: int = key(
        "of detection: boxes of an image that are trained on at most; more of them take memory", 100, low=1
    )


@dataclass
class Streets(BoxDataset):
    seed: int = key("of the generator: the same seed draws the same images")
    train: int = key("training images to draw", low=1)
    val: int = key("validation images to draw", low=1)
    height: int = key("of an image, pixels", low=32)
    width: int = key("of an image, pixels", low=32)


@dataclass
class Coco(BoxDataset):
    pass


@dataclass
class CocoJson(BoxDataset):
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


def by_name(base: type = Dataset) -> dict[str, type]:
    """The schema of each data set: `CocoJson` is that of conf/dataset/coco_json.yaml."""
    variants = base.__subclasses__()
    if not variants:
        return {re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", base.__name__).lower(): base}
    return {name: schema for variant in variants for name, schema in by_name(variant).items()}


@dataclass
class Data:
    root: str = key("folder of the data sets; also from the environment: MNV3_DATA")
    workers: Union[int, str] = key("loader processes; auto: one a core, less one, at most 8", choices=("auto",), low=0)
    on_error: str = key("an image that cannot be read: stop, or warn and go on without it", choices=("raise", "skip"))
    cache: Optional[str] = key("folder of what `mnv3 data cache` decodes; null: cache in the data root", None)
