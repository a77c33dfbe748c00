"""resume=DIR: repeat the saved call of a run in its folder; nothing that affects the result may change."""

from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from mnv3.cli.call import saved_call
from mnv3.cli.call.arguments import Arguments, quoted
from mnv3.tools.errors import UserError
from mnv3.tools.runs.folder import refuse_links
from mnv3.tools.runs.saved_config import read_config
from mnv3.tools.text.words import format_value

MAY_DIFFER = ("resume", "name", "row", "dry", "data.root", "data.workers", "trainer.max_time", "wandb", "logger")
"""Keys and sections that do not affect the trained weights."""

FOUND = ("dataset.classes", "dataset.ignore")
"""Keys that a user's folder decides if the call leaves them open; they are compared once it is opened."""


def folder(given: Arguments) -> Path | None:
    """Return the run folder to resume, if the call names one."""
    named = [text.partition("=")[2] for text in given.overrides if text.startswith("resume=")]
    wanted = named[-1].strip("'\"") if named else ""
    return Path(wanted).expanduser() if wanted not in ("", "null") else None


def complete(given: Arguments, run: Path) -> Arguments:
    """Return the call with the saved overrides of `run` before its own, and `run` as its folder.

    Raises UserError for a multirun, or if `run` is not a run folder written by `mnv3 train`.
    """
    if given.multirun:
        raise UserError("resume= resumes one run: leave -m out.")
    saved = run / "overrides.txt"
    if not saved.is_file():
        what = "has no overrides.txt, so it is not a run folder" if run.is_dir() else "does not exist"
        raise UserError(f"resume={run}: that folder {what}; give a folder like runs/TASK/NAME.")
    refuse_links(run)
    config_dir = Path(given.config_dir) if given.config_dir else None
    by_key: dict[str, str] = {}
    for text in [*saved_call.read(run, given.overrides, config_dir), *given.overrides]:
        by_key[text.partition("=")[0]] = text  # the later one counts
    by_key["hydra.run.dir"] = f"hydra.run.dir={quoted(str(run))}"
    return given._replace(overrides=list(by_key.values()))


def refuse_changes(run: Path, config: DictConfig) -> None:
    """Raise UserError for every key whose value differs from the saved configuration of `run`."""
    from mnv3.tools.training.automatic import AUTO, CHOSEN  # imports NumPy, which a new run needs later

    before = _flat(read_config(run / "config.yaml"))
    now = _flat(OmegaConf.to_container(config, resolve=True))
    chosen = {each for key, others in CHOSEN.items() if now.get(key) == AUTO for each in others}
    chosen |= {*FOUND} if "dataset.classes" in now else set()
    changed = [
        f"{key} was {format_value(before[key])} when {run} started and is {format_value(now[key])} now; a resumed run "
        "keeps its configuration, but init=CKPT starts a new run from its weights."
        for key in now
        if key in before and before[key] != now[key] and not key.startswith(MAY_DIFFER) and key not in chosen
    ]
    if changed:
        raise UserError(*changed)


def _flat(node: Any, prefix: str = "") -> dict[str, Any]:
    if not isinstance(node, dict):
        return {prefix: node}
    found: dict[str, Any] = {}
    for name, value in node.items():
        found |= _flat(value, f"{prefix}.{name}" if prefix else str(name))
    return found
