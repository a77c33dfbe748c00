"""What `mnv3 eval` asks of segmentation: see `tools.task.Scoring`."""

import logging
import time
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from mnv3.lraspp.data.frames import FrameData
from mnv3.lraspp.data.labels.look import glance
from mnv3.lraspp.data.labels.verdict import between, faults
from mnv3.lraspp.data.sets import open_dataset
from mnv3.lraspp.evaluate.official import OfficialScores, check_agreement, check_possible, evaluate
from mnv3.lraspp.evaluate.panels import sample_panels, score_tables
from mnv3.lraspp.evaluate.report import score_table, write_report, write_samples
from mnv3.lraspp.evaluate.run import Outcome, segment_all, segment_exported
from mnv3.lraspp.evaluate.scorer import pick_samples
from mnv3.lraspp.evaluate.submission import write_submission
from mnv3.lraspp.export.predictor import OnnxSegmenter
from mnv3.lraspp.model.segmenter import Segmenter
from mnv3.lraspp.weights import load as weights
from mnv3.lraspp.weights.load import Loaded, class_table
from mnv3.tools.errors import UserError
from mnv3.tools.runs.evaluation import network_title, open_scored
from mnv3.tools.runs.report import Reported, origin
from mnv3.tools.weights.load import check_classes as check_same_classes

log = logging.getLogger("mnv3")


def load(path: Path) -> Loaded:
    """A checkpoint."""
    return weights.load_segmenter(path)


def load_weights(source: str, config: dict[str, Any], asked: Mapping[str, Any]) -> Loaded:
    """User-supplied weights."""
    return weights.load_weights(source, config, asked)


def title(config: Mapping[str, Any]) -> str:
    """The network but for its backbone: its head."""
    return {"lraspp": "LR-ASPP", "raspp": "R-ASPP"}[config["task"]["head"]]


def open_data(config: dict[str, Any]) -> FrameData:
    """The data set, once it is clear that it can be scored as asked."""
    if not config["eval"]["scales"]:
        raise UserError("eval.scales=[]: give at least one scale; 1 is the frame as it is.")
    data: FrameData = open_scored(open_dataset, config)
    if data.has_labels:
        seen = glance(data)
        if problems := faults(seen, skip=True) + between([seen]):  # the loader tells of single files
            raise UserError(*problems)
    if config["eval"]["official"]:
        check_possible(data)
    return data


def check_classes(path: Path | str, classes: Mapping[int, str], data: FrameData) -> None:
    """Raises UserError unless the classes, by index, are those of `data`."""
    check_same_classes(path, classes, class_table(data), "at index", "the data set")


def open_data_of_weights(source: str, loaded: Loaded, config: dict[str, Any], typed: Sequence[str]) -> FrameData:
    """The data set. Raises UserError unless it has the network's classes, or as many if those have no names."""
    data = open_data(config)
    numbered = [name == f"class {index}" for index, name in loaded.classes.items()]
    if not all(numbered) or len(numbered) != len(data.classes):
        check_classes(source, loaded.classes, data)
    if loaded.note and config["dataset"]["name"] == "cityscapes":
        log.info("%s", loaded.note)
    return data


def network(loaded: Loaded, config: dict[str, Any]) -> Segmenter:
    """The segmenter; its input size is no part of it."""
    return loaded.segmenter


def predict_all(
    network: Segmenter, data: FrameData, config: dict[str, Any], out: Path | None, *, one_batch: bool, show: bool
) -> Outcome:
    """Label maps of the network, and their scores."""
    kept, folder = pick_samples(data, config["eval"]["samples"]), _label_files(out, data, config)
    return segment_all(network, data, config, kept=kept, folder=folder, one_batch=one_batch, show=show)


def predict_exported(
    predictor: OnnxSegmenter, data: FrameData, config: dict[str, Any], out: Path | None, *, one_batch: bool, show: bool
) -> Outcome:
    """Label maps of an exported file, and their scores."""
    kept, folder = pick_samples(data, config["eval"]["samples"]), _label_files(out, data, config)
    return segment_exported(predictor, data, config, kept=kept, folder=folder, one_batch=one_batch, show=show)


def _label_files(out: Path | None, data: FrameData, config: Mapping[str, Any]) -> Path | None:
    """Where label files go, if they are wanted: official scoring reads them, a test server takes them."""
    wanted = config["eval"]["official"] or not data.has_labels
    return out / "predictions" if out is not None and wanted else None


def summary(outcome: Outcome) -> str:
    """How much was labelled."""
    frames = len(outcome.indices)
    return f"{frames} frames (counting and scoring: {1000 * outcome.scoring_seconds / max(1, frames):.1f} ms each)"


def has_truth(data: FrameData) -> bool:
    """Whether the labels of the split are there."""
    return data.has_labels


def submit(config: dict[str, Any], out: Path, data: FrameData, outcome: Outcome) -> None:
    """Pack the label files for Cityscapes' evaluation server."""
    algorithm = f"mobilenetv3-{network_title(config)}-{config['task']['head']}"
    path = write_submission(out, data, outcome.indices, algorithm)
    write_samples(out, data, outcome.maps, config["eval"]["split"])
    why = "are not public. For the evaluation server" if data.official else "are not there. Predictions"
    log.info("The labels of this split %s: %s", why, path)


def report(config: dict[str, Any], out: Path, data: FrameData, outcome: Outcome, checkpoint: Path) -> Reported:
    """Score officially too if that is asked for, log and write."""
    settings, scores = config["eval"], outcome.scores
    official = _official(out / "predictions", data, outcome) if settings["official"] else None
    log.info("%s", score_table(scores, official))
    how = origin(config, checkpoint, flip=settings["flip"], scales=settings["scales"])
    more = {"frames": len(outcome.indices), **how}
    write_report(out, data, outcome.maps, scores, split=settings["split"], official=official, more=more)
    return Reported(scores.stats, partial(sample_panels, data, outcome.maps), partial(score_tables, scores))


def _official(folder: Path, data: FrameData, outcome: Outcome) -> OfficialScores:
    log.info("Official evaluation by cityscapesscripts, %d frames from %s ...", len(outcome.indices), folder)
    start = time.perf_counter()
    official = evaluate(data, folder, outcome.indices)
    check_agreement(outcome.scores, official, data)
    log.info(
        "cityscapesscripts: mIoU %.4f, the very same counts and IoU as here; miIoU %.4f; %.1f s.",
        official.mean_iou,
        official.mean_instance_iou,
        time.perf_counter() - start,
    )
    return official
