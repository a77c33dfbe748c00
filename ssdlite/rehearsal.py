"""The dry run of a detection training."""

from omegaconf import DictConfig

from ssdlite.training import Detection
from tools import rehearsal


def rehearse(cfg: DictConfig) -> None:
    """As `tools.rehearsal.rehearse`."""
    rehearsal.rehearse(Detection(), cfg)
