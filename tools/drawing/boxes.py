"""Boxes, captions and mosaics: crisp lines, legible names, the same colour for a class everywhere."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageDraw
from torch import Tensor

from mnv3.tools.drawing.fonts import drawable, fitted, font_for
from mnv3.tools.drawing.paint import BACKDROP, LIGHT, Colour, paint_boxes
from mnv3.tools.files.write import write_encoded


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
            tag first; a tag without room is left out.
        texts: n name tags, or none.
        colours: n colours, or none for the palette's first.
        longest: longer side of the picture; the image is resized before drawing, so that lines and tags stay sharp.
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
    paint_boxes(picture, (boxes.detach().cpu().double() * scale).tolist(), texts, colours)
    return _to_tensor(picture if caption is None else _with_caption(picture, caption))


def captioned(image: Tensor, caption: str, *, longest: int | None = None) -> Tensor:
    """Return `image` [3, H, W] uint8, resized to `longest` as its longer side, below a line of text on a dark strip."""
    return draw_boxes(image, torch.zeros(0, 4), longest=longest, caption=caption)


def mosaic(images: Sequence[Tensor], columns: int, gap: int = 6) -> Tensor:
    """Lay out images in rows of `columns`, each centred in a cell as wide as the widest and as high as its row.

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
    """Return where `mosaic` puts images of these (height, width): top and left of each, and its height and width."""
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
    # PNG ignores these two.
    write_encoded(path, _to_pillow(image).save, quality=92, subsampling=0)


def _to_pillow(image: Tensor) -> Image.Image:
    assert image.dtype == torch.uint8 and image.ndim == 3 and image.shape[0] == 3, "an RGB image, uint8, channels first"
    return Image.fromarray(image.detach().cpu().permute(1, 2, 0).contiguous().numpy())


def _to_tensor(picture: Image.Image) -> Tensor:
    return torch.from_numpy(np.array(picture)).permute(2, 0, 1).contiguous()


def caption_height(longest: int) -> int:
    """Return the pixels that a caption takes above a picture whose longer side is `longest`."""
    return round(max(11.0, longest / 36) * 1.7)


def _with_caption(picture: Image.Image, caption: str) -> Image.Image:
    (caption,) = drawable([caption])
    font = font_for(caption, max(11.0, max(picture.size) / 36))
    height = caption_height(max(picture.size))
    caption = fitted(caption, font, picture.width - 16)
    sheet = Image.new("RGB", (picture.width, picture.height + height), BACKDROP)
    sheet.paste(picture, (0, height))
    ImageDraw.Draw(sheet).text((8, height / 2), caption, font=font, fill=LIGHT, anchor="lm")
    return sheet
