"""How a picture is divided into overlapping tiles."""

from collections.abc import Sequence
from itertools import product
from math import ceil
from typing import NamedTuple

OVERLAP = 0.2
"""Share of a tile that it has in common with its neighbour: objects up to this size are whole in one of the two."""

LARGEST = 1.5
"""Sides of an automatic tile, at most, in sides of the network's input."""

SMALLEST = 32
"""Least side of a tile, pixels: a larger number of tiles would only repeat the same few pixels."""

MOST_GRIDS = 3
"""Grids that are described."""

Size = tuple[int, int]
"""Height and width."""


class Tile(NamedTuple):
    """A part of a picture, in pixels; `bottom` and `right` are exclusive."""

    top: int
    left: int
    bottom: int
    right: int


class Grid(NamedTuple):
    """`rows` times `columns` tiles of one `size` for a `picture`; a single one is the whole picture."""

    picture: Size
    rows: int
    columns: int
    size: Size

    def tiles(self) -> list[Tile]:
        """Return the tiles, the first and last of each row and column at the picture's borders."""
        height, width = self.size
        tops = _places(self.picture[0], self.rows, height)
        lefts = _places(self.picture[1], self.columns, width)
        return [Tile(top, left, top + height, left + width) for top, left in product(tops, lefts)]

    def __str__(self) -> str:
        (height, width), (tile_height, tile_width) = self.picture, self.size
        if self.rows * self.columns == 1:
            return f"{width} x {height} px: no tiles, the picture is small enough"
        return (
            f"{width} x {height} px: {self.columns} x {self.rows} tiles of {tile_width} x {tile_height} px, "
            f"with an overlap of at least {OVERLAP:.0%}, and the whole picture"
        )


def describe(grids: Sequence[Grid], most: int) -> str:
    """Describe the grids of the largest pictures, and the limit of `most` boxes a picture."""
    largest = sorted(grids, key=lambda grid: -grid.picture[0] * grid.picture[1])
    lines = [f"Pictures of {grid}." for grid in largest[:MOST_GRIDS]]
    if len(grids) > MOST_GRIDS:
        lines.append(f"Smaller ones, of {len(grids) - MOST_GRIDS} sizes, likewise.")
    return "\n".join([*lines, f"At most {most} boxes a picture, as without tiles."])


def choose(picture: Size, inputs: Size, tiles: int | str) -> Grid:
    """Return the grid of a `picture` for a network with images of size `inputs`.

    `tiles`: the number along the longer side, as far as tiles have SMALLEST pixels; or "auto" for tiles of up to
    LARGEST times the network's input.
    """
    if tiles == "auto":
        most = [LARGEST * side for side in inputs]
    else:
        longer = picture.index(max(picture))
        scale = picture[longer] / (int(tiles) * (1 - OVERLAP) + OVERLAP) / inputs[longer]
        most = [max(scale * side, SMALLEST) for side in inputs]
    rows, columns = (_count(length, side) for length, side in zip(picture, most, strict=True))
    return Grid(picture, rows, columns, (_side(picture[0], rows), _side(picture[1], columns)))


def _count(length: int, most: float) -> int:
    """Return the fewest overlapping tiles of at most `most` pixels along `length`."""
    return max(1, ceil((length / most - OVERLAP) / (1 - OVERLAP) - 1e-9))


def _side(length: int, count: int) -> int:
    return min(length, ceil(length / (count * (1 - OVERLAP) + OVERLAP)))


def _places(length: int, count: int, side: int) -> list[int]:
    return [round(number * (length - side) / max(count - 1, 1)) for number in range(count)]
