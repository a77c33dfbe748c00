"""Labels that a trained detector contradicts: what it is sure of without a label, or with another one, and labelled
objects that it does not find."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from omegaconf import DictConfig

from mnv3.ssdlite.data.coco.annotations import CocoData
from mnv3.ssdlite.data.sets import open_dataset
from mnv3.ssdlite.model.boxes import pairwise_iou
from mnv3.ssdlite.predict import open_checkpoint
from mnv3.tools.data.splits import open_splits
from mnv3.tools.data.survey import COLUMNS, PICTURE_SIDE
from mnv3.tools.drawing.boxes import draw_boxes, mosaic, save_image
from mnv3.tools.errors import UserError
from mnv3.tools.files.write import write_json
from mnv3.tools.images.read import read_image
from mnv3.tools.predict.batches import predict_images
from mnv3.tools.predict.predictor import Boxes, Predictor
from mnv3.tools.runs.find import Source
from mnv3.tools.text.plain import listed

SURE = 0.5
"""Score from which a detection contradicts labels."""

FAINT = 0.1
"""Score below which a detection finds nothing."""

SAME, NEAR = 0.5, 0.3
"""Overlap (IoU) of one object, and of what may be one."""

KINDS = {
    "no label": "Confident detections without a label",
    "another class": "Confident detections of another class than the label",
    "not found": "Labelled objects that are not found, the largest first",
}
DRAWN = 4
"""Images drawn of each kind."""

DOUBTED, LABELLED = (230, 30, 30), (90, 160, 90)


class Doubt(NamedTuple):
    """`box`: xyxy, pixels. `label`, `found`: classes, empty for none. `strength`: by which a kind is ranked."""

    kind: str
    split: str
    index: int
    image: str
    box: list[float]
    label: str
    found: str
    score: float
    strength: float

    @property
    def text(self) -> str:
        """What to write beside the box."""
        if self.kind == "not found":
            return f"{self.label}: not found"
        return f"{self.found} {self.score:.2f}, {f'labelled {self.label}' if self.label else 'no label'}"


def doubt_labels(
    source: Source, dataset: Any, data: Any, split: str | None, out: Path, device: str, log: Callable[[str], None]
) -> None:
    """Report which labels of `split`, or of train and val, the detector of `source` doubts, see `tools.task`."""
    predictor = open_checkpoint(source, {}, device, least_score=FAINT)
    skip = DictConfig({**data, "on_error": "skip"})  # the check has reported what cannot be read
    problems: list[str] = []
    opened = dict(open_splits(split, lambda name: open_dataset(dataset, skip, name, _silent), problems))
    log(f"Labels that {source.checkpoint} contradicts:")
    doubts = [doubt for name, found in opened.items() for doubt in doubts_of_split(predictor, found, name, log)]
    report_doubts(sorted(doubts, key=lambda doubt: -doubt.strength), opened, out, log)


def _silent(line: str) -> None:
    """Log nothing: the check has."""


def doubts_of_split(predictor: Predictor, data: CocoData, split: str, log: Callable[[str], None]) -> list[Doubt]:
    """Return the doubts on the labels of a split, the strongest first. Raises UserError: no class in common."""
    numbers = _numbers(predictor.classes, data, log)

    def read(index: int) -> np.ndarray:
        height, width = data.sizes[index].tolist()
        return read_image(data.path(index), (height, width)).permute(1, 2, 0).numpy()

    found = []
    for index, detections in predict_images(predictor, read, len(data), log, f"{split}: predicting"):
        known = np.isin(detections.classes, list(numbers))
        ids = np.array([numbers[slot] for slot in detections.classes[known].tolist()], dtype=np.int64)
        own = Boxes(detections.boxes[known], detections.scores[known], ids)
        found += _of_image(data, split, index, own, list(numbers.values()))
    return sorted(found, key=lambda doubt: -doubt.strength)


def _numbers(classes: Mapping[int, str], data: CocoData, log: Callable[[str], None]) -> dict[int, int]:
    """Return category ids of `data` by the predictor's numbers, matched by name."""
    ids = {category.name: category.id for category in data.categories}
    numbers = {slot: ids[name] for slot, name in classes.items() if name in ids}
    if not numbers:
        raise UserError(f"The run has none of the classes of {data.source}: it has {listed(list(classes.values()))}.")
    if strangers := sorted(ids.keys() - set(classes.values())):
        log(f"The run does not have the classes {listed(strangers)}: their labels are not doubted.")
    return numbers


