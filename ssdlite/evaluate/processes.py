"""Detections of a whole data set, by one process or by several: exactly the same ones."""

from typing import Any, NamedTuple

import torch
from rich.progress import track

from mnv3.ssdlite.data.coco.annotations import CocoData
from mnv3.ssdlite.data.loader import val_loader
from mnv3.ssdlite.evaluate.inference import predict
from mnv3.ssdlite.evaluate.results import Collector, Result
from mnv3.ssdlite.model.detector import Detector
from mnv3.tools.machine.precision import scoring_dtype
from mnv3.tools.machine.processes import Place, choose_devices, run_processes


class Job(NamedTuple):
    """What every process is told."""

    detector: Detector
    data: CocoData
    batch_size: int
    dtype: torch.dtype
    workers: int | str
    on_error: str
    one_batch: bool
    show: bool


def detect_all(
    detector: Detector, data: CocoData, config: dict[str, Any], *, one_batch: bool = False, show: bool = False
) -> list[Result]:
    """Official results of all images of `data`; of the first batch alone with `one_batch`. `show`: a progress bar.

    Uses the sections `eval` (accelerator, devices, precision, batch_size) and `data` (workers, on_error) of `config`.
    Raises UserError for devices that are not there and for unreadable images.
    """
    settings = config["eval"]
    kind, world = choose_devices(settings["accelerator"], settings["devices"])
    job = Job(
        detector.eval(),
        data,
        settings["batch_size"] or config["recipe"]["batch_size"],
        scoring_dtype(settings["precision"], kind),
        config["data"]["workers"],
        config["data"]["on_error"],
        one_batch,
        show,
    )
    return run_processes(_detect, job, kind, 1 if one_batch else min(world, len(data)), share_cores=True)


def _detect(job: Job, place: Place) -> list[Result]:
    detector = job.detector.to(place.device)
    loader = val_loader(
        job.data,
        size=detector.input_size,
        rule=detector.preset.resize_rule,
        batch_size=job.batch_size,
        workers=job.workers,
        on_error=job.on_error,
        rank=place.rank,
        world=place.world,
    )
    collector = Collector(job.data)
    batches = track(loader, "scoring", transient=True) if job.show and place.rank == 0 else loader
    for batch in batches:
        images = batch.images.to(place.device, non_blocking=True)
        collector.add(batch.image_ids, predict(detector, images, batch.sizes, job.batch_size, job.dtype))
        if job.one_batch:
            break
    return collector.results()
