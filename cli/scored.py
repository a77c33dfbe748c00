"""Complete a call with the task and data set of the run, checkpoint or file it names, before the call's overrides."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from omegaconf import DictConfig

from mnv3.cli.call.arguments import Arguments, quoted
from mnv3.cli.tasks import TASKS
from mnv3.conf.schema import VARIANTS, leaves
from mnv3.tools.errors import UserError
from mnv3.tools.text.words import format_value

RUNS = Path("runs")
SOURCES = ("run", "ckpt", "weights", "model")
ALWAYS = ("eval",)  # verbs that need a task; the others search the runs of all tasks
WITH_DATA = ("eval", "export")


def with_task(given: Arguments, verb: str = "eval") -> Arguments:
    """Add the task of the run or file that the call names, and its data set if the call sets keys of the data set.

    Keeps a task or data set given in the call. Invalid runs and files are reported later, by the verb.
    """
    typed = {key: value for key, _, value in (text.partition("=") for text in given.overrides)}
    sections = {key.partition(".")[0] for key in typed if "." in key}
    wants_task = "task" not in typed and (verb in ALWAYS or "task" in sections)
    wants_data = "dataset" not in typed and verb in WITH_DATA and "dataset" in sections
    if not wants_task and not wants_data:
        return given
    try:
        config = _config(typed, alone=wants_data)
    except UserError:
        return given
    before = []
    task, dataset = (config.get(section, {}) for section in ("task", "dataset"))
    if wants_task and task.get("name") in TASKS:
        before.append(f"task={task['name']}")
    if wants_data and dataset.get("name") in VARIANTS:
        before += _data_set(dataset, config.get("data", {}), typed)
    return given._replace(overrides=[*before, *given.overrides])


def only_source(cfg: DictConfig) -> str | None:
    """Return which of run=, ckpt=, weights= and model= is given, if any. Raises UserError for several."""
    given = [f"{key}=" for key in SOURCES if cfg[key] is not None]
    if len(given) > 1:
        raise UserError(f"{' and '.join(given)} each choose a network; give only one of them.")
    return given[0] if given else None


def _data_set(dataset: Mapping[str, Any], data: Mapping[str, Any], typed: Mapping[str, str]) -> Iterator[str]:
    """Yield overrides for the run's data set, except keys that the call gives."""
    from mnv3.tools.runs.find import is_data_root

    yield f"dataset={dataset['name']}"
    known = leaves(VARIANTS[dataset["name"]])
    for key, value in dataset.items():
        if key in known and key != "name" and f"dataset.{key}" not in typed:
            yield f"dataset.{key}={_value(value)}"
    root = data.get("root", "")
    if "data.root" not in typed and is_data_root(root, dataset["name"]):
        yield f"data.root={_value(root)}"


def _value(value: Any) -> str:
    if isinstance(value, list):
        return f"[{','.join(map(_value, value))}]"
    return quoted(value) if isinstance(value, str) else format_value(value)


def _config(typed: Mapping[str, str], alone: bool) -> dict[str, Any]:
    """Return the configuration of what the call names, empty if it has none; `alone`: read it from checkpoints too."""
    from mnv3.tools.runs.saved_config import checked, read_config

    if "model" in typed:
        from mnv3.tools.export.file import read_exported

        description = read_exported(_path(typed["model"])).description
        return {**description.config, "task": {"name": description.task}}
    for folder in _folders(typed):
        if (folder / "config.yaml").is_file():
            return checked(read_config(folder / "config.yaml"), folder)
    if alone and "ckpt" in typed:
        from mnv3.tools.weights.checkpoint import hyper_parameters, read_checkpoint

        path = _path(typed["ckpt"])
        return checked(hyper_parameters(read_checkpoint(path)).get("config"), path)
    return {}


def _folders(typed: Mapping[str, str]) -> Iterator[Path]:
    """Yield folders that may be the run's."""
    if "run" in typed:
        run = _path(typed["run"])
        yield run
        yield from (RUNS / task / run for task in TASKS)
    yield from (_path(typed[key]).parent.parent for key in ("ckpt", "weights") if key in typed)


def _path(value: str) -> Path:
    return Path(value.strip("'\"")).expanduser()
