"""mnv3 eval run=DIR, ckpt=FILE or model=FILE: the task is that of the run, and need not be said."""

from pathlib import Path

from cli.arguments import Arguments
from tools.errors import UserError


def with_task(given: Arguments) -> Arguments:
    """The call with the task of the run or exported file that it names, unless it names a task too.

    What is wrong with a run or a file is said by the verb.
    """
    typed = {key: value for key, _, value in (text.partition("=") for text in given.overrides)}
    if "task" in typed:
        return given
    folders = [_path(typed["run"])] if "run" in typed else []
    folders += [_path(typed[key]).parent.parent for key in ("ckpt", "weights") if key in typed]
    if "model" in typed:
        return _with(given, _task_of(_path(typed["model"])))
    for folder in folders:
        if (folder / "config.yaml").is_file():
            from omegaconf import OmegaConf

            task = OmegaConf.select(OmegaConf.create((folder / "config.yaml").read_text()), "task.name")
            return _with(given, task)
    return given


def _with(given: Arguments, task: str | None) -> Arguments:
    return given._replace(overrides=[f"task={task}", *given.overrides]) if task else given


def _task_of(model: Path) -> str | None:
    from tools.exported import read_exported

    try:
        return read_exported(model).description.task
    except UserError:
        return None


def _path(value: str) -> Path:
    return Path(value.strip("'\"")).expanduser()
