"""The dry run of a segmentation training."""

from omegaconf import DictConfig

from mnv3.lraspp.training import Segmentation
from mnv3.tools.training import dry_run


def rehearse(cfg: DictConfig) -> None:
    """As `tools.training.dry_run.rehearse`."""
    dry_run.rehearse(Segmentation(), cfg)
