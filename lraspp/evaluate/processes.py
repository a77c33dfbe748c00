"""Label maps of a whole data set and their scores, by one process or by several: exactly the same ones."""

from collections.abc import Sequence
from pathlib import Path
from time import perf_counter
from typing import Any, NamedTuple

import torch
from rich.progress import track

from mnv3.lraspp.data.frames import FrameData
from mnv3.lraspp.data.loader import val_loader
from mnv3.lraspp.evaluate.inference import predict
from mnv3.lraspp.evaluate.label_files import write_label_files
from mnv3.lraspp.evaluate.scorer import Maps, Scorer
from mnv3.lraspp.evaluate.scores import Scores
from mnv3.lraspp.model.segmenter import Segmenter
from mnv3.tools.machine.precision import scoring_dtype
from mnv3.tools.machine.processes import Place, choose_devices, run_processes


class Job(NamedTuple):
    """What every process is told."""

    segmenter: Segmenter
    data: FrameData
    batch_size: int
    input_size: tuple[int, int] | None
    flip: bool
    scales: tuple[float, ...]
    dtype: torch.dtype
    workers: int | str
    on_error: str
    kept: Sequence[int]
    folder: Path | None
    one_batch: bool
    show: bool


class Outcome(NamedTuple):
    """`indices` of the frames that could be read; `maps` of those that were to be kept; `scoring_seconds`: what the
    first process spent on counting and scoring, not on reading, predicting and writing."""

    indices: list[int]
    maps: Maps
    scores: Scores
    scoring_seconds: float


def segment_all(
    segmenter: Segmenter,
    data: FrameData,
    config: dict[str, Any],
    *,
    kept: Sequence[int] = (),
    folder: Path | None = None,
    one_batch: bool = False,
    show: bool = False,
) -> Outcome:
    """Predict and score all frames of `data`; the first batch alone with `one_batch`. `show`: a progress bar.

    `kept`: indices of the frames whose label maps are returned. `folder`: where all label maps are written, as files of
    label ids. Uses the sections `eval` (accelerator, devices, precision, batch_size, flip, scales), `task` (input_size)
    and `data` (workers, on_error) of `config`. Raises UserError for devices that are not there and for unreadable
    frames.
    """
    settings, size = config["eval"], config["task"]["input_size"]
    kind, world = choose_devices(settings["accelerator"], settings["devices"])
    job = Job(
        segmenter.eval(),
        data,
        settings["batch_size"] or config["recipe"]["batch_size"],
        None if size is None else (size[0], size[1]),
        settings["flip"],
        tuple(settings["scales"]),
        scoring_dtype(settings["precision"], kind),
        config["data"]["workers"],
        config["data"]["on_error"],
        kept,
        folder,
        one_batch,
        show,
    )
    return run_processes(_segment, job, kind, 1 if one_batch else min(world, len(data)), share_cores=False)


def _segment(job: Job, place: Place) -> Outcome:
    segmenter = job.segmenter.to(place.device)
    loader = val_loader(
        job.data,
        batch_size=job.batch_size,
        workers=job.workers,
        on_error=job.on_error,
        rank=place.rank,
        world=place.world,
    )
    scorer, watch, done = Scorer(job.data, place.device, job.kept), _Watch(place.device), []
    batches = track(loader, "scoring", transient=True) if job.show and place.rank == 0 else loader
    for batch in batches:
        predictions = predict(
            segmenter,
            batch.images.to(place.device, non_blocking=True),
            batch.labels.shape[-2:],
            job.batch_size,
            input_size=job.input_size,
            flip=job.flip,
            scales=job.scales,
            dtype=job.dtype,
        )
        with watch:
            scorer.add(batch.indices, predictions, batch.labels.to(place.device, non_blocking=True))
        if job.folder is not None:
            write_label_files(job.folder, job.data, batch.indices.tolist(), predictions)
        done += [index for index in batch.indices.tolist() if index >= 0]
        if job.one_batch:
            break
    with watch:
        scores = scorer.scores()
    return Outcome(_all_of(done), scorer.results(), scores, watch.seconds)


class _Watch:
    """Sums the time inside `with`; waits for the device at both ends."""

    def __init__(self, device: torch.device) -> None:
        self.device, self.seconds, self.start = device, 0.0, 0.0

    def __enter__(self) -> None:
        self.start = self._now()

    def __exit__(self, *_: object) -> None:
        self.seconds += self._now() - self.start

    def _now(self) -> float:
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)
        return perf_counter()


def _all_of(done: list[int]) -> list[int]:
    """The indices of all processes, sorted."""
    portions = [done]
    if torch.distributed.is_available() and torch.distributed.is_initialized():
        portions = portions * torch.distributed.get_world_size()
        torch.distributed.all_gather_object(portions, done)
    return sorted(index for portion in portions for index in portion)
