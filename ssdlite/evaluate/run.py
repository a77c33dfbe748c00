"""Detections of a whole data set, by one process or by several: exactly the same ones; or by an exported file."""

import logging
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
import torch
from torch.nn.utils.rnn import pad_sequence

from mnv3.ssdlite.data.coco.annotations import CocoData
from mnv3.ssdlite.data.loader import val_loader
from mnv3.ssdlite.evaluate.inference import predict
from mnv3.ssdlite.evaluate.results import Collector, Result
from mnv3.ssdlite.export.predictor import OnnxDetector
from mnv3.ssdlite.model.detector import Detector
from mnv3.ssdlite.model.targets import PADDING, Detections
from mnv3.ssdlite.predict import DetectorPredictor
from mnv3.tools.errors import UserError
from mnv3.tools.images.read import read_image
from mnv3.tools.machine.processes import Place
from mnv3.tools.predict.predictor import Boxes
from mnv3.tools.predict.tiles.grid import choose, describe
from mnv3.tools.predict.tiles.predictor import TiledPredictor
from mnv3.tools.runs.passes import Pass, limited, run_pass

log = logging.getLogger("mnv3")

TILES = 4
"""Tiles at once by an exported file; more are no faster on a CPU."""


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


def detect_tiled(
    detector: Detector, data: CocoData, config: dict[str, Any], *, one_batch: bool = False, show: bool = False
) -> list[Result]:
    """As `detect_all`, with eval.tiles of `config`: images of their own size, as `mnv3 predict` gets them."""
    given = detector.eval(), data, config["eval"]["tiles"]
    _log_grids(data, detector.input_size, config, detector.preset.max_detections)
    return run_pass(_detect_tiled, given, len(data), config, one_batch=one_batch, show=show, share_cores=True)


def _detect_tiled(job: Pass, place: Place) -> list[Result]:
    detector, data, tiles = job.given
    names = {category.slot: category.name for category in data.categories}
    predictor = DetectorPredictor(detector, names, dict.fromkeys(names, 0), str(place.device))
    rows = range(place.rank, len(data), place.world)
    images = limited(rows, len(data), job.one_batch, job.show and place.rank == 0)
    with torch.autocast(place.device.type, job.dtype, enabled=job.dtype != torch.float32):
        return _each(TiledPredictor(predictor, tiles, job.batch_size), data, images, job.on_error)


def detect_exported(
    detector: OnnxDetector, data: CocoData, config: dict[str, Any], *, one_batch: bool = False, show: bool = False
) -> list[Result]:
    """As `detect_all`, in this process; the file gets images of their own size, in tiles if eval.tiles says so. Uses
    data.on_error of `config`."""
    tiles, images = config["eval"].get("tiles"), limited(range(len(data)), len(data), one_batch, show)
    if tiles is None:
        return _each(detector, data, images, config["data"]["on_error"])
    _log_grids(data, detector.input_size, config, detector.max_detections)
    return _each(TiledPredictor(detector, tiles, TILES), data, images, config["data"]["on_error"])


def _each(
    call: Callable[[Sequence[np.ndarray]], list[Boxes]], data: CocoData, images: Iterable[int], on_error: str
) -> list[Result]:
    """Results of some images, one after the other; unreadable ones have none unless `on_error` is "raise"."""
    rows, found = [], []
    for index in images:
        try:
            image = read_image(data.path(index), tuple(data.sizes[index].tolist()))
        except UserError as error:
            if on_error == "raise":
                raise UserError(*error.problems, "To go on without such images: data.on_error=skip.") from None
            continue
        rows.append(index)
        found += call([image.permute(1, 2, 0).numpy()])
    collector = Collector(data)
    if found:
        collector.add(torch.from_numpy(data.image_ids[rows]), _padded(found))
    return collector.results()


def _log_grids(data: CocoData, inputs: tuple[int, int], config: dict[str, Any], most: int) -> None:
    sizes = dict.fromkeys((int(height), int(width)) for height, width in data.sizes.tolist())
    log.info("%s", describe([choose(size, inputs, config["eval"]["tiles"]) for size in sizes], most))


def _padded(found: list[Boxes]) -> Detections:
    """Detections of several images as one batch."""
    boxes, scores, slots = ([torch.from_numpy(column) for column in columns] for columns in zip(*found, strict=True))
    return Detections(
        pad_sequence(boxes, batch_first=True),
        pad_sequence(scores, batch_first=True),
        pad_sequence(slots, batch_first=True, padding_value=PADDING),
        torch.tensor([len(column) for column in scores]),
    )
