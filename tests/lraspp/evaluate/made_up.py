"""Made-up data sets for the tests of scoring."""

from pathlib import Path

from omegaconf import OmegaConf

from mnv3.lraspp.data.frames import FrameData
from mnv3.lraspp.data.sets import open_dataset
from tests.lraspp.cityscapes_files import write_cityscapes


def cityscapes_data(root: Path, split: str = "val", *, frames: int = 2, size: tuple[int, int] = (48, 96)) -> FrameData:
    """A data set in Cityscapes' layout, of noise."""
    write_cityscapes(root / "cityscapes", train=1, val=frames, test=frames, size=size)
    data = OmegaConf.create({"root": str(root), "on_error": "raise", "cache": None})
    return open_dataset(OmegaConf.create({"name": "cityscapes"}), data, split, lambda line: None)
