"""The dry run of a segmentation training."""

from omegaconf import DictConfig

from mnv3.lraspp.training import Segmentation
from mnv3.tools import rehearsal


def rehearse(cfg: DictConfig) -> None:
    """As `tools.rehearsal.rehearse`."""
    rehearsal.rehearse(Segmentation(), cfg)
