"""A verb that only takes notes."""

import sys
from pathlib import Path

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig


class Recorder:
    """Stands in for `cli.train`: notes configurations, arguments and folders, and raises `error` if one is set."""

    def __init__(self) -> None:
        self.configs: list[DictConfig] = []
        self.argvs: list[list[str]] = []
        self.folders: list[Path] = []
        self.error: Exception | None = None

    def run(self, cfg: DictConfig) -> None:
        self.configs.append(cfg)
        self.argvs.append(sys.argv)
        self.folders.append(Path(HydraConfig.get().runtime.output_dir))
        if self.error:
            raise self.error
