"""`mnv3 eval task=lraspp`: from a checkpoint and a data set to a report."""

import logging
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from mnv3.lraspp.cost import row_cost
from mnv3.lraspp.data.frames import FrameData
from mnv3.lraspp.data.labels.look import glance
from mnv3.lraspp.data.labels.verdict import between, faults
from mnv3.lraspp.data.sets import open_dataset
from mnv3.lraspp.evaluate.exported import segment_exported
from mnv3.lraspp.evaluate.official import OfficialScores, check_agreement, check_possible, evaluate
from mnv3.lraspp.evaluate.panels import sample_panels, score_tables
from mnv3.lraspp.evaluate.processes import Outcome, segment_all
from mnv3.lraspp.evaluate.report import score_table, write_report, write_samples
from mnv3.lraspp.evaluate.scorer import pick_samples
from mnv3.lraspp.evaluate.submission import write_submission
from mnv3.lraspp.export.predictor import OnnxSegmenter
from mnv3.lraspp.weights.load import class_table, load_segmenter, load_weights
from mnv3.tools.errors import UserError, of_file
from mnv3.tools.export.file import Exported
from mnv3.tools.files import locks
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
            data is missing or damaged; official scoring of what cannot be scored so.
        lraspp.evaluate.official.OfficialError: it fails, or disagrees.
    """
    loaded = load_segmenter(source.checkpoint)
    check_asked(source, loaded.config, asked)
    with of_file(source.checkpoint):
        config = lay_over(loaded.config, cfg, typed)
        data = _open(config)
    check_classes(source.checkpoint, loaded.classes, class_table(data), "at index", "the data set")
    _score(config, partial(segment_all, loaded.segmenter), data, source.checkpoint, source.folder, cfg.dry)


def score_weights(cfg: DictConfig, typed: Sequence[str], asked: Mapping[str, Any]) -> None:
    """Score anybody's weights: `cfg.weights`, a file or a name, which say themselves which network they are for.

    Raises:
        UserError: as `lraspp.weights.load.load_weights`; other classes than the data set's; as `score_run`.
    """
    source: str = cfg.weights
    loaded = load_weights(source, OmegaConf.to_container(cfg, resolve=True), asked)  # type: ignore[arg-type]
    config = lay_over(loaded.config, cfg, typed)
    data = _open(config)
    table = class_table(data)
    numbered = [name == f"class {index}" for index, name in loaded.classes.items()]
    if not all(numbered) or len(numbered) != len(table):
        check_classes(source, loaded.classes, table, "at index", "the data set")
    if loaded.note and config["dataset"]["name"] == "cityscapes":
        log.info("%s", loaded.note)
    _score(config, partial(segment_all, loaded.segmenter), data, Path(source).expanduser(), None, cfg.dry)


def score_exported(cfg: DictConfig, typed: Sequence[str], exported: Exported, asked: Mapping[str, Any]) -> None:
    """Score a file of `mnv3 export`, on the data of its run unless the call names other.

    Raises:
        UserError: not what was `asked` for; other classes than the data set's; as `score_run`.
    """
    own = exported.description.config
    check_asked(Source(exported.path, None), own, asked)
    with of_file(exported.path):
        config = lay_over(own, cfg, typed)
        data = _open(config)
    segmenter = OnnxSegmenter(exported)
    check_classes(exported.path, segmenter.classes, class_table(data), "at index", "the data set")
    _score(config, partial(segment_exported, segmenter), data, exported.path, None, cfg.dry)


def _open(config: dict[str, Any]) -> FrameData:
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


def _score(
    config: dict[str, Any],
    segment: Callable[..., Outcome],
    data: FrameData,
    checkpoint: Path,
    run: Path | None,
    dry: bool,
) -> None:
    settings, out = config["eval"], report_folder(config, checkpoint, run)
    if not dry:
        locks.hold(out, "this report")
    backbone = backbone_title(config)
    log.info("Scoring %s: %s %s on %d frames of %s.", checkpoint, backbone, _head(config), len(data), settings["split"])
    start = time.perf_counter()
    outcome = segment(
        data,
        config,
        kept=pick_samples(data, settings["samples"]),
        folder=out / "predictions" if _writes(data, settings) and not dry else None,
        one_batch=dry,
        show=sys.stdout.isatty(),
    )
    seconds, frames = time.perf_counter() - start, max(1, len(outcome.indices))
    if dry:
        log.info("One batch: %d frames in %.1f s. Nothing was written.", len(outcome.indices), seconds)
        return
    log.info(
        "%d frames in %.1f s, %.1f frames/s; counting and scoring took %.1f ms a frame of it.",
        len(outcome.indices),
        seconds,
        frames / seconds,
        1000 * outcome.scoring_seconds / frames,
    )
    if not data.has_labels:
        _submit(config, out, data, outcome)
        return
    official = _official(out / "predictions", data, outcome) if settings["official"] else None
    _report(config, out, data, outcome, official, checkpoint)
    keep_config(config, out, run)


def _writes(data: FrameData, settings: Mapping[str, Any]) -> bool:
    """Whether label files are wanted: official scoring reads them, a test server takes them."""
    return settings["official"] or not data.has_labels


def _head(config: Mapping[str, Any]) -> str:
    return {"lraspp": "LR-ASPP", "raspp": "R-ASPP"}[config["task"]["head"]]


def _submit(config: dict[str, Any], out: Path, data: FrameData, outcome: Outcome) -> None:
    algorithm = f"mobilenetv3-{backbone_title(config)}-{config['task']['head']}"
    path = write_submission(out, data, outcome.indices, algorithm)
    write_samples(out, data, outcome.maps, config["eval"]["split"])
    why = "are not public. For the evaluation server" if data.official else "are not there. Predictions"
    log.info("The labels of this split %s: %s", why, path)


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


def _report(
    config: dict[str, Any],
    out: Path,
    data: FrameData,
    outcome: Outcome,
    official: OfficialScores | None,
    checkpoint: Path,
) -> None:
    split, scores = config["eval"]["split"], outcome.scores
    log.info("%s", score_table(scores, official))
    settings = config["eval"]
    how = origin(config, checkpoint, flip=settings["flip"], scales=settings["scales"])
    more = {"frames": len(outcome.indices), **how}
    write_report(out, data, outcome.maps, scores, split=split, official=official, more=more)
    track(
        config,
        out,
        str(checkpoint),
        scores.stats,
        lambda: sample_panels(data, outcome.maps),
        lambda: score_tables(scores),
        lambda: row_cost(config),
    )
    log.info("mIoU %.4f, pixel accuracy %.4f: %s", scores.stats["mIoU"], scores.stats["pixel_accuracy"], checkpoint)
    log.info("Report: %s", out)
