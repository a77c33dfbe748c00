"""Names of run folders and of their log files."""

import logging
import shutil
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf

from mnv3.cli.launch import cluster
from mnv3.tools.errors import UserError
from mnv3.tools.files import locks
from mnv3.tools.files.write import make_folder, named_errors

_claimed: set[Path] = set()


def default_name(backbone: Mapping[str, Any]) -> str:
    """Return <backbone>[-0.5][-rf2][-os16]-<dataset>-<recipe>-<yyyymmdd-hhmmss> for the job that Hydra is about to run,
    with an experiment's name instead of the network's; width 1 and output stride 32 are omitted."""
    from hydra.core.hydra_config import HydraConfig

    choices: Any = HydraConfig.get().runtime.choices
    width, stride = backbone["width"], backbone["output_stride"]
    marks = {f"{width:g}": width != 1, "rf2": backbone["rf2"], f"os{stride}": stride != 32}
    network = [choices.backbone, *(mark for mark, named in marks.items() if named)]
    if choices.experiment:
        network = choices.experiment.split("/")
    return "-".join([*network, choices.dataset, choices.recipe, time.strftime("%Y%m%d-%H%M%S")])


def claim(folder: Path, name: str) -> str:
    """Create folder/name, or folder/name-2, name-3, ... if it is taken, and return the name.

    Creating the folder is atomic, so runs started in the same second get different names.
    """
    make_folder(folder)
    number = 1
    while True:
        candidate = name if number == 1 else f"{name}-{number}"
        try:
            with named_errors(folder / candidate):
                (folder / candidate).mkdir()
        except UserError as error:
            if not isinstance(error.__cause__, FileExistsError):
                raise
            number += 1
        else:
            _claimed.add((folder / candidate).resolve())
            return candidate


def give_back(folder: str) -> None:
    """Remove a folder claimed by this process if the run never started, so that it contains only logs."""
    path = Path(folder).resolve()
    if path in _claimed and path.is_dir() and all(file.name.startswith(("log", locks.NAME)) for file in path.iterdir()):
        for logger in map(logging.getLogger, (None, *logging.root.manager.loggerDict)):
            for handler in [each for each in logger.handlers if isinstance(each, logging.FileHandler)]:
                logger.removeHandler(handler)
                with suppress(OSError):  # the disk is full
                    handler.close()
        shutil.rmtree(path)


def give_back_all() -> None:
    """Remove all folders claimed by this process whose run never started."""
    for path in _claimed:
        give_back(str(path))


def register(showing: bool) -> None:
    """Register the resolvers of conf/hydra; with `showing`, no folder is created."""

    def run_name(task: str, name: str | None, backbone: Mapping[str, Any]) -> str:
        wanted = str(name or default_name(backbone))
        return wanted if showing else cluster.agreed(lambda: claim(Path("runs") / task, wanted))

    def log_name() -> str:
        return f"log-process{cluster.rank()}.txt" if cluster.rank() else "log.txt"

    OmegaConf.register_new_resolver("run_name", run_name, replace=True)
    OmegaConf.register_new_resolver("log_name", log_name, replace=True)
