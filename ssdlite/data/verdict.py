"""Whether boxes can be trained on and scored: one verdict, for `mnv3 data check` and for `mnv3 train`."""

import numpy as np

from ssdlite.data.coco import CocoData
from tools.errors import UserError
from tools.plain import listed


def faults(data: CocoData, split: str) -> list[str]:
    """Sentences on what makes `split` unusable, by its JSON alone; empty if nothing does. Test splits need no boxes."""
    if split.startswith("test") or data.trainable.any():
        return []
    if not data.has_annotations:
        return [f'{split}: {data.json_path} has no "annotations", and so no box to train on or to score.']
    crowds, count = int(data.crowd.sum()), len(data.boxes)
    why = (
        f" Of its {count} boxes {crowds} are crowds and {count - crowds} have no size inside their image."
        if count
        else ""
    )
    cure = ' Single objects have "iscrowd": 0.' if crowds else ""
    return [f"{split}: {data.json_path} has no box that could be trained on.{why}{cure}"]


def check_same_classes(train: CocoData, val: CocoData) -> None:
    """Raises UserError unless both list the same classes: else the slots of one mean other things in the other."""
    if train.categories != val.categories:
        differing = sorted(set(train.categories) ^ set(val.categories))
        names = listed([f"{category.name} (id {category.id})" for category in differing])
        raise UserError(f"{train.json_path} and {val.json_path} do not list the same categories: {names}.")


def not_learnt(train: CocoData, val: CocoData) -> list[str]:
    """A remark on classes that `val` is scored by, and of which `train` has no box to learn from."""
    learnt = np.unique(train.category_ids[train.trainable])
    scored = np.unique(val.category_ids[~val.crowd])
    lacking = set(np.setdiff1d(scored, learnt).tolist())
    names = [category.name for category in train.categories if category.id in lacking]
    if not names:
        return []
    return [f"Classes that {val.json_path} has boxes of, and {train.json_path} none to learn from: {listed(names)}."]
