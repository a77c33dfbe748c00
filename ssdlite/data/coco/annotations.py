"""A COCO instances file as arrays, checked once, for training and scoring."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np

from mnv3.ssdlite.data.coco.read import read_instances
from mnv3.tools.errors import UserError
from mnv3.tools.text.plain import listed

ROUNDING = 1.0
"""Pixels by which a box may exceed its image without a remark: COCO's own do, by rounding."""

ClassSlots = Literal["contiguous", "category_id"]

COCO_SLOTS = 91
"""Background and COCO's ids 1..90, of which 80 are used: the class slots of the authors' code and of torchvision."""

MOST_SLOTS = 10_000
"""Limit for class_slots=category_id, which has a slot for every number up to the largest id."""

MAX_BOXES = 100
"""Boxes per image used in training (max_number_of_boxes of the authors' configs)."""


class Category(NamedTuple):
    """One class: its id in the JSON, its name, and its class slot in the network."""

    id: int
    name: str
    slot: int


@dataclass(frozen=True, eq=False)
class CocoData:
    """I images with A annotations, as arrays that loader processes share without copying.

    `image_ids` [I] int64, `file_names` [I] str, `sizes` [I, 2] int64 (H, W). The annotations of image i are rows
    `starts[i]:starts[i+1]` of `boxes` [A, 4] float64 (x, y, width, height, as in the file), `category_ids` [A] int64,
    `crowd` [A] bool and `areas` [A] float64. `has_annotations` is False for a test set without published boxes.
    `source`: the file or folder that lists them. `notes`: oddities in it. `max_boxes`: most training boxes per image.
    """

    source: Path
    images_dir: Path
    categories: tuple[Category, ...]
    num_slots: int
    image_ids: np.ndarray
    file_names: np.ndarray
    sizes: np.ndarray
    starts: np.ndarray
    boxes: np.ndarray
    category_ids: np.ndarray
    crowd: np.ndarray
    areas: np.ndarray
    has_annotations: bool
    notes: tuple[str, ...]
    max_boxes: int = MAX_BOXES

    def __len__(self) -> int:
        return len(self.image_ids)

    def path(self, index: int) -> Path:
        """Return the file of image `index`."""
        return self.images_dir / str(self.file_names[index])

    @cached_property
    def slots(self) -> np.ndarray:
        """[A] int64: class slot of each annotation."""
        ids = np.array([category.id for category in self.categories])  # sorted
        slots = np.array([category.slot for category in self.categories])
        return slots[np.searchsorted(ids, self.category_ids)]

    @cached_property
    def categories_by_slot(self) -> dict[int, Category]:
        """The category of each slot in use."""
        return {category.slot: category for category in self.categories}

    @cached_property
    def corners(self) -> np.ndarray:
        """[A, 4] float32: xyxy in pixels of the original image, clipped to it."""
        limits = np.repeat(self.sizes[:, ::-1], np.diff(self.starts), axis=0)  # [A, 2] (W, H)
        low, high = self.boxes[:, :2], self.boxes[:, :2] + self.boxes[:, 2:]
        return np.concatenate([np.clip(low, 0, limits), np.clip(high, 0, limits)], axis=1).astype(np.float32)

    @cached_property
    def trainable(self) -> np.ndarray:
        """[A] bool: not a crowd, and with some area inside its image."""
        has_area = np.all(self.corners[:, 2:] > self.corners[:, :2], axis=1)
        return ~self.crowd & has_area

    @cached_property
    def outside(self) -> np.ndarray:
        """[A] bool: exceeds its image by more than rounding."""
        ends = np.concatenate([self.boxes[:, :2], self.boxes[:, :2] + self.boxes[:, 2:]], axis=1)
        return np.any(np.abs(ends - self.corners) > ROUNDING, axis=1)

    @cached_property
    def beyond(self) -> np.ndarray:
        """[A] bool: trainable, but after the first `max_boxes` trainable ones of its image."""
        before = self._trainable_before
        rank = before[:-1] - np.repeat(before[self.starts[:-1]], np.diff(self.starts))
        return self.trainable & (rank >= self.max_boxes)

    @property
    def _trainable_before(self) -> np.ndarray:
        """[A + 1] int64: number of trainable annotations before each one."""
        return np.concatenate([[0], np.cumsum(self.trainable)])

    def remarks(self) -> list[str]:
        """Return one line for each oddity that is worked around."""
        owners = np.repeat(self.file_names, np.diff(self.starts))
        empty = ~self.trainable & ~self.crowd
        most = np.diff(self._trainable_before[self.starts]).max()
        found = {
            "have no size inside their image are left out of training, not of scoring": empty,
            "reach outside their image and are clipped for training": self.outside & ~empty,
            f"come after the first {self.max_boxes} of their image are left out of training, not of scoring "
            f"(dataset.max_boxes={most} takes all)": self.beyond,
        }
        return [
            *self.notes,
            *(
                f"{self.source.name}: boxes that {what}: {mask.sum()}, in {listed(sorted(set(owners[mask].tolist())))}"
                for what, mask in found.items()
                if mask.any()
            ),
        ]

    def training_boxes(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the training targets of image `index`: boxes [n, 4] float32 xyxy in its pixels, slots [n] int64."""
        rows = slice(self.starts[index], self.starts[index + 1])
        keep = self.trainable[rows]
        return self.corners[rows][keep], self.slots[rows][keep]

    def ground_truth(self) -> dict[str, Any]:
        """Return a dataset for pycocotools with every annotation as in the file, crowds included.

        Annotations are numbered from 1, because pycocotools treats a match with annotation 0 as no match.
        """
        images = [
            {"id": int(image_id), "file_name": str(name), "height": int(size[0]), "width": int(size[1])}
            for image_id, name, size in zip(self.image_ids, self.file_names, self.sizes, strict=True)
        ]
        owners = np.repeat(self.image_ids, np.diff(self.starts))
        columns = (column.tolist() for column in (owners, self.category_ids, self.boxes, self.areas, self.crowd))
        annotations = [
            {"id": n, "image_id": owner, "category_id": category, "bbox": box, "area": area, "iscrowd": int(crowd)}
            for n, (owner, category, box, area, crowd) in enumerate(zip(*columns, strict=True), start=1)
        ]
        categories = [{"id": category.id, "name": category.name} for category in self.categories]
        return {"images": images, "annotations": annotations, "categories": categories}


def load_coco(
    json_path: Path, images_dir: Path, class_slots: ClassSlots = "contiguous", max_boxes: int = MAX_BOXES
) -> CocoData:
    """Read and check an instances file; a file without "annotations" is a test set.

    Slot 0 is the background. `contiguous`: slots 1..K in the order of the category ids. `category_id`: the slot is
    the id, with at least COCO_SLOTS slots. Raises UserError with all mistakes of the file together.

    Not mistakes: crowds, which are scored but not trained on; boxes of no size or wholly outside their image, treated
    likewise, with a remark; boxes partly outside, which are clipped for training; images without boxes.
    """
    instances = read_instances(json_path)
    categories, num_slots = with_slots(instances.category_names, class_slots, json_path)
    return CocoData(
        source=json_path,
        images_dir=images_dir,
        categories=categories,
        num_slots=num_slots,
        max_boxes=max_boxes,
        **instances.arrays,
    )


def with_slots(names: Mapping[int, str], class_slots: ClassSlots, source: Path) -> tuple[tuple[Category, ...], int]:
    """Return the categories of `names` (id -> name), sorted by id, and the number of slots, see `load_coco`.
    Raises UserError, naming `source`, for ids that do not fit `class_slots`."""
    ids = sorted(names)
    if class_slots == "category_id" and ids[0] == 0:
        raise UserError(
            f"{source} has a category of id 0, the slot of the background: use dataset.class_slots=contiguous."
        )
    if class_slots == "category_id" and ids[-1] >= MOST_SLOTS:
        raise UserError(
            f"{source} has a category of id {ids[-1]}, and with dataset.class_slots=category_id the network would "
            "have a slot for every number up to it: use dataset.class_slots=contiguous."
        )
    slots = ids if class_slots == "category_id" else range(1, len(ids) + 1)
    num_slots = max(COCO_SLOTS, ids[-1] + 1) if class_slots == "category_id" else len(ids) + 1
    return tuple(Category(i, names[i], slot) for i, slot in zip(ids, slots, strict=True)), num_slots
