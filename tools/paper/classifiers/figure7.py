"""Figure 7: multipliers and resolutions."""

from mnv3.tools.paper.classifiers.rows import ClassifierRow, ClassifierTable, Network, of_publishers
from mnv3.tools.paper.classifiers.table3 import NOTES, TABLE_3

PRINTED = {row.network: row for row in TABLE_3.rows if row.network}
PADDLE = {
    "large": {0.35: "64.3", 0.5: "69.2", 0.75: "73.1", 1.0: "75.3", 1.25: "76.4"},
    "small": {0.35: "53.0", 0.5: "59.2", 0.75: "66.0", 1.0: "68.2", 1.25: "70.7"},
}
SIZES = (96, 128, 160, 192, 256)
"""Sides of the images besides 224."""


def _point(network: Network) -> ClassifierRow:
    """Return a point of Figure 7, with what Table 3 prints of it and what others publish."""
    backbone, width, _, size = network
    title = f"V3-{backbone.title()}" + (f", {size} x {size}" if width == 1 else f" {width:g}")
    name = f"figure7/v3_{backbone}" + (f"_{size}" if width == 1 else f"_{width:g}".replace(".", ""))
    paddle = {"Paddle": PADDLE[backbone][width]} if size == 224 else {}
    known = PRINTED.get(network)
    printed = {key: known.printed[key] for key in ("top1", "params", "madds")} if known else {}
    published = {**(known.published if known else {}), **paddle}
    notes = {**of_publishers(NOTES[backbone], published), **(known.notes if known else {})}
    if (backbone, width) == ("small", 0.5):
        published["timm"], notes["timm"] = "57.918", "with 16 filters in the first layer: backbone.stem=32 here"
    return ClassifierRow(name, title, network, printed, published, notes)


FIGURE_7 = ClassifierTable(
    "figure7",
    "multipliers at 224 x 224 and resolutions at multiplier 1, on ImageNet",
    tuple(
        _point(Network(backbone, width, size=size))
        for backbone in ("large", "small")
        for width, size in (*((width, 224) for width in PADDLE[backbone]), *((1.0, size) for size in SIZES))
    ),
    ("The figure prints no values: the paper's are those of Table 3.",),
)
