"""`mnv3 eval`, whatever the task: from a run, weights or an exported file to a report."""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from omegaconf import DictConfig, OmegaConf

from mnv3.tools.errors import UserError, of_file
from mnv3.tools.files import locks
from mnv3.tools.paper.tables import row
from mnv3.tools.runs.find import Source, check_asked, lay_over
from mnv3.tools.runs.report import keep_config, report_folder, track
from mnv3.tools.task import Task

if TYPE_CHECKING:
    from mnv3.tools.export.file import Exported

log = logging.getLogger("mnv3")


class Subject(NamedTuple):
    """What is scored, where. `predict`: as `tools.task.Scoring.predict_all`, the network given. `run`: the checkpoint's
    run folder, if it has one."""

    config: dict[str, Any]
    data: Any
    predict: Callable[..., Any]
    checkpoint: Path
    run: Path | None = None


def score_run(
    task: Task, cfg: DictConfig, typed: Sequence[str], source: Source, asked: Mapping[str, Any]
) -> Path | None:
    """Score a checkpoint with its own configuration, under the typed parts of `cfg`, and return the report's folder,
    None for a dry run.

    Raises:
        UserError: not a checkpoint of this task, or not of what was `asked` for; other classes than the data set's; the
            data is missing or damaged, or cannot be scored as `cfg` asks.
    """
    work = task.scoring()
    loaded = work.load(source.checkpoint)
    check_asked(source, loaded.config, asked)
    with of_file(source.checkpoint):
        config = lay_over(loaded.config, cfg, typed)
        data = work.open_data(config)
    work.check_classes(source.checkpoint, loaded.classes, data)
    predict = partial(work.predict_all, work.network(loaded, config))
    return _score(task, Subject(config, data, predict, source.checkpoint, source.folder), cfg.dry)


def score_weights(task: Task, cfg: DictConfig, typed: Sequence[str], asked: Mapping[str, Any]) -> Path | None:
    """As `score_run`, for user-supplied weights: `cfg.weights`, a file or a name, in which it is written which network
    they are for.

    Raises:
        UserError: they are not of a network of this task; as `score_run`.
    """
    work, source = task.scoring(), cfg.weights
    whole: Any = OmegaConf.to_container(cfg, resolve=True)
    loaded = work.load_weights(source, whole, asked)
    config = lay_over(loaded.config, cfg, typed)
    if loaded.note:
        config["published"] = loaded.note  # kept in config.yaml, for `mnv3 table`
    data = work.open_data_of_weights(source, loaded, config, typed)
    predict = partial(work.predict_all, work.network(loaded, config))
    return _score(task, Subject(config, data, predict, Path(source).expanduser()), cfg.dry)


def score_exported(
    task: Task, cfg: DictConfig, typed: Sequence[str], exported: "Exported", asked: Mapping[str, Any]
) -> Path | None:
    """As `score_run`, for a file of `mnv3 export`, on the data of its run unless the call names other."""
    work, own = task.scoring(), exported.description.config
    check_asked(Source(exported.path, None), own, asked)
    with of_file(exported.path):
        config = lay_over(own, cfg, typed)
        data = work.open_data(config)
    predictor = task.open_exported(exported)
    work.check_classes(exported.path, predictor.classes, data)
    return _score(task, Subject(config, data, partial(work.predict_exported, predictor), exported.path), cfg.dry)


def open_scored(open_dataset: Callable[..., Any], config: Mapping[str, Any]) -> Any:
    """Return the data set and split that `config` names. Raises UserError: it is empty."""
    split = config["eval"]["split"]
    data = open_dataset(OmegaConf.create(config["dataset"]), OmegaConf.create(config["data"]), split, log.info)
    if not len(data):
        raise UserError(f"Data set {config['dataset']['name']}, {split}, has no images: there is nothing to score.")
    return data


def network_title(config: Mapping[str, Any]) -> str:
    """Return the backbone in one word."""
    return config["backbone"]["name"] + ("-rf2" if config["backbone"]["rf2"] else "")


def _score(task: Task, subject: Subject, dry: bool) -> Path | None:
    config, data, predict, checkpoint, run = subject
    work, out = task.scoring(), report_folder(config, checkpoint, run)
    if not dry:
        locks.hold(out, "this report")
    what = f"{network_title(config)} {work.title(config)}"
    log.info("Scoring %s: %s on %d images of %s.", checkpoint, what, len(data), config["eval"]["split"])
    start = time.perf_counter()
    outcome = predict(data, config, None if dry else out, one_batch=dry, show=not dry)
    seconds = time.perf_counter() - start
    if dry:
        log.info("One batch: %s in %.1f s. Nothing was written.", work.summary(outcome), seconds)
        return None
    log.info("%s in %.1f s, %.1f images/s.", work.summary(outcome), seconds, len(data) / seconds)
    if not work.has_truth(data):
        work.submit(config, out, data, outcome)
        return out
    reported = work.report(config, out, data, outcome, checkpoint)
    keep_config(config, out, run)
    track(config, out, str(checkpoint), reported, lambda: task.row_cost(config, row(config["row"]).slots))
    log.info("%s: %s", ", ".join(f"{name} {reported.stats[name]:.4f}" for name in task.headline), checkpoint)
    log.info("Report: %s", out)
    return out
