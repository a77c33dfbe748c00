"""The same samples side by side: one row per image, the ground truth first, then each run's prediction."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from PIL import Image, ImageDraw

from mnv3.tools.compare.runs import Data
from mnv3.tools.compare.tables import Entry
from mnv3.tools.drawing.fonts import drawable, fitted, font_for
from mnv3.tools.drawing.sheets import Panel, read_panels
from mnv3.tools.files.write import write_encoded

BACKDROP = (24, 24, 28)
LIGHT, SOFT = (255, 255, 255), (170, 176, 186)
GAP = 6
WIDTH, WIDEST, NARROWEST = 2400, 480, 240  # of the picture; most and least of a column
MOST = 24  # rows


class _Sheet(NamedTuple):
    image: Image.Image
    panels: tuple[Panel, ...]

    def cut(self, name: str, part: str) -> Image.Image | None:
        for panel in self.panels:
            if (panel.name, panel.part) == (name, part):
                return self.image.crop((panel.left, panel.top, panel.right, panel.bottom))
        return None


def draw_samples(path: Path, data: Data, entries: Sequence[Entry]) -> tuple[bool, list[Entry]]:
    """Write the picture of the samples scored on `data` to `path`.
    Returns whether there were any, and the runs whose sheets do not record what lies where."""
    unknown: list[Entry] = []
    columns: list[tuple[str, _Sheet]] = []
    for entry in entries:
        found = [score for score in entry.run.scores if score.data == data and score.sheet]
        sheets = [(score, sheet) for score in found if (sheet := _open(score.sheet)) is not None]
        if found and not sheets:
            unknown.append(entry)
        for score, sheet in sheets:
            columns.append((entry.title if len(sheets) == 1 else f"{entry.title} {score.checkpoint}", sheet))
    names = list(dict.fromkeys(panel.name for _, sheet in columns for panel in sheet.panels if panel.part != "legend"))
    if not names:
        return False, unknown
    write_encoded(path, _compose(columns, names[:MOST]).save, quality=90)
    return True, unknown


def _open(path: Path | None) -> _Sheet | None:
    """Return the sheet if its panels are known."""
    if path is None:
        return None
    try:
        with Image.open(path) as opened:
            image = opened.convert("RGB")
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        return None
    panels = read_panels(path, (image.height, image.width))
    return _Sheet(image, panels) if panels else None


def _compose(columns: Sequence[tuple[str, _Sheet]], names: Sequence[str]) -> Image.Image:
    sheets = [sheet for _, sheet in columns]
    given = [part for part in ("image", "truth") if any(sheet.cut(name, part) for sheet in sheets for name in names)]
    width = min(WIDEST, max(NARROWEST, WIDTH // (len(given) + len(columns))))
    titles = drawable([*given, *(title for title, _ in columns)])
    captions, size = drawable(names), max(12, width / 28)
    line = round(size * 1.7)
    rows = []
    for name in names:
        own = [_first(sheets, name, part) for part in given]
        rows.append([_fitted(cell, width) for cell in [*own, *(sheet.cut(name, "prediction") for sheet in sheets)]])
    heights = [max(cell.height for cell in row if cell) for row in rows]
    legend = _legend(sheets, (width + GAP) * len(rows[0]) + GAP)
    height = line + sum(height + line for height in heights) + GAP + (legend.height if legend else 0)
    picture = Image.new("RGB", ((width + GAP) * len(rows[0]) + GAP, height), BACKDROP)
    pen = ImageDraw.Draw(picture)
    for place, title in enumerate(titles):
        x = GAP + place * (width + GAP)
        font = font_for(title, size)
        pen.text((x + 2, line / 2 + 2), fitted(title, font, width - 4), font=font, fill=LIGHT, anchor="lm")
    top = line
    for name, row, row_height in zip(captions, rows, heights, strict=True):
        font = font_for(name, size)
        pen.text((GAP + 2, top + line / 2), fitted(name, font, picture.width - 10), font=font, fill=SOFT, anchor="lm")
        for place, cell in enumerate(row):
            if cell:
                picture.paste(cell, (GAP + place * (width + GAP), top + line))
        top += line + row_height
    if legend:
        picture.paste(legend, (0, top + GAP))
    return picture


def _first(sheets: Sequence[_Sheet], name: str, part: str) -> Image.Image | None:
    return next((cell for sheet in sheets if (cell := sheet.cut(name, part))), None)


def _legend(sheets: Sequence[_Sheet], width: int) -> Image.Image | None:
    legend = _first(sheets, "", "legend")
    if legend is None or legend.width <= width:
        return legend
    return legend.resize((width, round(legend.height * width / legend.width)), Image.Resampling.LANCZOS)


def _fitted(cell: Image.Image | None, width: int) -> Image.Image | None:
    """Resize the cell to the column's width, or less if the image is taller than wide."""
    if cell is None:
        return None
    scale = min(width / cell.width, width / cell.height)
    return cell.resize(
        (max(1, round(cell.width * scale)), max(1, round(cell.height * scale))), Image.Resampling.LANCZOS
    )
