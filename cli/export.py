"""mnv3 export: a trained network as a file that runs without PyTorch."""

import logging
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf

from mnv3.cli.opening import open_predictor
from mnv3.cli.tasks import open_task
from mnv3.tools.errors import UserError
from mnv3.tools.export.engines.table import ENGINES
from mnv3.tools.export.file import Exported, write_exported
from mnv3.tools.files.ledger import refuse_foreign_file
from mnv3.tools.machine.environment import environment
from mnv3.tools.machine.extras import require
from mnv3.tools.predict.predictor import Predictor
from mnv3.tools.runs.find import lay_over, typed_keys
from mnv3.tools.runs.folder import display_path, is_finite, read_report, refuse_links

if TYPE_CHECKING:
    import numpy as np

log = logging.getLogger("mnv3")

CHECKED = 8
"""Images on which the file must agree with the network."""


class Origin(NamedTuple):
    """Where a network comes from: file or name of weights; its run folder and configuration, if it has them."""

    name: str
    folder: Path | None
    config: dict[str, Any]


def run(cfg: DictConfig) -> None:
    """Write the file that `cfg` asks for, once it agrees with the network.

    Raises:
        UserError: what the user can mend; or the file does not agree, and is not kept.
    """
    _check_call(cfg)
    typed = typed_keys(HydraConfig.get().overrides.task)
    predictor, origin = _open(cfg, typed)
    work = open_task(predictor.task).exporting()
    config = lay_over(origin.config, cfg, typed)
    samples = _samples(work, config)
    work.prepare(predictor, cfg, samples)
    calibration = _images(work, config, "train", cfg.images) if cfg.int8 else []
    log.info("Exporting %s ...", origin.name)
    exported = _exported(cfg, predictor, origin, work, calibration)
    if not cfg.int8 and (eager := work.sensitive(predictor, samples)) is not None:
        log.info("Few detections on %d images: the check is made with a lower score threshold too.", len(samples))
        _check(_exported(cfg, eager, origin, work, calibration), eager, work, samples)
    _check(exported, predictor, work, samples)
    write_exported(exported)
    path = display_path(exported.path)
    log.info("%s, %.1f MB. Use it with: mnv3 predict model=%s IMAGE", path, exported.path.stat().st_size / 1e6, path)


def _check_call(cfg: DictConfig) -> None:
    """Raises UserError for what cannot be: a library that is missing, options that do not go together."""
    engine = ENGINES[cfg.format]
    for library in engine.libraries:
        require(library, engine.extra)
    problems = []
    if cfg.out is not None and Path(cfg.out).suffix != engine.suffix:
        problems.append(f"out={cfg.out}: the name of a file of format={cfg.format} ends in {engine.suffix}.")
    elif cfg.out is not None:
        refuse_foreign_file(Path(cfg.out).expanduser(), "out", lambda content: b"mnv3" in content)
    if cfg.int8 and engine.converter:
        problems.append(f"int8=true: format={cfg.format} has no 8 bits; leave one of them out.")
    if problems:
        raise UserError(*problems)


def _open(cfg: DictConfig, typed: Sequence[str]) -> tuple[Predictor, Origin]:
    """The network, by PyTorch on the CPU."""
    keys = {name: cfg[name] for name in ("run", "ckpt", "weights", "task", "backbone")}
    opened = open_predictor(OmegaConf.create({**keys, "model": None}), typed)
    log.info("Model: %s", opened)
    if cfg.weights is not None:
        return opened.predictor, Origin(opened.origin, None, _whole(opened.config, cfg))
    folder = Path(opened.origin).resolve().parent.parent
    is_run = (folder / "config.yaml").is_file()
    if is_run:
        refuse_links(folder / "export")
    return opened.predictor, Origin(opened.origin, folder if is_run else None, opened.config)


