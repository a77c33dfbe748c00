"""Finds runs on disk by what the user asks for, and applies the user's overrides to their configuration."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from omegaconf import DictConfig, OmegaConf

from mnv3.tools.errors import UserError
from mnv3.tools.runs.saved_config import read_config
from mnv3.tools.text.words import format_value

LAID_OVER = ("dataset", "data", "eval", "wandb", "task.input_size")
"""Sections and keys that change how a trained network is used; all others determine which network it is."""

IDENTITY = ("task", "backbone", "recipe")


class Source(NamedTuple):
    """A checkpoint and its run folder, if it is in one."""

    checkpoint: Path
    folder: Path | None


def typed_keys(overrides: Sequence[str]) -> list[str]:
    """Return the groups and keys of Hydra's override strings, in the order typed."""
    return [override.lstrip("+~").partition("=")[0].partition("@")[0] for override in overrides]


def wanted(cfg: DictConfig, typed: Sequence[str]) -> dict[str, Any]:
    """Return dotted key -> value of the overrides that select a network; a group is its name, an experiment its row.
    Without the task: runs of other tasks are not considered."""
    row = {"row": cfg.row} if {"experiment", "row"} & {*typed} else {}
    selecting = [key for key in typed if key.partition(".")[0] in IDENTITY and key != "task"]
    keys = [f"{key}.name" if key in IDENTITY else key for key in selecting]
    return row | {key: _plain(OmegaConf.select(cfg, key)) for key in keys if key not in LAID_OVER}


def disagreements(config: Mapping[str, Any], asked: Mapping[str, Any]) -> list[str]:
    """Return the keys of `asked` whose values in a run's `config` differ, as `key=value`."""
    found = {key: _at(config, key) for key in asked}
    return [f"{key}={format_value(found[key])}" for key, value in asked.items() if found[key] != value]


def check_asked(source: Source, config: Mapping[str, Any], asked: Mapping[str, Any]) -> None:
    """Raise UserError unless the `config` of a checkpoint is what the user asked for."""
    if others := disagreements(config, asked):
        raise UserError(f"{source.checkpoint} is not what was asked for: it has {', '.join(others)}.")


def lay_over(config: Mapping[str, Any], cfg: DictConfig, typed: Sequence[str]) -> dict[str, Any]:
    """Return a run's `config` with the user's overrides in `cfg` applied, and all of `cfg.eval` that is not null.

    The run's data root is kept only for its own data set and if it exists, because checkpoints move between machines.
    Otherwise it is the call's (data.root=, MNV3_DATA).
    """
    result = OmegaConf.create(dict(config))
    keys = ["eval", *(key for key in typed if key in LAID_OVER or key.partition(".")[0] in LAID_OVER)]
    if "dataset" in keys or not is_data_root(result.data.root, result.dataset.name):
        keys.append("data.root")
    own = _plain(result.get("eval")) or {}
    for key in keys:
        OmegaConf.update(result, key, _plain(OmegaConf.select(cfg, key)), merge=False, force_add=True)
    for key, value in own.items() if result.eval else ():
        if result.eval.get(key) is None:
            OmegaConf.update(result, f"eval.{key}", value, force_add=True)
    return OmegaConf.to_container(result, resolve=True)  # type: ignore[return-value]


def is_data_root(root: str, dataset: str) -> bool:
    """Return whether the data root of a saved run is usable: it exists; for street scenes, which are drawn if missing,
    it also has some, or is empty, or is below the current folder."""
    folder = Path(root).expanduser()
    if dataset != "streets" or not folder.is_dir():
        return folder.is_dir()
    return is_below(folder) or (folder / "streets").is_dir() or not any(folder.iterdir())


def is_below(folder: Path) -> bool:
    """Return whether a folder is below the current one."""
    return folder.expanduser().resolve().is_relative_to(Path.cwd())


