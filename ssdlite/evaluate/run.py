"""Detections of a whole data set, by one process or by several: exactly the same ones; or by an exported file."""

from typing import Any

import torch
from torch.nn.utils.rnn import pad_sequence

from mnv3.ssdlite.data.coco.annotations import CocoData
from mnv3.ssdlite.data.loader import val_loader
from mnv3.ssdlite.evaluate.inference import predict
from mnv3.ssdlite.evaluate.results import Collector, Result
from mnv3.ssdlite.export.predictor import OnnxDetector
from mnv3.ssdlite.model.detector import Detector
from mnv3.ssdlite.model.targets import PADDING, Detections
from mnv3.tools.errors import UserError
from mnv3.tools.images.read import read_image
from mnv3.tools.machine.processes import Place
from mnv3.tools.predict.predictor import Boxes
from mnv3.tools.runs.passes import Pass, limited, run_pass


def detect_all(
    detector: Detector, data: CocoData, config: dict[str, Any], *, one_batch: bool = False, show: bool = False
) -> list[Result]:
    """Official results of all images of `data`, as `tools.runs.passes.run_pass` goes through them."""
    return run_pass(
        _detect, (detector.eval(), data), len(data), config, one_batch=one_batch, show=show, share_cores=True
    )


def _detect(job: Pass, place: Place) -> list[Result]:
    detector: Detector = job.given[0].to(place.device)
    data: CocoData = job.given[1]
    loader = val_loader(data, size=detector.input_size, rule=detector.preset.resize_rule, **job.loading(place))
    collector = Collector(data)
    for batch in job.batches(loader, place):
        images = batch.images.to(place.device, non_blocking=True)
        collector.add(batch.image_ids, predict(detector, images, batch.sizes, job.batch_size, job.dtype))
    return collector.results()


def detect_exported(
    detector: OnnxDetector, data: CocoData, config: dict[str, Any], *, one_batch: bool = False, show: bool = False
) -> list[Result]:
    """As `detect_all`, in this process; the file gets images of their own size. Uses data.on_error of `config`."""
    rows, found = [], []
    for index in limited(range(len(data)), len(data), one_batch, show):
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
