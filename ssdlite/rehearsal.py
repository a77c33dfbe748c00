"""The dry run of a detection training."""

from omegaconf import DictConfig

from mnv3.ssdlite.training import Detection
from mnv3.tools.training import dry_run


def rehearse(cfg: DictConfig) -> None:
    """As `tools.training.dry_run.rehearse`."""
    dry_run.rehearse(Detection(), cfg)
