"""PASCAL VOC's frames: JPEGImages, and SegmentationClass with VOC's own values and palette."""

from pathlib import Path
from typing import Any

from mnv3.lraspp.data.classes import VOC, VOC_IGNORED
from mnv3.lraspp.data.place import Place
from mnv3.tools.data.reader import Log
from mnv3.tools.data.voc import find_split, stems
from mnv3.tools.text.plain import listed


def open_voc(dataset: Any, root: Path, split: str, log: Log) -> Place:
    """Find the frames in the list of a split. Raises UserError as `find_split`."""
    found = find_split(root, "Segmentation", split)
    folder = found.folder / "SegmentationClass"
    with_image, with_label = stems(found.folder / "JPEGImages", ".jpg"), stems(folder, ".png")
    images = {name: found.image(name) for name in found.names if name in with_image}
    labels = {name: folder / f"{name}.png" for name in found.names if name in with_label}
    lacking = [name for name in found.names if name not in images and (split == "test" or name not in labels)]
    problem = f"voc, {split}: {len(lacking)} of {len(found.names)} frames have no image: {listed(lacking)}."
    return Place(
        found.folder,
        images,
        {} if split == "test" else labels,
        VOC,
        VOC_IGNORED,
        stored=True,
        problems=(problem,) if lacking else (),
    )
