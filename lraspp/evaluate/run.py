"""Label maps of a whole data set and their scores, by one process or by several: exactly the same ones; or by an
exported file."""

from collections.abc import Sequence
from pathlib import Path
from time import perf_counter
from typing import Any, NamedTuple

import numpy as np
import torch

from mnv3.lraspp.data.frames import FrameData
from mnv3.lraspp.data.loader import val_loader
from mnv3.lraspp.evaluate.inference import predict
from mnv3.lraspp.evaluate.label_files import write_label_files
from mnv3.lraspp.evaluate.scorer import Maps, Scorer
from mnv3.lraspp.evaluate.scores import Scores
from mnv3.lraspp.export.predictor import OnnxSegmenter
from mnv3.lraspp.model.segmenter import Segmenter
from mnv3.tools.machine.processes import Place, gathered
from mnv3.tools.runs.passes import Pass, limited, run_pass


class Given(NamedTuple):
    """What is labelled how. `kept`: indices of the frames whose label maps are returned. `folder`: where all label maps
    are written, as files of label ids."""

    segmenter: Segmenter
    data: FrameData
    input_size: tuple[int, int] | None
    flip: bool
    scales: tuple[float, ...]
    kept: Sequence[int]
    folder: Path | None


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
    """Predict and score all frames of `data`, as `tools.runs.passes.run_pass` goes through them; `kept` and `folder` as
    in `Given`. Uses eval.flip, eval.scales and task.input_size of `config` too."""
    settings, size = config["eval"], config["task"]["input_size"]
    input_size = None if size is None else (size[0], size[1])
    given = Given(segmenter.eval(), data, input_size, settings["flip"], tuple(settings["scales"]), kept, folder)
    return run_pass(_segment, given, len(data), config, one_batch=one_batch, show=show, share_cores=False)


def _segment(job: Pass, place: Place) -> Outcome:
    given: Given = job.given
    data, segmenter = given.data, given.segmenter.to(place.device)
    scorer, watch, done = Scorer(data, place.device, given.kept), _Watch(place.device), []
    for batch in job.batches(val_loader(data, **job.loading(place)), place):
        predictions = predict(
            segmenter,
            batch.images.to(place.device, non_blocking=True),
            batch.labels.shape[-2:],
            job.batch_size,
            input_size=given.input_size,
            flip=given.flip,
            scales=given.scales,
            dtype=job.dtype,
        )
        with watch:
            scorer.add(batch.indices, predictions, batch.labels.to(place.device, non_blocking=True))
        done += _noted(given.folder, data, batch.indices, predictions)
    with watch:
        scores = scorer.scores()
    indices = sorted(index for portion in gathered(done) for index in portion)
    return Outcome(indices, scorer.results(), scores, watch.seconds)


def segment_exported(
    segmenter: OnnxSegmenter,
    data: FrameData,
    config: dict[str, Any],
    *,
    kept: Sequence[int] = (),
    folder: Path | None = None,
    one_batch: bool = False,
    show: bool = False,
) -> Outcome:
    """As `segment_all`, in this process and frame by frame; uses the section `data` of `config`."""
    settings = config["data"]
    loader = val_loader(data, batch_size=1, workers=settings["workers"], on_error=settings["on_error"])
    scorer, watch, done = Scorer(data, "cpu", kept), _Watch(torch.device("cpu")), []
    for batch in limited(loader, len(data), one_batch, show):
        images = np.ascontiguousarray(batch.images.permute(0, 2, 3, 1).numpy())
        predictions = torch.from_numpy(np.stack(segmenter(list(images))))
        with watch:
            scorer.add(batch.indices, predictions, batch.labels)
        done += _noted(folder, data, batch.indices, predictions)
    return Outcome(sorted(done), scorer.results(), scorer.scores(), watch.seconds)


def _noted(folder: Path | None, data: FrameData, indices: torch.Tensor, predictions: torch.Tensor) -> list[int]:
    """Write label files if they are wanted; return the indices of the frames that could be read."""
    if folder is not None:
        write_label_files(folder, data, indices.tolist(), predictions)
    return [index for index in indices.tolist() if index >= 0]


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
