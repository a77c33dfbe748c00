"""The uniform style of plots. Figures are made without pyplot, so that plotting opens no window and leaves no state."""

import colorsys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mnv3.tools.drawing.paint import PALETTE
from mnv3.tools.files.write import write_encoded

INK = "#1f2430"
FAINT = "#c9ced6"
MAIN = "#1f6fd6"
SECOND = "#a8c8f0"

LINES = (
    "#1f6fd6", "#e8710a", "#1a9850", "#c2185b", "#7b3fb5", "#008b8b", "#8c5a2b", "#5b6470", "#b8a000", "#d62728",
)  # fmt: skip
"""Colours of the first lines of a plot; `line_colour` mixes further ones."""
TURN = 0.618  # of the colour circle: the golden section, which comes near no earlier hue for long


def line_colour(index: int) -> str:
    """Return the colour of line `index` (>= 0), dark enough for white ground; no two are the same."""
    if index < len(LINES):
        return LINES[index]
    strength, brightness = ((0.9, 0.6), (0.55, 0.8), (0.75, 0.42))[index % 3]
    red, green, blue = colorsys.hsv_to_rgb(index * TURN % 1, strength, brightness)
    return f"#{round(255 * red):02x}{round(255 * green):02x}{round(255 * blue):02x}"


def class_line_colours(indices: Sequence[int]) -> list[tuple[float, float, float]]:
    """Return the palette's colours of classes, slightly darker because lines lie on white. Where two classes have the
    same one, the second gets the next that is free; there are at most as many as colours."""
    taken: list[int] = []
    for index in indices:
        place = index % len(PALETTE)
        while place in taken:
            place = (place + 1) % len(PALETTE)
        taken.append(place)
    return [(red / 300, green / 300, blue / 300) for red, green, blue in (PALETTE[place] for place in taken)]


def new_figure(
    columns: int, width: float, height: float, widths: Sequence[float] | None = None
) -> tuple[Figure, list[Axes]]:
    """Return a figure (inches) with a row of panels in a uniform style, equally wide or in the ratios `widths`."""
    figure = Figure(figsize=(width, height), layout="constrained")
    panels: list[Axes] = [*figure.subplots(1, columns, squeeze=False, width_ratios=widths).flat]
    for axes in panels:
        style_axes(axes)
        axes.set_axisbelow(True)
    return figure, panels


def style_axes(axes: Axes, **ticks: Any) -> None:
    """Apply the uniform style: no frame on top and right, faint lines. `ticks`: further options of the ticks."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(FAINT)
    axes.tick_params(color=FAINT, labelcolor=INK, **ticks)
    axes.grid(color=FAINT, lw=0.5, alpha=0.7)


def save_figure(figure: Figure, path: Path) -> None:
    """Write a PNG, whole or not at all."""
    write_encoded(path, figure.savefig, dpi=110, bbox_inches="tight", pad_inches=0.12)
