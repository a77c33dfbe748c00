"""Boxes with name tags and label maps on pictures, with Pillow only."""

from collections.abc import Mapping, Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from mnv3.tools.drawing.fonts import drawable, fitted, font_for

Colour = tuple[int, int, int]

# 24 hues that are distinct on photographs, neighbours far apart; class i takes colour i modulo 24.
PALETTE: tuple[Colour, ...] = (
    (255, 66, 66), (46, 196, 255), (255, 200, 20), (64, 222, 96), (214, 92, 255), (255, 132, 24),
    (32, 232, 202), (255, 112, 178), (176, 226, 38), (112, 128, 255), (240, 150, 120), (0, 158, 116),
    (250, 240, 110), (0, 120, 212), (200, 30, 90), (150, 235, 180), (160, 90, 40), (190, 180, 255),
    (120, 150, 20), (255, 190, 210), (20, 150, 180), (150, 40, 170), (210, 160, 60), (170, 210, 235),
)  # fmt: skip
BACKDROP: Colour = (24, 24, 28)
DARK: Colour = (16, 16, 16)
LIGHT: Colour = (255, 255, 255)

SHARE = 0.55
"""Share of the class's colour in a pixel; the rest is the image in grey, whose colours could look like classes."""
DARKENED = 0.45
"""Brightness of pixels without class."""
LINE = 22
"""Height of a line of the legend, pixels."""


def class_colour(index: int) -> Colour:
    """Return the RGB colour of class `index` (>= 0)."""
    return PALETTE[index % len(PALETTE)]


def paint_boxes(
    picture: Image.Image,
    corners: Sequence[Sequence[float]],
    texts: Sequence[str] = (),
    colours: Sequence[Colour] = (),
) -> None:
    """Draw boxes with name tags on `picture` (RGB).

    `corners`: n times xyxy in pixels. Of a sorted list the first is on top and gets its tag first; a tag without room
    is left out. `texts`: n name tags, or none; `colours`: n, or none for the palette's first.
    """
    width = max(2, round(max(picture.size) / 240))
    pen = ImageDraw.Draw(picture)
    for i in reversed(range(len(corners))):
        _outline(pen, corners[i], colours[i] if colours else PALETTE[0], width, picture.size)
    taken: list[tuple[float, float, float, float]] = []
    for i, text in enumerate(drawable(texts)):
        font = font_for(text, max(10.0, max(picture.size) / 42))
        _tag(
            pen,
            corners[i],
            fitted(text, font, picture.width - 5),
            colours[i] if colours else PALETTE[0],
            font,
            picture.size,
            taken,
        )


def paint_labels(picture: Image.Image, labels: np.ndarray, colours: Mapping[int, Colour]) -> Image.Image:
    """Return `picture` (RGB) in the colours of `labels` [H, W] uint8; labels without colour leave it darkened."""
    palette, known = np.zeros((256, 3), np.uint8), np.zeros(256, np.uint8)
    numbers = list(colours)
    palette[numbers], known[numbers] = list(colours.values()), 255
    tint = Image.fromarray(labels)
    mask = tint.point(known.tolist())
    tint.putpalette(palette.tobytes())
    mixed = Image.blend(picture.convert("L").convert("RGB"), tint.convert("RGB"), SHARE)
    return Image.composite(mixed, picture.point([round(DARKENED * value) for value in range(256)] * 3), mask)


def paint_legend(names: Sequence[str], colours: Sequence[Colour], width: int) -> Image.Image:
    """Return a strip `width` pixels wide with a coloured square before every name, in as many columns as fit."""
    names = drawable(names)
    widest = max(int(font_for(name, 13).getlength(name)) for name in names) + LINE + 18
    columns = max(1, min(len(names), width // widest))
    rows = -(-len(names) // columns)
    sheet = Image.new("RGB", (width, rows * LINE + 8), BACKDROP)
    pen = ImageDraw.Draw(sheet)
    for place, (name, colour) in enumerate(zip(names, colours, strict=True)):
        x, y = place % columns * (width // columns) + 8, place // columns * LINE + 4
        pen.rectangle((x, y + 4, x + 14, y + 18), fill=tuple(colour), outline=LIGHT)
        font = font_for(name, 13)
        name = fitted(name, font, width // columns - LINE - 12)
        pen.text((x + 22, y + LINE / 2), name, font=font, fill=LIGHT, anchor="lm")
    return sheet


def _outline(
    pen: ImageDraw.ImageDraw, corners: Sequence[float], colour: Colour, width: int, canvas: tuple[int, int]
) -> None:
    """Draw a rectangle with a thin dark rim, visible on bright and dark ground; edges stay on the canvas."""
    x1, x2 = sorted(min(max(round(value), 0), canvas[0] - 1) for value in corners[0::2])
    y1, y2 = sorted(min(max(round(value), 0), canvas[1] - 1) for value in corners[1::2])
    pen.rectangle((x1 - 1, y1 - 1, x2 + 1, y2 + 1), outline=DARK)
    pen.rectangle((x1, y1, x2, y2), outline=colour, width=min(width, max(1, min(x2 - x1, y2 - y1) // 2)))


def _tag(
    pen: ImageDraw.ImageDraw,
    corners: Sequence[float],
    text: str,
    colour: Colour,
    font: "ImageFont.FreeTypeFont | ImageFont.ImageFont",
    canvas: tuple[int, int],
    taken: list[tuple[float, float, float, float]],
) -> None:
    """Draw `text` on a filled tag on the box's upper edge, else inside it or below it; left out if all three are taken.
    A half-covered tag is unreadable, and the box's colour still identifies the class."""
    pad = 2
    left, top, right, bottom = pen.textbbox((0, 0), text, font=font)
    line = pen.textbbox((0, 0), "Ag", font=font)  # one height for all tags, whatever their letters
    width, height = right - left + 2 * pad, max(line[3], bottom) - min(line[1], top) + 2 * pad
    x = min(max(round(min(corners[0], corners[2])), 0), max(canvas[0] - int(width) - 1, 0))
    upper, lower = sorted((round(corners[1]), round(corners[3])))
    for y in (upper - height, upper, lower):
        fits = y >= 0 and y + height < canvas[1]
        free = all(x >= x2 or x + width <= x1 or y >= y2 or y + height <= y1 for x1, y1, x2, y2 in taken)
        if fits and free:
            bright = 0.299 * colour[0] + 0.587 * colour[1] + 0.114 * colour[2] > 130  # Rec. 601 luma
            pen.rectangle((x, y, x + width, y + height), fill=colour)
            pen.text((x + pad - left, y + pad - min(line[1], top)), text, font=font, fill=DARK if bright else LIGHT)
            taken.append((x, y, x + width, y + height))
            return
