"""`mnv3 eval task=ssdlite`: from a checkpoint and a data set to a report."""

import logging
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from ssdlite.data.coco import CocoData
from ssdlite.data.datasets import open_dataset
from ssdlite.evaluate.coco_scores import Scores, score_results
from ssdlite.evaluate.processes import detect_all
from ssdlite.evaluate.report import score_table, write_report, write_submission
from ssdlite.evaluate.results import Result
from ssdlite.load import detector_from_config, load_detector
from ssdlite.model import Detector
from ssdlite.module import class_table
from ssdlite.panels import sample_panels, score_tables
from ssdlite.weights import from_torchvision
from tools.checkpoint import load_fitting, read_checkpoint
from tools.errors import UserError
from tools.runs import Source, disagreements, lay_over
from tools.tracking import start_run

log = logging.getLogger("mnv3")


def score_run(cfg: DictConfig, typed: Sequence[str], source: Source, asked: Mapping[str, Any]) -> None:
    """Score a checkpoint with its own configuration, under the typed parts of `cfg`.

    Raises:
        UserError: not a checkpoint of this task, or not of what was `asked` for; other classes than the data set's; the
            data is missing or damaged.
    """
    loaded = load_detector(source.checkpoint)
    if others := disagreements(loaded.config, asked):
        raise UserError(f"{source.checkpoint} is not what was asked for: it has {', '.join(others)}.")
    config = lay_over(loaded.config, cfg, typed)
    data = _open(config)
    load_detector(source.checkpoint, class_table(data))  # refuses other classes
    detector = loaded.detector
    if tuple(config["task"]["input_size"]) != detector.input_size:
        detector.set_input_size(tuple(config["task"]["input_size"]))
    name = f"{config['dataset']['name']}-{config['eval']['split']}"
    home = source.folder / "eval" / name if source.folder else Path("runs/eval") / f"{source.checkpoint.stem}-{name}"
    _score(config, detector, data, str(source.checkpoint), home, cfg.dry)


def score_weights(cfg: DictConfig, path: Path) -> None:
    """Score a state dict of the network that `cfg` describes.

    Raises:
        UserError: a file that cannot be read, or weights that do not fill the network exactly; as `score_run`.
    """
    config: dict[str, Any] = OmegaConf.to_container(cfg, resolve=True)  # type: ignore[assignment]
    data = _open(config)
    detector = detector_from_config(config, data.num_slots)
    _load_weights(detector, path)
    name = f"{path.stem}-{config['dataset']['name']}-{config['eval']['split']}"
    _score(config, detector, data, str(path), Path("runs/eval") / name, cfg.dry)


def _load_weights(detector: Detector, path: Path) -> None:
    state = read_checkpoint(path)
    state = state.get("state_dict", state)
    try:
        if any(name.startswith("backbone.features.0.") for name in state):
            state = from_torchvision(state, detector)
        left = load_fitting(detector, state)
    except (KeyError, ValueError, AttributeError) as error:
        left = [str(error)]
    if left:
        raise UserError(
            f"weights={path} does not fit this network ({left[0]}, {len(left)} in all). "
            "Say which network it is: backbone=, backbone.rf2=, task.preset=, dataset.class_slots=."
        )


def _open(config: dict[str, Any]) -> CocoData:
    dataset, settings = OmegaConf.create(config["dataset"]), OmegaConf.create(config["data"])
    data = open_dataset(dataset, settings, config["eval"]["split"], log.info)
    if not len(data):
        raise UserError(f"{data.json_path} lists no images: there is nothing to score.")
    return data


def _score(config: dict[str, Any], detector: Detector, data: CocoData, checkpoint: str, home: Path, dry: bool) -> None:
    settings = config["eval"]
    out = Path(settings["out"]).expanduser() if settings["out"] else home
    split, backbone = settings["split"], config["backbone"]["name"] + ("-rf2" if config["backbone"]["rf2"] else "")
    log.info("Scoring %s: %s SSDLite on %d images of %s.", checkpoint, backbone, len(data), split)
    start = time.perf_counter()
    results = detect_all(detector, data, config, one_batch=dry, show=sys.stdout.isatty())
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
    more = {"checkpoint": checkpoint, "dataset": config["dataset"]["name"], "split": split}
    write_report(out, data, results, scores, split=split, samples=settings["samples"], more=more)
    _track(config, out, data, results, scores, checkpoint)
    log.info("AP %.4f, AP50 %.4f: %s", scores.stats["AP"], scores.stats["AP50"], checkpoint)
    log.info("Report: %s", out)


def _track(
    config: dict[str, Any], out: Path, data: CocoData, results: Sequence[Result], scores: Scores, checkpoint: str
) -> None:
    """The same figures, tables and pictures in W&B, as a run of its own with job type "eval"."""
    split = config["eval"]["split"]
    tags = ["ssdlite", config["backbone"]["name"], config["dataset"]["name"], split]
    run = start_run(
        config["wandb"], out, job_type="eval", config={**config, "checkpoint": checkpoint}, tags=tags, summary={}
    )
    if run is None:
        return
    try:
        run.log({f"{split}/{name}": value for name, value in scores.stats.items()})
        panels = sample_panels(data, results, config["eval"]["score_threshold"])
        tables = {f"{split}/{name.removeprefix('val/')}": table for name, table in score_tables(scores).items()}
        run.log({f"{split}/samples": panels, **tables})
    finally:
        run.finish()
