"""mnv3 train: train and score a network in a run folder."""

import logging
import sys
from pathlib import Path
from typing import Any

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf

from mnv3.cli.call.experiments import leave_row_if_changed
from mnv3.cli.launch import cluster
from mnv3.cli.tasks import open_task
from mnv3.tools.files import locks
from mnv3.tools.machine.environment import environment
from mnv3.tools.runs.folder import RunFolder, display_path

log = logging.getLogger("mnv3")


def run(cfg: DictConfig) -> Path | None:
    """Train as configured in Hydra's folder of this job and return it, or rehearse that with dry=true.

    Raises UserError for mistakes the user can fix, tools.training.trainer.NonFiniteLoss if training diverged.
    """
    if changed := leave_row_if_changed(cfg):
        log.warning(changed)
    if cfg.dry:
        from mnv3.tools.training.dry_run import rehearse

        rehearse(open_task(cfg.task.name).training(), cfg)
        return None
    hydra = HydraConfig.get()
    folder = RunFolder(hydra.runtime.output_dir)
    if cfg.resume is None and cluster.first():
        folder.refuse_foreign()
    if cluster.first() and not cluster.restarted():  # a lock may outlive a failed machine
        locks.hold(folder.path, "this run")
    if cfg.resume is None and cluster.restarted() and folder.last.exists():
        log.info("This job was stopped and restarted: resuming from %s.", display_path(folder.last))
        cfg.resume = str(folder.path)

    def begin() -> None:
        if cfg.resume is None:
            config: Any = OmegaConf.to_container(cfg, resolve=True)
            folder.describe(config, hydra.overrides.task, ["mnv3", *sys.argv[1:]], environment())

    from mnv3.tools.training.run import fit_and_score

    fit_and_score(open_task(cfg.task.name).training(), cfg, folder, begin)
    return folder.path
