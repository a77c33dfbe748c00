"""Detections of a whole data set, by one process or by several: exactly the same ones."""

import json
import multiprocessing
import pickle
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

import torch
from rich.progress import track
from torch.multiprocessing.spawn import ProcessExitedException, ProcessRaisedException, start_processes

from ssdlite.data.coco import CocoData
from ssdlite.data.loader import val_loader
from ssdlite.evaluate.inference import predict
from ssdlite.evaluate.results import Collector, Result
from ssdlite.model import Detector
from tools.errors import UserError
from tools.files import write_json

DTYPES = {"32-true": torch.float32, "bf16-mixed": torch.bfloat16, "16-mixed": torch.float16}


class Job(NamedTuple):
    """What every process is told. `kind` is a device type; process i takes the i-th device of it."""

    detector: Detector
    data: CocoData
    kind: str
    world: int
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
    kind, world = _devices(settings["accelerator"], settings["devices"])
    job = Job(
        detector.eval(),
        data,
        kind,
        1 if one_batch else min(world, len(data)),
        settings["batch_size"] or config["recipe"]["batch_size"],
        DTYPES[settings["precision"]],
        config["data"]["workers"],
        config["data"]["on_error"],
        one_batch,
        show,
    )
    if job.world == 1:
        return _detect(0, job)
    packed = pickle.dumps(job)  # as plain bytes: torch would share each tensor by a file descriptor of its own
    with tempfile.TemporaryDirectory(prefix="mnv3-eval-") as folder:
        try:
            # One import for all processes: they start in a moment. With CUDA each must be started from nothing.
            multiprocessing.set_forkserver_preload([__name__])
            method = "spawn" if kind == "cuda" else "forkserver"
            start_processes(_process, (packed, Path(folder)), nprocs=job.world, start_method=method)
        except (ProcessRaisedException, ProcessExitedException):
            problems = [line for path in sorted(Path(folder).glob("problems-*.json")) for line in _read(path)]
            if problems:
                raise UserError(*dict.fromkeys(problems)) from None
            raise
        return _read(Path(folder) / "results.json")


def _process(rank: int, packed: bytes, folder: Path) -> None:
    """Process `rank`: its share of the images; the first writes what all have found."""
    job: Job = pickle.loads(packed)
    torch.set_num_threads(max(1, torch.get_num_threads() // job.world))
    torch.distributed.init_process_group(
        "gloo", init_method=f"file://{folder / 'meeting'}", rank=rank, world_size=job.world
    )
    try:
        results = _detect(rank, job)
    except UserError as error:
        write_json(folder / f"problems-{rank}.json", list(error.problems))
        raise
    if rank == 0:
        write_json(folder / "results.json", results)
    torch.distributed.destroy_process_group()


def _detect(rank: int, job: Job) -> list[Result]:
    device = torch.device(job.kind, rank) if job.kind == "cuda" else torch.device(job.kind)
    detector = job.detector.to(device)
    loader = val_loader(
        job.data,
        size=detector.input_size,
        rule=detector.preset.resize_rule,
        batch_size=job.batch_size,
        workers=job.workers,
        on_error=job.on_error,
        rank=rank,
        world=job.world,
    )
    collector = Collector(job.data)
    batches = track(loader, "scoring", transient=True) if job.show and rank == 0 else loader
    for batch in batches:
        images = batch.images.to(device, non_blocking=True)
        collector.add(batch.image_ids, predict(detector, images, batch.sizes, job.batch_size, job.dtype))
        if job.one_batch:
            break
    return collector.results()


def _devices(accelerator: str, devices: int | str) -> tuple[str, int]:
    """Device type and number of processes."""
    cuda = torch.cuda.device_count()
    kind = {"gpu": "cuda" if cuda or not torch.backends.mps.is_available() else "mps"}.get(accelerator, accelerator)
    if kind == "auto":
        kind = "cuda" if cuda else "mps" if torch.backends.mps.is_available() else "cpu"
    available = {"cuda": cuda, "mps": int(torch.backends.mps.is_available())}.get(kind)
    if available == 0:
        raise UserError(f"eval.accelerator={accelerator}: there is no such device here; eval.accelerator=cpu works.")
    if devices == "auto":
        return kind, available or 1
    if not str(devices).isdigit():
        raise UserError(f"eval.devices={devices}: give a number of processes, or auto.")
    if available is not None and int(devices) > available:
        raise UserError(f"eval.devices={devices}: there are {available} devices here.")
    return kind, int(devices)


def _read(path: Path) -> Any:
    return json.loads(path.read_text())