def find(runs: Path, task: str, run: str | None, ckpt: str | None, asked: Mapping[str, Any]) -> Source:
    """Return the checkpoint `ckpt`, or the best one of folder `run`, or of the newest run in `runs`/`task` as `asked`.
    Raises UserError: none found; lists what exists and how to get one."""
    if run is not None and ckpt is not None:
        raise UserError("run= and ckpt= both name what to score; give one of them.")
    if ckpt is not None:
        path = Path(ckpt).expanduser()
        if not path.is_file():
            raise UserError(f"ckpt={ckpt}: there is no such file.")
        folder = path.resolve().parent.parent
        return Source(path, folder if (folder / "config.yaml").is_file() else None)
    if run is not None:
        return _of_folder(runs / task, run)
    return _newest(runs / task, task, asked)


def _of_folder(runs: Path, run: str) -> Source:
    for folder in (Path(run).expanduser(), runs / run):
        if folder.is_dir():
            checkpoint = best_checkpoint(folder)
            if checkpoint is None:
                raise UserError(f"run={run}: {folder} holds no checkpoint (checkpoints/best.ckpt or last.ckpt) yet.")
            return Source(checkpoint, folder)
    there = [source.folder.name for source in _sources(runs) if source.folder]
    known = f"; in {runs} there are {', '.join(there[:5])}" if there else ""
    raise UserError(f"run={run}: there is no such folder{known}.")


def _newest(runs: Path, task: str, asked: Mapping[str, Any]) -> Source:
    sources = _sources(runs)
    for source in sources:
        if source.folder and _is_as(source.folder, asked):
            return source
    names = {key: "experiment" if key == "row" else key.removesuffix(".name") for key in asked}
    task_too = [] if "row" in asked else [f"task={task}"]
    words = " ".join([*task_too, *(f"{names[key]}={format_value(value)}" for key, value in asked.items())])
    others = [f"{source.folder.name}" for source in sources if source.folder]
    other = f" Others there: {', '.join(others[:3])}{', ...' if len(others) > 3 else ''}." if others else ""
    raise UserError(
        f"There is no trained run of {words} in {runs}.{other} "
        f"Train one with `mnv3 train {words}`, or name what to score: run=FOLDER or ckpt=FILE."
    )


def best_checkpoint(folder: Path) -> Path | None:
    """Return the best checkpoint of a run folder, else the last one, None if there is none."""
    files = (folder / "checkpoints" / name for name in ("best.ckpt", "last.ckpt"))
    return next((file for file in files if file.is_file()), None)


def _sources(runs: Path) -> list[Source]:
    """Return the runs with a configuration and a checkpoint, newest first."""
    folders = [path.parent for path in runs.glob("*/config.yaml")]
    found = [Source(checkpoint, folder) for folder in folders if (checkpoint := best_checkpoint(folder))]
    return sorted(found, key=lambda source: source.checkpoint.stat().st_mtime, reverse=True)


def finished_runs(runs: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Yield folder and configuration of all runs in `runs`/<task>/ that were scored at their end, newest first."""
    sources = [source for task in sorted(runs.glob("*/")) for source in _sources(task)]
    for source in sorted(sources, key=lambda source: source.checkpoint.stat().st_mtime, reverse=True):
        if source.folder and source.checkpoint.name == "best.ckpt" and (source.folder / "metrics.json").is_file():
            with suppress(UserError):
                yield source.folder, read_config(source.folder / "config.yaml")


def _is_as(folder: Path, asked: Mapping[str, Any]) -> bool:
    """Return whether a run is as `asked`; False if its configuration cannot be read."""
    try:
        return not disagreements(read_config(folder / "config.yaml"), asked)
    except UserError:
        return False


def _at(config: Mapping[str, Any], key: str) -> Any:
    """Return the value of a dotted key, None if absent."""
    place: Any = config
    for name in key.split("."):
        place = place.get(name) if isinstance(place, Mapping) else None
    return place


def _plain(value: Any) -> Any:
    return OmegaConf.to_container(value, resolve=True) if OmegaConf.is_config(value) else value