def _of_image(data: CocoData, split: str, index: int, found: Boxes, known_ids: list[int]) -> list[Doubt]:
    """Return the doubts of an image; `found.classes` are category ids, `known_ids` those that the run has."""
    rows = slice(int(data.starts[index]), int(data.starts[index + 1]))
    boxes, ids, crowd = data.corners[rows], data.category_ids[rows], data.crowd[rows]
    real = np.flatnonzero(data.trainable[rows])
    iou = pairwise_iou(torch.from_numpy(found.boxes).float(), torch.from_numpy(boxes[real])).numpy()  # [m, n]
    same = found.classes[:, None] == ids[real][None]
    taken = np.where(same & (iou >= SAME), found.scores[:, None], 0).max(axis=0, initial=0)  # [n] by its own class
    names = {category.id: category.name for category in data.categories}

    def doubt(kind: str, box: np.ndarray, label: int | None, row: int | None, strength: float) -> Doubt:
        seen = "" if row is None else names[int(found.classes[row])]
        score = 0.0 if row is None else round(float(found.scores[row]), 4)
        place = split, index, str(data.file_names[index])
        corners = [round(side, 1) for side in box.tolist()]
        return Doubt(kind, *place, corners, "" if label is None else names[label], seen, score, strength)

    doubts, kept = [], np.zeros((0, 4), np.float32)
    for row in np.flatnonzero(found.scores >= SURE).tolist():  # best first
        box, score = found.boxes[row], float(found.scores[row])
        near = int(iou[row].argmax()) if len(real) else -1
        overlap = float(iou[row, near]) if len(real) else 0.0
        if (same[row] & (iou[row] >= SAME)).any() or _covered(box, boxes[crowd]) or _repeats(box, kept):
            continue
        if overlap >= SAME and taken[near] < score and ids[real[near]] in known_ids:
            doubts.append(doubt("another class", box, int(ids[real[near]]), row, score - float(taken[near])))
        elif overlap < NEAR:
            doubts.append(doubt("no label", box, None, row, score))
        kept = np.concatenate([kept, box[None]])
    best = np.where(iou >= NEAR, found.scores[:, None], 0).max(axis=0, initial=0)  # [n] by any class
    known = np.isin(ids[real], known_ids)
    area = (boxes[real][:, 2:] - boxes[real][:, :2]).prod(axis=1) / data.sizes[index].prod()
    for place in np.flatnonzero((best < FAINT) & known).tolist():
        label = real[place]
        doubts.append(doubt("not found", boxes[label], int(ids[label]), None, float(area[place])))
    return doubts


def _covered(box: np.ndarray, crowds: np.ndarray) -> bool:
    """Return whether half of `box` is in one of `crowds`, where nothing is labelled one by one."""
    sides = np.clip(np.minimum(box[2:], crowds[:, 2:]) - np.maximum(box[:2], crowds[:, :2]), 0, None)
    return bool((sides.prod(axis=1) >= SAME * (box[2:] - box[:2]).prod()).any())


def _repeats(box: np.ndarray, kept: np.ndarray) -> bool:
    """Return whether a better detection of another class is of the same object."""
    return bool((pairwise_iou(torch.from_numpy(box[None]), torch.from_numpy(kept)) >= SAME).any())


def report_doubts(doubts: list[Doubt], opened: Mapping[str, CocoData], out: Path, log: Callable[[str], None]) -> None:
    """Log the strongest doubts of each kind; write all to `out`/doubts.json, and draw some to `out`/doubts.png."""
    drawn: list[tuple[str, int]] = []
    for kind, title in KINDS.items():
        own = [doubt for doubt in doubts if doubt.kind == kind]
        examples = [f"{doubt.image} ({doubt.text})" for doubt in own]
        log(f"  {title}: {len(own):,}{f': {listed(examples)}' if own else ''}.")
        drawn += list(dict.fromkeys((doubt.split, doubt.index) for doubt in own))[:DRAWN]
    hidden = ("index", "strength")
    entries = [{key: value for key, value in doubt._asdict().items() if key not in hidden} for doubt in doubts]
    write_json(out / "doubts.json", entries)
    pictures = [
        _draw(opened[split], index, [doubt for doubt in doubts if (doubt.split, doubt.index) == (split, index)])
        for split, index in dict.fromkeys(drawn)
    ]
    if pictures:
        save_image(mosaic(pictures, COLUMNS), out / "doubts.png")
    where = f"{out / 'doubts.json'}; drawn: {out / 'doubts.png'}" if pictures else f"{out / 'doubts.json'}"
    log(f"  All: {where}. A doubt is no proof: look at the image before changing a label.")


def _draw(data: CocoData, index: int, doubts: list[Doubt]) -> torch.Tensor:
    """Draw an image's labels in green, and the doubts over them in red."""
    height, width = data.sizes[index].tolist()
    boxes, slots = data.training_boxes(index)
    texts = [doubt.text for doubt in doubts] + [data.categories_by_slot[slot].name for slot in slots.tolist()]
    corners = torch.tensor([doubt.box for doubt in doubts], dtype=torch.float32).reshape(-1, 4)
    return draw_boxes(
        read_image(data.path(index), (height, width)),
        torch.cat([corners, torch.from_numpy(boxes)]),
        texts,
        [DOUBTED] * len(doubts) + [LABELLED] * len(boxes),
        longest=PICTURE_SIDE,
        caption=str(data.file_names[index]),
    )
