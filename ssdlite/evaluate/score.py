"""What `mnv3 eval` asks of detection: see `tools.task.Scoring`."""

import logging
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from mnv3.ssdlite.data.coco.annotations import COCO_SLOTS, CocoData
from mnv3.ssdlite.data.sets import open_dataset
from mnv3.ssdlite.data.verdict import faults
from mnv3.ssdlite.evaluate.panels import sample_panels, score_tables
from mnv3.ssdlite.evaluate.report import remarks, score_table, write_report, write_submission
from mnv3.ssdlite.evaluate.results import Result
from mnv3.ssdlite.evaluate.run import detect_all, detect_exported, detect_tiled
from mnv3.ssdlite.evaluate.scorer import score_results
from mnv3.ssdlite.export.predictor import OnnxDetector
from mnv3.ssdlite.model.detector import Detector
from mnv3.ssdlite.model.presets import most_detections
from mnv3.ssdlite.module import class_table
from mnv3.ssdlite.weights import load as weights
from mnv3.ssdlite.weights.load import CLASS_MISMATCH_WORDS, Loaded, allow_detections, use_input_size
from mnv3.tools.errors import UserError
from mnv3.tools.predict.operating_point import OperatingPoint, default_threshold, threshold_words
from mnv3.tools.runs.evaluation import network_title, open_scored
from mnv3.tools.runs.report import Reported, origin
from mnv3.tools.weights.load import check_classes as check_same_classes

log = logging.getLogger("mnv3")


def load(path: Path) -> Loaded:
    """A checkpoint."""
    return weights.load_detector(path)


def load_weights(source: str, config: dict[str, Any], asked: Mapping[str, Any]) -> Loaded:
    """User-supplied weights."""
    return weights.load_weights(source, config, asked)


def title(config: Mapping[str, Any]) -> str:
    """The network but for its backbone."""
    return "SSDLite"


def open_data(config: dict[str, Any]) -> CocoData:
    """The data set. Raises UserError: it is not there, or has boxes that cannot be scored."""
    data: CocoData = open_scored(open_dataset, config)
    if data.has_annotations and (problems := faults(data, config["eval"]["split"])):
        raise UserError(*problems)
    return data


def check_classes(path: Path | str, classes: Mapping[int, str], data: CocoData) -> None:
    """Raises UserError unless the classes, by slot, are those of `data`."""
    check_same_classes(path, classes, class_table(data), *CLASS_MISMATCH_WORDS)


def open_data_of_weights(source: str, loaded: Loaded, config: dict[str, Any], typed: Sequence[str]) -> CocoData:
    """The data set, in COCO's slots for a network that has them. Raises UserError unless every class of it has its own
    slot; a network may know more classes than those."""
    if loaded.detector.num_slots == COCO_SLOTS and "dataset.class_slots" not in typed:
        config["dataset"]["class_slots"] = "category_id"
    data = open_data(config)
    if loaded.detector.num_slots != data.num_slots:
        check_classes(source, loaded.classes, data)
    for category in data.categories:
        own = loaded.classes.get(category.slot)
        if own not in (category.name, f"class {category.slot}"):
            raise UserError(
                f"{source}: slot {category.slot} is {own or 'no class'}, where the data set has {category.name!r}. "
                "Score it on data of its own classes, or train on these: mnv3 train init=FILE."
            )
    if loaded.note and config["dataset"]["name"] == "coco":
        log.info("%s", loaded.note)
    return data


def network(loaded: Loaded, config: dict[str, Any]) -> Detector:
    """The detector, at the configured input size, with as many detections as are scored."""
    height, width = config["task"]["input_size"]
    use_input_size(loaded.detector, (height, width))
    allow_detections(loaded.detector, config)
    _set_threshold(config, loaded.point)
    return loaded.detector


def predict_all(
    network: Detector, data: CocoData, config: dict[str, Any], out: Path | None, *, one_batch: bool, show: bool
) -> list[Result]:
    """Detections of the network."""
    if config["eval"].get("tiles") is not None:
        return detect_tiled(network, data, config, one_batch=one_batch, show=show)
    return detect_all(network, data, config, one_batch=one_batch, show=show)


def predict_exported(
    predictor: OnnxDetector, data: CocoData, config: dict[str, Any], out: Path | None, *, one_batch: bool, show: bool
) -> list[Result]:
    """Detections of an exported file."""
    _set_threshold(config, predictor.operating_point)
    asked = most_detections(config)
    if (limit := predictor.description.rules.get("max_detections", asked)) < asked:
        log.warning("The file keeps %d boxes of an image, so eval.max_detections=%d does not add any.", limit, asked)
    return detect_exported(predictor, data, config, one_batch=one_batch, show=show)


def summary(outcome: list[Result]) -> str:
    """How much was found."""
    return f"{len(outcome)} detections"


def has_truth(data: CocoData) -> bool:
    """Whether the boxes of the split are public."""
    return data.has_annotations


def submit(config: dict[str, Any], out: Path, data: CocoData, outcome: list[Result]) -> None:
    """Write the results, in the format of COCO's evaluation server."""
    settings = config["eval"]
    path = write_submission(
        out,
        data,
        outcome,
        f"mobilenetv3-{network_title(config)}-ssdlite",
        score_threshold=settings["score_threshold"],
        samples=settings["samples"],
    )
    use = "For the evaluation server" if config["dataset"]["name"] == "coco" else "Detections in COCO's format"
    log.info("The boxes of this split are not public. %s, zipped: %s", use, path)


def report(config: dict[str, Any], out: Path, data: CocoData, outcome: list[Result], checkpoint: Path) -> Reported:
    """Score, log and write."""
    settings = config["eval"]
    tiles = {} if settings.get("tiles") is None else {"tiles": settings["tiles"]}
    threshold, more = settings["score_threshold"], origin(config, checkpoint, **tiles)
    scores = score_results(data, outcome, threshold, most_detections(config))
    log.info("%s", score_table(data, scores))
    for remark in remarks(scores):
        log.info("%s", remark)
    write_report(out, data, outcome, scores, split=settings["split"], samples=settings["samples"], more=more)
    panels = partial(sample_panels, data, outcome, threshold)
    return Reported(scores.stats, panels, partial(score_tables, scores))


def _set_threshold(config: dict[str, Any], point: OperatingPoint | None) -> None:
    """Set the threshold of drawings and the confusion matrix to the network's own, unless the call has one."""
    if config["eval"]["score_threshold"] is None:
        config["eval"]["score_threshold"] = default_threshold(point)
        if point is not None:
            log.info("Drawings and confusion matrix: %s", threshold_words(point))
