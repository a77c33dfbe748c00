"""Grids cover every pixel, overlap as promised, and fit the network's input."""

import numpy as np
import pytest

from mnv3.tools.predict.tiles.grid import LARGEST, OVERLAP, Grid, choose, describe

PICTURES = [(3000, 4000), (320, 320), (481, 480), (480, 481), (5000, 300), (1, 1), (1080, 1920), (999, 20001)]


@pytest.mark.parametrize("tiles", ["auto", 2, 3, 7])
@pytest.mark.parametrize("picture", PICTURES)
def test_tiles_cover_the_picture_and_overlap(picture: tuple[int, int], tiles: int | str) -> None:
    grid = choose(picture, (320, 320), tiles)
    seen = np.zeros(picture, np.uint8)
    for tile in grid.tiles():
        assert 0 <= tile.top < tile.bottom <= picture[0] and 0 <= tile.left < tile.right <= picture[1]
        assert (tile.bottom - tile.top, tile.right - tile.left) == grid.size
        seen[tile.top : tile.bottom, tile.left : tile.right] = 1
    assert seen.all()
    lefts, tops = ({getattr(tile, side) for tile in grid.tiles()} for side in ("left", "top"))
    for starts, side in ((sorted(tops), grid.size[0]), (sorted(lefts), grid.size[1])):
        assert all(start + side - after >= OVERLAP * side - 1 for start, after in zip(starts, starts[1:]))  # noqa: B905, RUF007


@pytest.mark.parametrize("inputs", [(320, 320), (300, 300), (256, 512)])
@pytest.mark.parametrize("picture", PICTURES)
def test_automatic_tiles_are_about_the_networks_input(picture: tuple[int, int], inputs: tuple[int, int]) -> None:
    grid = choose(picture, inputs, "auto")
    for count, side, length, wanted in zip((grid.rows, grid.columns), grid.size, picture, inputs, strict=True):
        assert side <= LARGEST * wanted + 1
        assert count == 1 or side >= wanted * 0.8 or length < 2 * wanted


def test_a_number_counts_along_the_longer_side() -> None:
    assert choose((3000, 4000), (320, 320), 4)[1:3] == (3, 4)
    assert choose((4000, 3000), (320, 320), 4)[1:3] == (4, 3)
    assert choose((1000, 4000), (320, 320), 2)[1:3] == (1, 2)
    assert choose((2000, 2001), (256, 512), 2)[1:3] == (5, 2)  # tiles of the shape of the input


def test_tiles_are_not_of_a_few_pixels() -> None:
    grid = choose((100, 100), (320, 320), 100)
    assert grid.rows * grid.columns <= 25 and min(grid.size) >= 20


def test_words_name_the_grid_and_the_limit() -> None:
    grids = [choose((3000, 4000), (320, 320), "auto"), *(Grid((side, side), 1, 1, (side, side)) for side in range(5))]
    words = describe(grids, 100)
    assert "4000 x 3000" in words and f"{grids[0].columns} x {grids[0].rows} tiles" in words and "100" in words
    assert len(words.splitlines()) == 5 and "3 sizes" in words
