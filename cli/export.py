"""mnv3 export: write a trained network as a file that runs without PyTorch."""

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
from mnv3.tools.export import card
from mnv3.tools.export.engines.table import ENGINES
from mnv3.tools.export.file import Exported, write_exported
from mnv3.tools.files.ledger import refuse_foreign_file
from mnv3.tools.files.write import write_text
from mnv3.tools.machine.allocator import keep_freed_memory
from mnv3.tools.machine.environment import environment
from mnv3.tools.machine.extras import require
from mnv3.tools.predict.predictor import Predictor
from mnv3.tools.runs.find import lay_over, typed_keys
from mnv3.tools.runs.folder import display_path, read_figures, refuse_links
from mnv3.tools.text.progress import counted

if TYPE_CHECKING:
    import numpy as np

log = logging.getLogger("mnv3")

CHECKED = 8
"""Images on which the file must match the network."""


class Origin(NamedTuple):
    """Origin of a network: file or name of weights; its run folder and configuration, if it has them."""

    name: str
    folder: Path | None
    config: dict[str, Any]


def run(cfg: DictConfig) -> Path:
    """Write the file that `cfg` asks for if it matches the network, and return its path. Raises UserError for mistakes
    or a mismatch."""
    _check_call(cfg)
    typed = typed_keys(HydraConfig.get().overrides.task)
    predictor, origin = _open(cfg, typed)
    if cfg.card:
        refuse_foreign_file(_path(cfg, origin).with_name(card.NAME), "card=true", card.is_card)
    work = open_task(predictor.task).exporting()
    config = lay_over(origin.config, cfg, typed)
    samples = _samples(work, config)
    work.prepare(predictor, cfg, samples)
    calibration: list[np.ndarray] = []
    if cfg.int8:
        log.info("Reading %d images to calibrate with ...", cfg.images)
        calibration = _images(work, config, "train", cfg.images)
    log.info("Exporting %s ...", origin.name)
    exported = _exported(cfg, predictor, origin, work, calibration)
    if not cfg.int8 and (eager := work.sensitive(predictor, samples)) is not None:
        log.info("Few detections on %d images: also checking with a lower score threshold.", len(samples))
        _check(_exported(cfg, eager, origin, work, calibration), eager, work, samples)
    _check(exported, predictor, work, samples)
    write_exported(exported)
    if cfg.card:
        _write_card(exported)
    path = display_path(exported.path)
    log.info("%s, %.1f MB. Use it with: mnv3 predict model=%s IMAGE", path, exported.path.stat().st_size / 1e6, path)
    return exported.path


def _write_card(exported: Exported) -> None:
    task = open_task(exported.description.task)
    path = exported.path.with_name(card.NAME)
    write_text(path, card.write_up(exported.description, exported.path, task.kind, task.title, task.headline))
    log.info("Model card: %s; fill in its licence.", display_path(path))


def _check_call(cfg: DictConfig) -> None:
    """Raise UserError for missing libraries and incompatible options."""
    engine = ENGINES[cfg.format]
    for library in engine.libraries:
        require(library, engine.extra)
    problems = []
    if cfg.out is not None and Path(cfg.out).suffix != engine.suffix:
        problems.append(f"out={cfg.out}: must end in {engine.suffix} for format={cfg.format}.")
    elif cfg.out is not None:
        refuse_foreign_file(Path(cfg.out).expanduser(), "out", lambda content: b"mnv3" in content)
    if cfg.int8 and engine.converter:
        problems.append(f"int8=true: not available for format={cfg.format}; leave one of them out.")
    if problems:
        raise UserError(*problems)


def _open(cfg: DictConfig, typed: Sequence[str]) -> tuple[Predictor, Origin]:
    """Open the network with PyTorch on the CPU."""
    keep_freed_memory()
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
    """Return the configuration of weights: the run's, else what the file states, completed by the call's."""
    if "dataset" in config:
        return config
    plain: Any = OmegaConf.to_container(cfg, resolve=True)
    known = {section: {**plain[section], **config[section]} for section in ("task", "backbone")}
    return {"recipe": {}, **plain, **known}


def _samples(work: Any, config: dict[str, Any]) -> "list[np.ndarray]":
    """Return images for the check: from the data set, else generated street scenes."""
    from mnv3.tools.export.samples import drawn_scenes

    try:
        return _images(work, config, "val", CHECKED)
    except UserError as error:
        log.info("Checking on generated street scenes, because: %s", error.problems[0])
        return list(drawn_scenes("val", CHECKED))


def _images(work: Any, config: dict[str, Any], split: str, count: int) -> "list[np.ndarray]":
    """Return images of the data set; the built-in one's are generated, which needs no files."""
    from mnv3.tools.export.samples import drawn_scenes

    dataset = config["dataset"]
    if dataset["name"] == "streets":
        count = min(count, dataset[split])
        return list(drawn_scenes(split, count, dataset["seed"], (dataset["height"], dataset["width"])))
    return work.images_of(config, split, count, log.info)


def _exported(
    cfg: DictConfig, predictor: Predictor, origin: Origin, work: Any, calibration: "list[np.ndarray]"
) -> Exported:
    """Build the model with its description and output path."""
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
        figures=read_figures(origin.folder) if origin.folder else {},
        config=origin.config,
        source=origin.name,
        command=shlex.join(["mnv3", *sys.argv[1:]]),
        **work.facts(predictor),
    )
    return Exported(_path(cfg, origin), model, description)


def _path(cfg: DictConfig, origin: Origin) -> Path:
    if cfg.out is not None:
        return Path(cfg.out).expanduser()
    what = ("-raw" if cfg.raw else "") + ("-int8" if cfg.int8 else "")
    name = origin.folder.name if origin.folder else Path(origin.name).stem
    return (origin.folder or Path("runs")) / "export" / f"{name}{what}{ENGINES[cfg.format].suffix}"


def _check(exported: Exported, predictor: Predictor, work: Any, samples: "list[np.ndarray]") -> None:
    """Raise UserError unless the file's outputs match the network's; for int8, log the difference instead."""
    log.info("Checking the file ...")
    theirs = open_task(predictor.task).open_exported(exported)
    both = [(predictor([image])[0], theirs([image])[0]) for image in counted(samples, "checking", "images")]
    pairs = [ours for ours, _ in both], [others for _, others in both]
    if exported.description.precision == "int8":
        log.info("Compared with PyTorch in float32 on %d images: %s.", len(samples), work.resemble(*pairs))
        log.info("To measure the loss in score, run: mnv3 eval model=%s", display_path(exported.path))
        return
    agreement = work.agree(predictor, *pairs)
    log.info("Compared with PyTorch on %d images: %s.", len(samples), agreement.words)
    if not agreement.good:
        raise UserError(
            f"The exported file does not match the network, so it was discarded: on {len(samples)} images "
            f"{agreement.words}."
        )
