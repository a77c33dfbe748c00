"""mnv3 train: from a configuration to a trained, scored network in a run folder."""

import importlib
import sys
from typing import Any

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf

from tools.environment import environment
from tools.run_folder import RunFolder


def run(cfg: DictConfig) -> None:
    """Train by `cfg` in Hydra's folder of this job, or rehearse that with dry=true.

    Raises:
        UserError: what the user can mend.
        tools.training.NonFiniteLoss: training broke down.
    """
    if cfg.dry:
        importlib.import_module(f"{cfg.task.name}.rehearsal").rehearse(cfg)
        return
    hydra = HydraConfig.get()
    folder = RunFolder(hydra.runtime.output_dir)

    def begin() -> None:
        if cfg.resume is None:
            config: Any = OmegaConf.to_container(cfg, resolve=True)
            folder.describe(config, hydra.overrides.task, ["mnv3", *sys.argv[1:]], environment())

    importlib.import_module(f"{cfg.task.name}.training").train(cfg, folder, begin)
