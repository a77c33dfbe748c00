"""`mnv3 eval task=ssdlite`: from a checkpoint and a data set to a report."""

import logging
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from mnv3.ssdlite.cost import row_cost
from mnv3.ssdlite.data.coco.annotations import COCO_SLOTS, CocoData
from mnv3.ssdlite.data.sets import open_dataset
from mnv3.ssdlite.data.verdict import faults
from mnv3.ssdlite.evaluate.exported import detect_exported
from mnv3.ssdlite.evaluate.panels import sample_panels, score_tables
from mnv3.ssdlite.evaluate.processes import detect_all
from mnv3.ssdlite.evaluate.report import score_table, write_report, write_submission
from mnv3.ssdlite.evaluate.results import Result
from mnv3.ssdlite.evaluate.scorer import score_results
from mnv3.ssdlite.export.predictor import OnnxDetector
from mnv3.ssdlite.module import class_table
from mnv3.ssdlite.weights.load import SLOTS, Loaded, load_detector, load_weights
from mnv3.tools.errors import UserError, of_file
from mnv3.tools.export.file import Exported
from mnv3.tools.files import locks
from mnv3.tools.paper.tables import row
from mnv3.tools.runs.evaluation import (
    backbone_title,
    check_asked,
    keep_config,
    open_scored,
    origin,
    report_folder,
    track,
)
from mnv3.tools.runs.find import Source, lay_over
from mnv3.tools.weights.load import check_classes

log = logging.getLogger("mnv3")


def score_run(cfg: DictConfig, typed: Sequence[str], source: Source, asked: Mapping[str, Any]) -> None:
    """Score a checkpoint with its own configuration, under the typed parts of `cfg`.

    Raises:
        UserError: not a checkpoint of this task, or not of what was `asked` for; other classes than the data set's; the
            data is missing or damaged.
    """
    loaded = load_detector(source.checkpoint)
    check_asked(source, loaded.config, asked)
    with of_file(source.checkpoint):
        config = lay_over(loaded.config, cfg, typed)
        data = _open(config)
    check_classes(source.checkpoint, loaded.classes, class_table(data), *SLOTS)
    detector = loaded.detector
    if tuple(config["task"]["input_size"]) != detector.input_size:
        detector.set_input_size(tuple(config["task"]["input_size"]))
    _score(config, partial(detect_all, detector), data, source.checkpoint, source.folder, cfg.dry)


def score_weights(cfg: DictConfig, typed: Sequence[str], asked: Mapping[str, Any]) -> None:
    """Score anybody's weights: `cfg.weights`, a file or a name, which say themselves which network they are for.

    Raises:
        UserError: as `ssdlite.weights.load.load_weights`; classes of the data set that the network does not have; the
            data is missing or damaged.
    """
    source: str = cfg.weights
    loaded = load_weights(source, OmegaConf.to_container(cfg, resolve=True), asked)  # type: ignore[arg-type]
    config, detector = lay_over(loaded.config, cfg, typed), loaded.detector
    if detector.num_slots == COCO_SLOTS and "dataset.class_slots" not in typed:
        config["dataset"]["class_slots"] = "category_id"
    data = _open(config)
    _check_slots(source, loaded, data)
    if loaded.note and config["dataset"]["name"] == "coco":
        log.info("%s", loaded.note)
    if tuple(config["task"]["input_size"]) != detector.input_size:
        detector.set_input_size(tuple(config["task"]["input_size"]))
    _score(config, partial(detect_all, detector), data, Path(source).expanduser(), None, cfg.dry)


def _open(config: dict[str, Any]) -> CocoData:
    """The data set. Raises UserError: it is not there, or has boxes that cannot be scored."""
    data: CocoData = open_scored(open_dataset, config)
    if data.has_annotations and (problems := faults(data, config["eval"]["split"])):
        raise UserError(*problems)
    return data


def _check_slots(source: str, loaded: Loaded, data: CocoData) -> None:
    """Raises UserError unless every class of `data` has its own slot; a network may know more classes than those."""
    if loaded.detector.num_slots != data.num_slots:
        check_classes(source, loaded.classes, class_table(data), *SLOTS)
    for category in data.categories:
        own = loaded.classes.get(category.slot)
        if own not in (category.name, f"class {category.slot}"):
            raise UserError(
                f"{source}: slot {category.slot} is {own or 'no class'}, where the data set has {category.name!r}. "
                "Score it on data of its own classes, or train on these: mnv3 train init=FILE."
            )


def score_exported(cfg: DictConfig, typed: Sequence[str], exported: Exported, asked: Mapping[str, Any]) -> None:
    """Score a file of `mnv3 export`, on the data of its run unless the call names other.

    Raises:
        UserError: not what was `asked` for; other classes than the data set's; the data is missing or damaged.
    """
    own = exported.description.config
    check_asked(Source(exported.path, None), own, asked)
    with of_file(exported.path):
        config = lay_over(own, cfg, typed)
        data = _open(config)
    detector = OnnxDetector(exported)
    check_classes(exported.path, detector.classes, class_table(data), *SLOTS)
    _score(config, partial(detect_exported, detector), data, exported.path, None, cfg.dry)


def _score(
    config: dict[str, Any],
    detect: Callable[..., list[Result]],
    data: CocoData,
    checkpoint: Path,
    run: Path | None,
    dry: bool,
) -> None:
    settings, out = config["eval"], report_folder(config, checkpoint, run)
    if not dry:
        locks.hold(out, "this report")
    split, backbone = settings["split"], backbone_title(config)
    log.info("Scoring %s: %s SSDLite on %d images of %s.", checkpoint, backbone, len(data), split)
    start = time.perf_counter()
    results = detect(data, config, one_batch=dry, show=sys.stdout.isatty())
    seconds = time.perf_counter() - start
    if dry:
        log.info("One batch: %d detections in %.1f s. Nothing was written.", len(results), seconds)
        return
    log.info("%d detections in %.1f s, %.0f images/s.", len(results), seconds, len(data) / seconds)
    if not data.has_annotations:
        path = write_submission(
            out,
            data,
            results,
            f"mobilenetv3-{backbone}-ssdlite",
            score_threshold=settings["score_threshold"],
            samples=settings["samples"],
        )
        log.info("The boxes of this split are not public. For the evaluation server, zipped: %s", path)
        return
    scores = score_results(data, results, settings["score_threshold"])
    log.info("%s", score_table(data, scores))
    write_report(out, data, results, scores, split=split, samples=settings["samples"], more=origin(config, checkpoint))
    keep_config(config, out, run)
    track(
        config,
        out,
        str(checkpoint),
        scores.stats,
        lambda: sample_panels(data, results, settings["score_threshold"]),
        lambda: score_tables(scores),
        lambda: row_cost(config, row(config["row"]).slots),
    )
    log.info("AP %.4f, AP50 %.4f: %s", scores.stats["AP"], scores.stats["AP50"], checkpoint)
    log.info("Report: %s", out)
