"""Sheets of sample pictures, each with a layout file from which samples can be cut out again."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor

from mnv3.tools.drawing.boxes import mosaic, mosaic_places, save_image
from mnv3.tools.files.write import write_json


class Panel(NamedTuple):
    """A part of a sheet: `part` ("image", "truth", "prediction" or "legend") of sample `name`, in pixels of the sheet,
    without caption."""

    name: str
    part: str
    left: int
    top: int
    right: int
    bottom: int


class Sheet(NamedTuple):
    """Picture [3, H, W] uint8 and its layout."""

    picture: Tensor
    panels: tuple[Panel, ...]


def panel(picture: Tensor, name: str, part: str, caption: int = 0) -> Sheet:
    """Return a sheet of one panel whose top `caption` pixels are its caption."""
    return Sheet(picture, (Panel(name, part, 0, caption, picture.shape[2], picture.shape[1]),))


def lay_out(sheets: Sequence[Sheet], columns: int, gap: int = 6) -> Sheet:
    """Return sheets in rows of `columns`, arranged like `tools.drawing.boxes.mosaic`."""
    places, _ = mosaic_places([sheet.picture.shape[1:] for sheet in sheets], columns, gap)
    panels = [
        _moved(part, left, top) for sheet, (top, left) in zip(sheets, places, strict=True) for part in sheet.panels
    ]
    return Sheet(mosaic([sheet.picture for sheet in sheets], columns, gap), tuple(panels))


def under(upper: Sheet, lower: Sheet) -> Sheet:
    """Return `lower` below `upper`, both of the same width."""
    panels = [_moved(part, 0, upper.picture.shape[1]) for part in lower.panels]
    return Sheet(torch.cat([upper.picture, lower.picture], 1), (*upper.panels, *panels))


def save_sheet(sheet: Sheet, path: Path) -> None:
    """Write the picture to `path` and its layout to a .json beside it, each whole or not at all."""
    save_image(sheet.picture, path)
    note = {"size": [*sheet.picture.shape[1:]], "panels": [part._asdict() for part in sheet.panels]}
    write_json(path.with_suffix(".json"), note)


def read_panels(path: Path, size: tuple[int, int]) -> tuple[Panel, ...]:
    """Read the layout of the sheet `path` of (height, width) `size`; empty if there is none."""
    try:
        note: Any = json.loads(path.with_suffix(".json").read_text())
        panels = tuple(Panel(**part) for part in note["panels"])
        whole = tuple(note["size"]) == size and all(_lies_in(part, size) for part in panels)
        return panels if whole else ()  # else the layout belongs to another picture
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return ()


def _lies_in(part: Panel, size: tuple[int, int]) -> bool:
    """Return whether a panel is well-formed and within (height, width) `size`."""
    places = all(type(place) is int for place in part[2:])
    inside = places and 0 <= part.left < part.right <= size[1] and 0 <= part.top < part.bottom <= size[0]
    return inside and type(part.name) is str and type(part.part) is str


def _moved(part: Panel, right: int, down: int) -> Panel:
    return Panel(part.name, part.part, part.left + right, part.top + down, part.right + right, part.bottom + down)
