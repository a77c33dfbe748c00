"""mnv3 predict: run a trained network on images, folders, patterns, videos or a webcam."""

import logging
import signal
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

from mnv3.cli.launch.naming import claim, give_back
from mnv3.cli.opening import Opened, open_predictor, with_tiles
from mnv3.cli.tasks import check_tiles, open_task, without_effect
from mnv3.tools.errors import Failure, UserError
from mnv3.tools.files.ledger import guarded
from mnv3.tools.machine import stops
from mnv3.tools.machine.allocator import keep_freed_memory
from mnv3.tools.predict import pictures
from mnv3.tools.predict import sources as media_sources
from mnv3.tools.predict.loop import Done, predict_all
from mnv3.tools.predict.operating_point import nothing_words, threshold_words
from mnv3.tools.predict.outputs import DetectionFile, Drawings, LabelFiles, Sink, boxes_painter, labels_painter
from mnv3.tools.predict.predictor import Predictor
from mnv3.tools.predict.tiles.predictor import TiledPredictor
from mnv3.tools.runs.find import typed_keys
from mnv3.tools.text.words import closest, format_value

log = logging.getLogger("mnv3")

NAMED = 5
"""Unreadable images that are named; the others are only counted."""

Result = TypeVar("Result")


class Plan(NamedTuple):
    """A valid call. `total`: number of pictures, None for an endless camera. `numbers`: of the wanted classes.
    `threshold`: least score of boxes."""

    opened: Opened
    sources: list[media_sources.Source]
    total: int | None
    numbers: set[int]
    threshold: float


def run(cfg: DictConfig) -> None:
    """Predict as configured. Raises UserError with all mistakes of the call."""
    keep_freed_memory()  # halves the time to decode a photo, and for PyTorch to label a frame of Cityscapes
    typed, settings = typed_keys(HydraConfig.get().overrides.task), cfg.predict
    plan = _plan(cfg, typed)
    predictor = plan.opened.predictor
    log.info("Model: %s", plan.opened)
    if settings.threshold is None and (point := plan.opened.operating_point):
        log.info("%s", threshold_words(point))
    for key in typed:
        if why := without_effect(predictor.task, key):
            log.warning("%s has no effect: %s.", key, why)
    folder = _folder(settings, open_task(predictor.task).kind, cfg.source[0])
    sinks = [] if folder is None else _sinks(folder, plan, settings)
    shared = folder if settings.out is not None else None
    targets = partial(_targets, sinks, plan.sources)
    if shared is not None:
        _refuse_sources(targets(), plan.sources, shared)
    if not sys.stdout.isatty() and plan.total != 1:
        log.info("Predicting on %s.", "a camera until Ctrl-C" if plan.total is None else f"{plan.total} pictures")
    try:
        with guarded(shared, targets, "predict.out"):
            done = predict_all(
                predictor,
                plan.sources,
                sinks,
                batch_size=settings.batch_size or (1 if plan.total is None else plan.opened.batch_size),
                threshold=plan.threshold,
                numbers=plan.numbers,
                frames=settings.frames,
                total=plan.total,
            )
    except UserError:
        if folder is not None and settings.out is None:
            give_back(str(folder))
        raise
    if isinstance(predictor, TiledPredictor):
        log.info("%s", predictor.words())
    _log_results(done, folder, plan.threshold)
    if done.damaged:
        raise Failure(" ".join(done.damaged))
    if done.stopped and (plan.total is not None or stops.asked() == signal.SIGTERM):  # Ctrl-C ends a camera normally
        raise KeyboardInterrupt


def _plan(cfg: DictConfig, typed: Sequence[str]) -> Plan:
    problems: list[str] = []

    def attempt(call: Callable[..., Result], *args: Any) -> Result | None:
        try:
            return call(*args)
        except UserError as error:
            problems.extend(error.problems)
            return None

    settings = cfg.predict
    if settings.threshold is not None and not settings.threshold <= 1:
        problems.append(f"predict.threshold={format_value(settings.threshold)}: must be between 0 and 1.")
    sources = attempt(media_sources.find, list(cfg.source))
    total = attempt(pictures.length, sources, settings.frames) if sources else None
    network = partial(open_predictor, accelerator=settings.accelerator, least_score=settings.threshold)
    opened = attempt(network, cfg, typed)
    numbers = attempt(_numbers, opened.predictor, settings.classes) if opened else None
    opened = attempt(_tiled, opened, settings) if opened else None
    if problems:
        raise UserError(*problems)
    assert opened and sources and numbers is not None
    return Plan(opened, sources, total, numbers, opened.threshold(settings.threshold))


