"""Submission of label files to Cityscapes' test server, or of other frames without public labels."""

from collections.abc import Sequence
from pathlib import Path

from mnv3.lraspp.data.frames import FrameData
from mnv3.lraspp.evaluate.label_files import label_file, zip_files


def write_submission(folder: Path, data: FrameData, indices: Sequence[int], algorithm: str) -> Path:
    """Zip label files in `folder`/predictions, <city>_<sequence>_<frame>*.png, as the server expects; return it."""
    files = [label_file(folder / "predictions", data, index) for index in indices]
    path = folder / f"{data.name}_{data.split}_{algorithm}.zip"
    zip_files(path, folder / "predictions", files)
    return path
