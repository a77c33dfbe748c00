"""mnv3 eval run=DIR or ckpt=FILE: the task is that of the run, and need not be said."""

from pathlib import Path

from cli.arguments import Arguments


def with_task(given: Arguments) -> Arguments:
    """The call with the task of the run that it names, unless it names a task or a run without configuration.

    What is wrong with a run or a checkpoint is said by the verb.
    """
    typed = {key: value for key, _, value in (text.partition("=") for text in given.overrides)}
    if "task" in typed:
        return given
    folders = [_path(typed["run"])] if "run" in typed else []
    folders += [_path(typed["ckpt"]).parent.parent] if "ckpt" in typed else []
    for folder in folders:
        if (folder / "config.yaml").is_file():
            from omegaconf import OmegaConf

            task = OmegaConf.select(OmegaConf.create((folder / "config.yaml").read_text()), "task.name")
            return given._replace(overrides=[f"task={task}", *given.overrides]) if task else given
    return given


def _path(value: str) -> Path:
    return Path(value.strip("'\"")).expanduser()
