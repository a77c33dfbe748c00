"""Detections of a whole data set by an exported file, which gets the images as they are."""

from typing import Any

import torch
from rich.progress import track
from torch.nn.utils.rnn import pad_sequence

from mnv3.ssdlite.data.coco.annotations import CocoData
from mnv3.ssdlite.evaluate.results import Collector, Result
from mnv3.ssdlite.export.predictor import OnnxDetector
from mnv3.ssdlite.model.targets import PADDING, Detections
from mnv3.tools.errors import UserError
from mnv3.tools.images.read import read_image
from mnv3.tools.predict.predictor import Boxes


def detect_exported(
    detector: OnnxDetector, data: CocoData, config: dict[str, Any], *, one_batch: bool = False, show: bool = False
) -> list[Result]:
    """As `ssdlite.evaluate.processes.detect_all`, in this process; of `config` data.on_error alone counts."""
    rows, found = [], []
    indices = range(1 if one_batch else len(data))
    for index in track(indices, "scoring", transient=True) if show else indices:
        try:
            image = read_image(data.path(index), tuple(data.sizes[index].tolist()))
        except UserError as error:
            if config["data"]["on_error"] == "raise":
                raise UserError(*error.problems, "To go on without such images: data.on_error=skip.") from None
            continue
        rows.append(index)
        found += detector([image.permute(1, 2, 0).numpy()])
    collector = Collector(data)
    if found:
        collector.add(torch.from_numpy(data.image_ids[rows]), _padded(found))
    return collector.results()


def _padded(found: list[Boxes]) -> Detections:
    """Detections of several images as one batch."""
    boxes, scores, slots = ([torch.from_numpy(column) for column in columns] for columns in zip(*found, strict=True))
    return Detections(
        pad_sequence(boxes, batch_first=True),
        pad_sequence(scores, batch_first=True),
        pad_sequence(slots, batch_first=True, padding_value=PADDING),
        torch.tensor([len(column) for column in scores]),
    )
