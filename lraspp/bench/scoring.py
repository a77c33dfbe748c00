"""Time of scoring, beside cityscapesscripts on the same predictions.

The frames are drawn street scenes of Cityscapes' size; a prediction is the truth shifted by a few pixels.
cityscapesscripts also weights instances, of which real frames have more: its time is a lower bound.
"""

import atexit
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from omegaconf import OmegaConf

from mnv3.lraspp.data.frames import FrameData
from mnv3.lraspp.data.pixels import read_values
from mnv3.lraspp.data.sets import open_dataset
from mnv3.lraspp.evaluate.confusion import ConfusionMatrix
from mnv3.lraspp.evaluate.label_files import write_label_files
from mnv3.lraspp.evaluate.official import OfficialScores, check_agreement, evaluate
from mnv3.lraspp.evaluate.scores import Scores
from mnv3.tools.bench.contestant import Contestant
from mnv3.tools.bench.rounds import Comparison
from mnv3.tools.files.temporaries import scratch_folder

FRAME = (1024, 2048)  # of Cityscapes
FRAMES = 8
MOVED = 5  # pixels: edges are wrong, as in a good prediction
OURS, WITH_LABELS = "mnv3", "mnv3, label files read too"
OFFICIAL, WITH_FILES = "cityscapesscripts", "cityscapesscripts, its files written too"


def comparison() -> Comparison:
    """Return the comparison of scoring FRAMES label maps in memory, on the CPU."""
    height, width = FRAME
    return Comparison(
        f"scoring {FRAMES} label maps of {width} x {height}",
        OURS,
        {
            OURS: Contestant(counting, (False,), keep_freed=True),
            WITH_LABELS: Contestant(counting, (True,), keep_freed=True),
            OFFICIAL: Contestant(official, (False,), keep_freed=False),
            WITH_FILES: Contestant(official, (True,), keep_freed=False),
        },
    )


class Frames(NamedTuple):
    """`truths` and `predictions` [1, H, W] uint8 class indices of the frames of `data`; `results` holds the predictions
    as label files. All files exist until the process ends."""

    data: FrameData
    truths: list[torch.Tensor]
    predictions: list[torch.Tensor]
    results: Path


def counting(reading: bool) -> Callable[[], Scores]:
    """mnv3: from predictions and labels to scores; `reading`: also read the label files, otherwise a loader's work."""
    frames = _frames()

    def score() -> Scores:
        confusion = ConfusionMatrix(frames.data.classes)
        for index, predicted in enumerate(frames.predictions):
            truth = _truth(frames.data, index) if reading else frames.truths[index]
            confusion.add(predicted, truth)
        return confusion.scores()

    check_agreement(score(), evaluate(frames.data, frames.results, range(FRAMES)), frames.data)
    return score


def official(writing: bool) -> Callable[[], OfficialScores]:
    """cityscapesscripts on files; `writing`: also write those of the predictions."""
    frames = _frames()

    def score() -> OfficialScores:
        if writing:
            for index, predicted in enumerate(frames.predictions):
                write_label_files(frames.results, frames.data, [index], predicted)
        return evaluate(frames.data, frames.results, range(FRAMES))

    return score


def _frames() -> Frames:
    """Draw frames, the same in every process."""
    keeper = ExitStack()
    atexit.register(keeper.close)
    folder = keeper.enter_context(scratch_folder("scoring"))
    height, width = FRAME
    streets = {"name": "streets", "seed": 0, "train": 1, "val": FRAMES, "height": height, "width": width}
    where = {"root": str(folder), "on_error": "raise", "cache": None}
    data = open_dataset(OmegaConf.create(streets), OmegaConf.create(where), "val", lambda line: None)
    truths = [_truth(data, index) for index in range(FRAMES)]
    predictions = []
    for truth in truths:
        moved = truth.roll((MOVED, MOVED), dims=(1, 2))
        predictions.append(moved.where(moved < len(data.classes), torch.zeros((), dtype=torch.uint8)))
    results = folder / "results"
    for index, predicted in enumerate(predictions):
        write_label_files(results, data, [index], predicted)
    return Frames(data, truths, predictions, results)


def _truth(data: FrameData, index: int) -> torch.Tensor:
    label = data.frames[index].label
    assert label is not None
    return torch.from_numpy(np.take(data.table, read_values(label)))[None]
