"""Files for Cityscapes' test server, or whatever else wants label files of frames without public labels."""

from collections.abc import Sequence
from pathlib import Path

from mnv3.lraspp.data.frames import FrameData
from mnv3.lraspp.evaluate.label_files import label_file, zip_files


def write_submission(folder: Path, data: FrameData, indices: Sequence[int], algorithm: str) -> Path:
    """Pack the label files in `folder`/predictions of the frames `indices` as the server takes them: one archive of
    single-channel PNGs of label ids, <city>_<sequence>_<frame>*.png. Returns it; `algorithm` goes into its name."""
    files = [label_file(folder / "predictions", data, index) for index in indices]
    path = folder / f"{data.name}_{data.split}_{algorithm}.zip"
    zip_files(path, folder / "predictions", files)
    return path
