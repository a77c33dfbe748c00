"""Label maps of a whole data set by an exported file, and their scores."""

from collections.abc import Sequence
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import torch
from rich.progress import track

from mnv3.lraspp.data.frames import FrameData
from mnv3.lraspp.data.loader import val_loader
from mnv3.lraspp.evaluate.label_files import write_label_files
from mnv3.lraspp.evaluate.processes import Outcome
from mnv3.lraspp.evaluate.scorer import Scorer
from mnv3.lraspp.export.predictor import OnnxSegmenter


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
    """As `lraspp.evaluate.processes.segment_all`, in this process and frame by frame; uses the section `data` of
    `config`."""
    settings = config["data"]
    loader = val_loader(data, batch_size=1, workers=settings["workers"], on_error=settings["on_error"])
    scorer, done, seconds = Scorer(data, "cpu", kept), [], 0.0
    for batch in track(loader, "scoring", transient=True) if show else loader:
        images = np.ascontiguousarray(batch.images.permute(0, 2, 3, 1).numpy())
        predictions = torch.from_numpy(np.stack(segmenter(list(images))))
        start = perf_counter()
        scorer.add(batch.indices, predictions, batch.labels)
        seconds += perf_counter() - start
        if folder is not None:
            write_label_files(folder, data, batch.indices.tolist(), predictions)
        done += [index for index in batch.indices.tolist() if index >= 0]
        if one_batch:
            break
    return Outcome(sorted(done), scorer.results(), scorer.scores(), seconds)
