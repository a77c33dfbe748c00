"""Class tables of the known data sets."""

from cityscapesscripts.helpers.labels import labels

from mnv3.lraspp.data.frames import SegClass
from mnv3.tools.data.voc import NAMES as VOC_NAMES

_BY_TRAIN_ID = sorted((label for label in labels if 0 <= label.trainId < 255), key=lambda label: label.trainId)

CITYSCAPES = tuple(SegClass(label.name, label.color, label.category, label.id) for label in _BY_TRAIN_ID)
"""The 19 evaluated classes; class index = train id."""

CITYSCAPES_IGNORED = tuple(label.id for label in labels if label.id >= 0 and label.trainId == 255)
"""Label ids that are neither trained on nor scored. The licence plate's id, -1, occurs in no label file."""

CAMVID = tuple(
    SegClass(name, colour, None, index)
    for index, (name, colour) in enumerate(
        (
            ("Sky", (128, 128, 128)),
            ("Building", (128, 0, 0)),
            ("Pole", (192, 192, 128)),
            ("Road", (128, 64, 128)),
            ("Pavement", (60, 40, 222)),
            ("Tree", (128, 128, 0)),
            ("SignSymbol", (192, 128, 128)),
            ("Fence", (64, 64, 128)),
            ("Car", (64, 0, 128)),
            ("Pedestrian", (64, 64, 0)),
            ("Bicyclist", (0, 128, 192)),
        )
    )
)
"""The 11 classes that SegNet (Badrinarayanan et al. 2015) made of CamVid's 32, in its order and colours."""

CAMVID_IGNORED = (11,)
"""SegNet's "unlabelled"."""


def _voc_colour(index: int) -> tuple[int, int, int]:
    """Apply the devkit's rule: bits of the index go to red, green and blue in turn, highest bit of the colour first."""
    return tuple(sum((index >> (3 * bit + channel) & 1) << (7 - bit) for bit in range(3)) for channel in range(3))  # type: ignore[return-value]


VOC = tuple(
    SegClass(name, _voc_colour(index), None, index) for index, name in enumerate(("__background__", *VOC_NAMES))
)
"""PASCAL VOC's 20 classes and the background, in the order and colours of its label files."""

VOC_IGNORED = (255,)
"""The border of objects, and things hard to recognise."""
