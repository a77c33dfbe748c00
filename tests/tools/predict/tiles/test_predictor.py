"""Objects in a large picture are found once, whole and where they are, whatever borders cut them."""

import numpy as np
import pytest

from mnv3.tools.predict.tiles.predictor import TiledPredictor
from tests.tools.predict.tiles.squares import Squares, draw, listed

SIZE = (800, 1000)


def scattered(rng: np.random.Generator, count: int, least: int, most: int) -> list[tuple[int, int, int, int, int]]:
    """Rectangles that do not touch each other, on a lattice."""
    cells = rng.permutation(80)[:count]
    boxes = []
    for cell in cells.tolist():
        width, height = rng.integers(least, most, 2).tolist()
        x, y = (
            100 * (cell % 10) + int(rng.integers(0, 99 - width)),
            100 * (cell // 10) + int(rng.integers(0, 99 - height)),
        )
        boxes.append((x, y, x + width, y + height, int(rng.integers(1, 3))))
    return boxes


@pytest.mark.parametrize("seed", range(25))
def test_each_small_object_once_and_where_it_is(seed: int) -> None:
    """None is large enough in the whole picture, all are in a tile, and some are cut by several."""
    boxes = scattered(np.random.default_rng(seed), 60, 12, 26)
    picture, detector = draw(boxes, SIZE), Squares()
    assert len(detector([picture])[0].scores) == 0
    found = TiledPredictor(detector, "auto", 4)([picture])[0]
    assert listed(found) == sorted(boxes)
    assert (np.diff(found.scores) <= 0).all() and found.boxes.dtype == found.scores.dtype == np.float32


def test_an_object_of_several_tiles_is_that_of_the_whole_picture() -> None:
    boxes = [(100, 100, 900, 700, 1), (910, 20, 930, 40, 2)]
    assert listed(TiledPredictor(Squares(), "auto", 4)([draw(boxes, SIZE)])[0]) == boxes


def test_an_object_of_another_class_on_it_stays() -> None:
    boxes = [(100, 100, 900, 700, 1), (300, 300, 330, 330, 2)]
    assert listed(TiledPredictor(Squares(), "auto", 4)([draw(boxes, SIZE)])[0]) == boxes


def test_objects_at_the_pictures_own_border_are_not_taken_for_cut_ones() -> None:
    boxes = [(0, 0, 20, 20, 1), (0, 400, 15, 430, 2), (980, 780, 1000, 800, 1)]
    assert listed(TiledPredictor(Squares(), "auto", 4)([draw(boxes, SIZE)])[0]) == boxes


def test_the_best_of_too_many_and_batches_over_tiles() -> None:
    detector = Squares()
    detector.max_detections = 7
    found = TiledPredictor(detector, 4, 5)([draw(scattered(np.random.default_rng(0), 60, 26, 40), SIZE)])[0]
    assert len(found.scores) == 7 and detector.batches == [1, 5, 5, 5, 1]  # 4 x 4 tiles


def test_a_picture_that_is_small_enough_has_no_tiles() -> None:
    picture, detector = draw([(10, 10, 40, 40, 1)], (140, 150)), Squares()
    tiled = TiledPredictor(detector, "auto", 4)
    assert listed(tiled([picture, picture])[1]) == [(10, 10, 40, 40, 1)] and detector.batches == [2]
    assert "no tiles" in tiled.words()
