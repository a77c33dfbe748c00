"""Boxes, captions and mosaics on images: crisp lines, legible names, the same colour for the same class everywhere."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

from tools.files import atomic_path

Colour = tuple[int, int, int]

# 24 hues that stay apart on photographs, neighbours far from each other; class i takes colour i modulo 24.
PALETTE: tuple[Colour, ...] = (
    (255, 66, 66), (46, 196, 255), (255, 200, 20), (64, 222, 96), (214, 92, 255), (255, 132, 24),
    (32, 232, 202), (255, 112, 178), (176, 226, 38), (112, 128, 255), (240, 150, 120), (0, 158, 116),
    (250, 240, 110), (0, 120, 212), (200, 30, 90), (150, 235, 180), (160, 90, 40), (190, 180, 255),
    (120, 150, 20), (255, 190, 210), (20, 150, 180), (150, 40, 170), (210, 160, 60), (170, 210, 235),
)  # fmt: skip
BACKDROP: Colour = (24, 24, 28)
DARK: Colour = (16, 16, 16)
LIGHT: Colour = (255, 255, 255)


def class_colour(index: int) -> Colour:
    """RGB colour of class `index` (>= 0)."""
    return PALETTE[index % len(PALETTE)]


def draw_boxes(
    image: Tensor,
    boxes: Tensor,
    texts: Sequence[str] = (),
    colours: Sequence[Colour] = (),
    *,
    longest: int | None = None,
    caption: str | None = None,
) -> Tensor:
    """Draw boxes with name tags on a copy of `image`.

    Args:
        image: [3, H, W] uint8 RGB.
        boxes: [n, 4] xyxy in pixels of `image`. Of a sorted list the first is on top and gets its
            tag first; a tag for which there is no room is left out.
        texts: n name tags, or none.
        colours: n colours, or none for the palette's first.
        longest: longer side of the picture to draw on; the image is resized first, so that lines and tags stay sharp.
        caption: a line of text on a dark strip above the picture.

    Returns:
        [3, H', W'] uint8 RGB.
    """
    assert len(texts) in (0, len(boxes)) and len(colours) in (0, len(boxes)), "one text and one colour a box"
    picture = _to_pillow(image)
    scale = 1.0 if longest is None else longest / max(picture.size)
    if scale != 1.0:
        size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
        picture = picture.resize(size, Image.Resampling.LANCZOS)
    width = max(2, round(max(picture.size) / 240))
    font = ImageFont.load_default(max(10.0, max(picture.size) / 42))
    pen = ImageDraw.Draw(picture)
    corners = (boxes.detach().cpu().double() * scale).tolist()
    for i in reversed(range(len(corners))):
        _outline(pen, corners[i], colours[i] if colours else PALETTE[0], width, picture.size)
    taken: list[tuple[float, float, float, float]] = []
    for i, text in enumerate(texts):
        _tag(pen, corners[i], text, colours[i] if colours else PALETTE[0], font, picture.size, taken)
    return _to_tensor(picture if caption is None else _with_caption(picture, caption))


def captioned(image: Tensor, caption: str, *, longest: int | None = None) -> Tensor:
    """`image` [3, H, W] uint8, resized to `longest` as its longer side, below a line of text on a dark strip."""
    return draw_boxes(image, torch.zeros(0, 4), longest=longest, caption=caption)


def mosaic(images: Sequence[Tensor], columns: int, gap: int = 6) -> Tensor:
    """Lay images out in rows of `columns`, each centred in its cell: as wide as the widest, as high as its row.

    Args:
        images: at least one [3, H, W] uint8; sizes may differ.

    Returns:
        [3, H', W'] uint8, with `gap` pixels around every cell.
    """
    places, size = mosaic_places([image.shape[1:] for image in images], columns, gap)
    sheet = torch.tensor(BACKDROP, dtype=torch.uint8)[:, None, None].repeat(1, *size)
    for image, (top, left) in zip(images, places, strict=True):
        sheet[:, top : top + image.shape[1], left : left + image.shape[2]] = image.cpu()
    return sheet


def mosaic_places(
    sizes: Sequence[Sequence[int]], columns: int, gap: int
) -> tuple[list[tuple[int, int]], tuple[int, int]]:
    """Where `mosaic` puts images of these (height, width): top and left of each; and its own height and width."""
    assert sizes and columns > 0
    columns = min(columns, len(sizes))
    rows = [sizes[i : i + columns] for i in range(0, len(sizes), columns)]
    width = max(size[1] for size in sizes)
    places, ceiling = [], gap
    for row in rows:
        height = max(size[0] for size in row)
        for column, size in enumerate(row):
            left = gap + column * (width + gap) + (width - size[1]) // 2
            places.append((ceiling + (height - size[0]) // 2, left))
        ceiling += height + gap
    return places, (ceiling, columns * (width + gap) + gap)


def save_image(image: Tensor, path: Path) -> None:
    """Write `image` ([3, H, W] uint8) to `path` (.jpg or .png), whole or not at all."""
    with atomic_path(path) as temporary:
        _to_pillow(image).save(temporary, quality=92, subsampling=0)  # PNG has no use for these two and ignores them


def _to_pillow(image: Tensor) -> Image.Image:
    assert image.dtype == torch.uint8 and image.ndim == 3 and image.shape[0] == 3, "an RGB image, uint8, channels first"
    return Image.fromarray(image.detach().cpu().permute(1, 2, 0).contiguous().numpy())


def _to_tensor(picture: Image.Image) -> Tensor:
    return torch.from_numpy(np.array(picture)).permute(2, 0, 1).contiguous()


def _outline(
    pen: ImageDraw.ImageDraw, corners: list[float], colour: Colour, width: int, canvas: tuple[int, int]
) -> None:
    """A rectangle with a thin dark rim, so that it shows on bright and on dark ground; edges stay on the canvas."""
    x1, x2 = sorted(min(max(round(value), 0), canvas[0] - 1) for value in corners[0::2])
    y1, y2 = sorted(min(max(round(value), 0), canvas[1] - 1) for value in corners[1::2])
    pen.rectangle((x1 - 1, y1 - 1, x2 + 1, y2 + 1), outline=DARK)
    pen.rectangle((x1, y1, x2, y2), outline=colour, width=min(width, max(1, min(x2 - x1, y2 - y1) // 2)))


def _tag(
    pen: ImageDraw.ImageDraw,
    corners: list[float],
    text: str,
    colour: Colour,
    font: "ImageFont.FreeTypeFont | ImageFont.ImageFont",
    canvas: tuple[int, int],
    taken: list[tuple[float, float, float, float]],
) -> None:
    """`text` on a filled tag on the box's upper edge, else inside it or below it; left out where all three are taken.

    A tag half under another one says nothing, and the box's colour still names the class.
    """
    pad = 2
    left, top, right, bottom = pen.textbbox((0, 0), text, font=font)
    line = pen.textbbox((0, 0), "Ag", font=font)  # one height for all tags, whatever letters they hold
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


def caption_height(longest: int) -> int:
    """Pixels that a caption takes above a picture whose longer side is `longest`."""
    return round(max(11.0, longest / 36) * 1.7)


def _with_caption(picture: Image.Image, caption: str) -> Image.Image:
    font = ImageFont.load_default(max(11.0, max(picture.size) / 36))
    height = caption_height(max(picture.size))
    sheet = Image.new("RGB", (picture.width, picture.height + height), BACKDROP)
    sheet.paste(picture, (0, height))
    ImageDraw.Draw(sheet).text((8, height / 2), caption, font=font, fill=LIGHT, anchor="lm")
    return sheet
