"""The dry run of a segmentation training."""

from omegaconf import DictConfig

from lraspp.training import Segmentation
from tools import rehearsal


def rehearse(cfg: DictConfig) -> None:
    """As `tools.rehearsal.rehearse`."""
    rehearsal.rehearse(Segmentation(), cfg)
