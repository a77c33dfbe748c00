"""Released weights of the paper's networks, with the scores that others publish of them."""

from collections.abc import Mapping
from typing import Any, NamedTuple

AUTHORS = "the authors"
MINIVAL = "the authors' minival, 8,000 images of COCO 2014"
SEEN = "COCO val2017, most of which it was trained on"
"""The authors trained on COCO 2014 without their minival, which includes about four fifths of val2017, so scores on it
are too high: they check a port, not the network's quality. The authors' MobileDet scores 0.6 less on unseen images than
on minival."""

CITYSCAPES = "Cityscapes val at 1025x2049, output stride {}"
"""Unseen frames: the authors trained on Cityscapes' training frames only, unlike fastseg's, whose training includes the
official validation cities."""


class Figure(NamedTuple):
    """A score in percent, as `by` prints it, on the images `on`; `short` names these in a table."""

    printed: str
    short: str
    on: str
    by: str

    @property
    def value(self) -> float:
        """0..1."""
        return float(self.printed) / 100


class Release(NamedTuple):
    """Weights with published scores, their publisher's first.

    `score` as in `tools.paper.tables`, `origin` as in `tools.weights.opener`. `options`: what sets them apart from
    others of this origin, by dotted key. `stride`: output stride of the scores. `row`: the row of the paper's tables
    that has this network, None if there is none; `unlike`: differences from that row.
    """

    name: str
    score: str
    origin: str
    options: Mapping[str, Any]
    figures: tuple[Figure, ...]
    row: str | None = None
    stride: int = 32
    unlike: str = ""

    def fits(self, options: Mapping[str, Any]) -> bool:
        """Return whether `options`, by dotted key, describe this network."""
        return all(options.get(key) == value for key, value in self.options.items())


def _detector(name: str, family: str, row: str, figures: tuple[Figure, ...], unlike: str = "") -> Release:
    options = {"backbone.name": family, "backbone.rf2": family != "v2", "backbone.width": 1.0}
    return Release(name, "mAP", "authors", options, figures, row, unlike=unlike)


def _segmenter(name: str, family: str, miou: str, stride: int, row: str, unlike: str = "") -> Release:
    figure = Figure(miou, "val", CITYSCAPES.format(stride), AUTHORS)
    return Release(name, "mIoU", "authors", {"backbone.name": family}, (figure,), row, stride, unlike)


THIRD_PARTY = "a third party, with the TFLite file"

RELEASES = (
    _detector(
        "ssdlite_mobilenet_v2_coco_2018_05_09",
        "v2",
        "table6/v2",
        (Figure("22", "minival", MINIVAL, AUTHORS), Figure("24.29", "val2017", SEEN, "OpenVINO's model zoo")),
        "at 300 x 300",
    ),
    _detector(
        "ssd_mobilenet_v3_large_coco_2020_01_14",
        "large",
        "table6/v3_large_rf2",
        (Figure("22.6", "minival", MINIVAL, AUTHORS), Figure("25.45", "val2017", SEEN, THIRD_PARTY)),
    ),
    _detector(
        "ssd_mobilenet_v3_small_coco_2020_01_14",
        "small",
        "table6/v3_small_rf2",
        (Figure("15.4", "minival", MINIVAL, AUTHORS), Figure("15.99", "val2017", SEEN, THIRD_PARTY)),
    ),
    Release(  # its anchors and head are no row's
        "torchvision's ssdlite320_mobilenet_v3_large",
        "mAP",
        "torchvision",
        {},
        (Figure("21.3", "val2017", "COCO val2017; trained on train2017", "torchvision"),),
    ),
    _segmenter(
        "mobilenetv2_coco_cityscapes_trainfine", "v2", "70.71", 16, "table7/v2_raspp", "started from COCO weights"
    ),
    # No row of Table 7 has output stride 32; these are networks of Table 8.
    _segmenter("mobilenetv3_large_cityscapes_trainfine", "large", "72.41", 32, "table8/v3_large_os32"),
    _segmenter("mobilenetv3_small_cityscapes_trainfine", "small", "68.99", 32, "table8/v3_small_os32"),
    Release(  # its head is no row's
        "torchvision's lraspp_mobilenet_v3_large",
        "mIoU",
        "torchvision",
        {},
        (Figure("57.9", "val2017", "COCO val2017, VOC's 21 classes, at 520", "torchvision"),),
    ),
)

OF_ROWS = {release.row: release for release in RELEASES if release.row}
"""By row."""


def find_release(score: str, origin: str, options: Mapping[str, Any]) -> Release | None:
    """Return the release with the network of a file of `origin`, described by `options`; None if there is none."""
    fitting = (release for release in RELEASES if (release.score, release.origin) == (score, origin))
    return next((release for release in fitting if release.fits(options)), None)