def _tiled(opened: Opened, settings: DictConfig) -> Opened:
    """Return the network with the tiles that the call asks for. Raises UserError if it has no boxes."""
    check_tiles(opened.predictor.task, "predict.tiles", settings.tiles)
    return opened if settings.tiles is None else with_tiles(opened, settings.tiles, settings.batch_size)


def _numbers(predictor: Predictor, names: Sequence[str] | None) -> set[int]:
    """Return the numbers of the named classes, of all for None. Raises UserError for unknown names."""
    if names is None:
        return set(predictor.classes)
    numbers = {name.lower(): number for number, name in predictor.classes.items()}
    unknown = [name for name in names if name.lower() not in numbers]
    if unknown:
        near = {name: closest(name.lower(), numbers) for name in unknown}
        hints = [f"'{name}'" + (f" (did you mean {near[name]}?)" if near[name] else "") for name in unknown]
        known = ", ".join(predictor.classes.values())
        raise UserError(f"predict.classes: the network does not know {' and '.join(hints)}; it knows {known}.")
    return {numbers[name.lower()] for name in names}


def _folder(settings: DictConfig, kind: str, word: str) -> Path | None:
    """Return the output folder, None if nothing is written."""
    if not (settings.draw or (settings.json if kind == "boxes" else settings.labels is not False)):
        return None
    if settings.out is not None:
        return Path(settings.out).expanduser()
    runs = Path("runs/predict")
    return runs / claim(runs, media_sources.title(word))


def _targets(sinks: Sequence[Sink], sources: Sequence[media_sources.Source]) -> list[Path]:
    """Return the files that a prediction writes."""
    return [path for sink in sinks for source in sources for path in sink.targets(source)]


def _refuse_sources(targets: Sequence[Path], sources: Sequence[media_sources.Source], out: Path) -> None:
    """Raise UserError if a source would be overwritten by its drawing."""
    looked_at = {source.place.resolve() for source in sources if isinstance(source.place, Path)}
    if own := [path for path in targets if path.resolve() in looked_at]:
        raise UserError(f"predict.out={out}: {own[0]} is a source and would be overwritten; give another folder.")


def _sinks(folder: Path, plan: Plan, settings: DictConfig) -> list[Sink]:
    predictor, sinks = plan.opened.predictor, []
    if open_task(predictor.task).kind == "boxes":
        if settings.json:
            tiles = {} if settings.tiles is None else {"tiles": settings.tiles}
            about = {"model": plan.opened.origin, "threshold": plan.threshold, **tiles}
            sinks.append(DetectionFile(folder / "detections.json", predictor, about))
        painter: Any = boxes_painter(predictor)
    else:
        if settings.labels is not False:
            sinks.append(LabelFiles(folder / "labels", predictor, videos=bool(settings.labels)))
        painter = labels_painter(predictor, plan.numbers)
    return [*sinks, Drawings(folder, painter)] if settings.draw else sinks


def _log_results(done: Done, folder: Path | None, threshold: float) -> None:
    """Log results, skipped files and a summary."""
    for line in done.lines:
        log.info("%s", line)
    if done.nothing and done.pictures > 1:
        log.info("In all %d pictures %s.", done.pictures, nothing_words(threshold, done.highest))
    for problem in done.skipped[:NAMED]:
        log.warning("Skipped: %s", problem)
    if len(done.skipped) > NAMED:
        log.warning("Skipped: %d more unreadable files.", len(done.skipped) - NAMED)
    where = "nothing written" if folder is None else f"results in {folder}"
    many = "1 picture" if done.pictures == 1 else f"{done.pictures} pictures"
    log.info("%s in %.1f s, %.1f images/s: %s", many, done.seconds, done.pictures / done.seconds, where)
