"""The authors' random crop, by its own rules, over many draws."""

import numpy as np

from mnv3.ssdlite.data.augment import AREAS, ASPECTS, KEEP_WHOLE, POLICIES, augment
from mnv3.ssdlite.data.view import look_at

SIZE = (300, 400)
BOXES = np.array([[20, 30, 120, 230], [200, 100, 220, 120], [250, 150, 399, 299]], np.float32)


def draws(name, boxes, count=2000):
    rng = np.random.default_rng(0)
    return [augment(name, boxes, SIZE, (320, 320), rng) for _ in range(count)]


def covered(boxes, source):
    low, high = np.maximum(boxes[:, :2], source[:2]), np.minimum(boxes[:, 2:], source[2:])
    return np.maximum(high - low, 0).prod(axis=1) / (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)


def test_crops_obey_the_recipe():
    whole = 0
    for view, keep in draws("paper", BOXES):
        rows, columns = view.source.size
        whole += (rows, columns) == SIZE
        assert view.target == (0, 0, 320, 320)
        if (rows, columns) != SIZE:
            assert ASPECTS[0] - 0.02 <= columns / rows <= ASPECTS[1] + 0.02
            assert AREAS[0] <= rows * columns / (SIZE[0] * SIZE[1]) <= AREAS[1]
            shares = covered(BOXES, view.source)
            # Some policy explains what stayed: all kept boxes are inside to its share, all others are not.
            assert any((keep == ((shares >= p) & (shares > 0))).all() and (shares >= p).any() for p in POLICIES)
    assert KEEP_WHOLE - 0.03 < whole / 2000 < KEEP_WHOLE + 0.15  # and the crops that were not found


def test_half_are_flipped_and_policies_differ():
    drawn = draws("paper", BOXES)
    assert 0.45 < np.mean([view.flip for view, _ in drawn]) < 0.55
    assert {tuple(keep) for _, keep in drawn} >= {(True, True, True), (True, False, False), (False, False, True)}
    smallest = min(view.source.size[0] * view.source.size[1] for view, _ in drawn)
    assert smallest < 0.15 * SIZE[0] * SIZE[1]


def test_images_without_boxes_are_cropped_too():
    sizes = {view.source.size for view, keep in draws("paper", np.zeros((0, 4), np.float32), 200) if not keep.size}
    assert len(sizes) > 50


def test_modern_zooms_out_and_kept_boxes_stay_visible():
    shares = []
    for view, keep in draws("modern", BOXES):
        boxes = look_at(BOXES[keep], view, (320, 320))
        assert (boxes >= 0).all() and (boxes <= 320).all() and (boxes[:, 2:] > boxes[:, :2]).all()
        shares.append(np.prod(view.target.size) / 320**2)
    assert 0.2 < np.mean(np.array(shares) < 0.9) < 0.6
    assert min(shares) < 0.1


def test_flip_does_nothing_else():
    drawn = draws("flip", BOXES, 200)
    assert all(view.source == (0, 0, SIZE[1], SIZE[0]) and keep.all() for view, keep in drawn)
    assert {view.flip for view, _ in drawn} == {True, False}