def _whole(config: dict[str, Any], cfg: DictConfig) -> dict[str, Any]:
    """The configuration of weights: of a run all there is, else what the file tells, and the call's for the rest."""
    if "dataset" in config:
        return config
    plain: Any = OmegaConf.to_container(cfg, resolve=True)
    told = {section: {**plain[section], **config[section]} for section in ("task", "backbone")}
    return {"recipe": {}, **plain, **told}


def _samples(work: Any, config: dict[str, Any]) -> "list[np.ndarray]":
    """Images to check the file on: of the data set, else drawn street scenes."""
    from mnv3.tools.export.samples import drawn_scenes

    try:
        return _images(work, config, "val", CHECKED)
    except UserError as error:
        log.info("Checking on drawn street scenes, because: %s", error.problems[0])
        return list(drawn_scenes("val", CHECKED))


def _images(work: Any, config: dict[str, Any], split: str, count: int) -> "list[np.ndarray]":
    """Images of the data set; those of the built-in one are drawn anew, which needs no files."""
    from mnv3.tools.export.samples import drawn_scenes

    dataset = config["dataset"]
    if dataset["name"] == "streets":
        count = min(count, dataset[split])
        return list(drawn_scenes(split, count, dataset["seed"], (dataset["height"], dataset["width"])))
    return work.images_of(config, split, count, log.info)


def _exported(
    cfg: DictConfig, predictor: Predictor, origin: Origin, work: Any, calibration: "list[np.ndarray]"
) -> Exported:
    """The model with its description, at its place."""
    from mnv3.tools.export.description import ClassRow, Description

    engine = ENGINES[cfg.format]
    if engine.converter:
        model = engine.load_converter().convert(*work.alone(predictor))
    else:
        model = work.build(predictor, cfg.raw, calibration)
    classes = [
        ClassRow(number, name, int(predictor.ids[number]), list(predictor.colours[number]))
        for number, name in predictor.classes.items()
    ]
    description = Description(
        version=environment()["mnv3"],
        task=predictor.task,
        kind="raw" if cfg.raw or engine.converter else "whole",
        precision="int8" if cfg.int8 else "float32",
        classes=classes,
        figures=_figures(origin),
        config=origin.config,
        source=origin.name,
        command=shlex.join(["mnv3", *sys.argv[1:]]),
        **work.facts(predictor),
    )
    return Exported(_path(cfg, origin), model, description)


def _figures(origin: Origin) -> dict[str, float]:
    """The numbers of the run's metrics.json; none if that cannot be read."""
    report = read_report(origin.folder / "metrics.json") if origin.folder else None
    return {name: value for name, value in (report or {}).items() if is_finite(value)}


def _path(cfg: DictConfig, origin: Origin) -> Path:
    if cfg.out is not None:
        return Path(cfg.out).expanduser()
    what = ("-raw" if cfg.raw else "") + ("-int8" if cfg.int8 else "")
    name = origin.folder.name if origin.folder else Path(origin.name).stem
    return (origin.folder or Path("runs")) / "export" / f"{name}{what}{ENGINES[cfg.format].suffix}"


def _check(exported: Exported, predictor: Predictor, work: Any, samples: "list[np.ndarray]") -> None:
    """Raises UserError unless the file gives what the network gives; of one in 8 bits the difference is told."""
    theirs = open_task(predictor.task).open_exported(exported)
    pairs = [predictor([image])[0] for image in samples], [theirs([image])[0] for image in samples]
    if exported.description.precision == "int8":
        log.info("Against PyTorch in float32, on %d images: %s.", len(samples), work.resemble(*pairs))
        log.info("What the 8 bits cost in score: mnv3 eval model=%s", display_path(exported.path))
        return
    agreement = work.agree(predictor, *pairs)
    log.info("Against PyTorch, on %d images: %s.", len(samples), agreement.words)
    if not agreement.good:
        raise UserError(
            f"The exported file does not agree with the network, so it was not kept: on {len(samples)} images "
            f"{agreement.words}."
        )
