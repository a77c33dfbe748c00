"""Palettes that differ between label files."""

import numpy as np
import pytest

from mnv3.lraspp.data.labels.look import look
from mnv3.lraspp.data.labels.verdict import between
from tests.lraspp.data.own_masks import BLACK, GREEN, RED, WHITE, Masks, grey, painted


def differing(folder, save) -> list[str]:
    masks = Masks(folder).write(save)
    return between([look(masks.opened("train")), look(masks.opened("val"))])


@pytest.mark.parametrize("odd", [(1,), (4,), (3, 4)])
def test_files_whose_colours_are_ordered_otherwise_are_refused(tmp_path, odd):
    """Every viewer shows the same picture; in one split, or between the two."""

    def save(values, path, number):
        painted(values ^ (number in odd), path, *((RED, BLACK) if number in odd else (BLACK, RED)))

    (fault,) = differing(tmp_path, save)
    assert "(255, 0, 0)" in fault and ".png" in fault and "palette" in fault


def test_a_colour_that_has_another_value_is_refused(tmp_path):
    def save(values, path, number):
        painted(values * (1 + number % 2), path, *((BLACK, GREEN, RED) if number % 2 else (BLACK, RED)))

    masks = Masks(tmp_path)
    masks.names.write_text("background\nthing\nother\n")
    (fault,) = between([look(masks.write(save).opened())])
    assert "(255, 0, 0)" in fault


def test_grey_values_that_became_places_in_a_palette_are_refused(tmp_path):
    def save(values, path, number):
        painted(1 - values, path, (1, 1, 1), (0, 0, 0)) if number == 2 else grey(values, path, number)

    (fault,) = differing(tmp_path, save)
    assert "2.png" in fault


@pytest.mark.parametrize(
    "save",
    [
        lambda values, path, number: painted(values, path, BLACK, RED, *([GREEN] if number % 2 else [RED] * 200)),
        lambda values, path, number: painted(values, path, BLACK, *([RED] if number % 2 else [RED, RED])),
        lambda values, path, number: painted(values, path, WHITE, BLACK),
        lambda values, path, number: painted(values, path, *[BLACK] * 256),
        lambda values, path, number: painted(values, path, *((level,) * 3 for level in range(256))),
        lambda values, path, number: painted(values, path, BLACK, WHITE) if number % 2 else grey(values, path, number),
        lambda values, path, number: painted(values * (number != 1), path, BLACK, *([] if number == 1 else [RED])),
    ],
)
def test_colours_that_no_pixel_has_and_files_without_any_are_no_fault(tmp_path, save):
    assert differing(tmp_path, save) == []


def test_a_value_beyond_a_short_palette_has_no_colour(tmp_path):
    def save(values, path, number):
        painted(values, path, *((BLACK, RED) if number else (BLACK,)))

    assert differing(tmp_path, save) == []
    assert look(Masks(tmp_path).opened()).by_class.min() > 0


def test_published_label_files_agree(test_data):
    from omegaconf import OmegaConf

    from mnv3.lraspp.data.sets import open_dataset
    from tests.lraspp.data.files import section, silent

    data = open_dataset(OmegaConf.create({"name": "camvid"}), section(test_data), "val", silent)
    assert between([look(data)]) == [] and np.all(look(data).by_class > 0)
