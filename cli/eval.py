"""mnv3 eval: score a trained network with the official evaluator."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

from mnv3.cli.scored import only_source
from mnv3.cli.tasks import check_tiles, explained, open_task
from mnv3.tools.errors import UserError
from mnv3.tools.export.file import read_exported
from mnv3.tools.files.ledger import guarded, matching
from mnv3.tools.runs.find import find, typed_keys, wanted

DRAWN = "streets"
"""The data set that is generated, and so is never missing."""

REPORT = ("metrics.json", "config.yaml", "*.zip", "plots/*.png", "samples/*.jpg", "samples/*.json", "predictions/*.*")
"""Files of a report."""


def run(cfg: DictConfig) -> Path | None:
    """Score the run, checkpoint, weights or exported file that the call names; return the report's folder, None for a
    dry run. Raises UserError for mistakes."""
    typed = typed_keys(HydraConfig.get().overrides.task)
    asked = wanted(cfg, typed)
    only_source(cfg)
    check_tiles(cfg.task.name, "eval.tiles", cfg.eval.tiles)
    out = None if cfg.eval.out is None or cfg.dry else Path(cfg.eval.out).expanduser()
    try:
        with guarded(out, lambda: matching(out, *REPORT) if out else [], "eval.out"):
            return _score(cfg, typed, asked)
    except UserError as error:
        raise UserError(*dict.fromkeys([*error.problems, *_missing_data(cfg, typed)])) from error


def _score(cfg: DictConfig, typed: Sequence[str], asked: Mapping[str, Any]) -> Path | None:
    from mnv3.tools.runs import evaluation

    task = open_task(cfg.task.name)
    if cfg.weights is not None:
        return evaluation.score_weights(task, cfg, typed, asked)
    if cfg.model is not None:
        exported = read_exported(cfg.model)
        if exported.description.task != cfg.task.name:
            raise UserError(
                f"model={cfg.model}: the file is for task={exported.description.task}, not task={cfg.task.name}."
            )
        return evaluation.score_exported(task, cfg, typed, exported, asked)
    source = find(Path("runs"), cfg.task.name, cfg.run, cfg.ckpt, asked)
    return evaluation.score_run(task, cfg, typed, source, asked)


def _missing_data(cfg: DictConfig, typed: Sequence[str]) -> tuple[str, ...]:
    """Return the problems of a data set that the call names, to report them together with the others."""
    if "dataset" not in typed or cfg.dataset.name == DRAWN:
        return ()
    try:
        open_task(cfg.task.name).open_dataset(cfg.dataset, cfg.data, cfg.eval.split, lambda line: None)
    except UserError as error:
        return explained(error).problems
    return ()
