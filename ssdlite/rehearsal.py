"""The dry run of a detection training."""

from omegaconf import DictConfig

from mnv3.ssdlite.training import Detection
from mnv3.tools import rehearsal


def rehearse(cfg: DictConfig) -> None:
    """As `tools.rehearsal.rehearse`."""
    rehearsal.rehearse(Detection(), cfg)
