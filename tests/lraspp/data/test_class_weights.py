"""Weights of classes: as given, and by the pixels of the label files."""

import math

import numpy as np
import pytest
from PIL import Image

from mnv3.lraspp.data.class_weights import class_weights, pixel_counts
from mnv3.lraspp.data.frames import Frame, FrameData, SegClass
from mnv3.tools.errors import UserError


@pytest.fixture
def data(tmp_path) -> FrameData:
    """Two label files: 60 pixels of id 3, 30 of id 8, none of id 9, 10 of an ignored value."""
    values = np.array([3] * 30 + [8] * 15 + [0] * 5, dtype=np.uint8).reshape(5, 10)
    frames = []
    for number in range(2):
        path = tmp_path / f"{number}.png"
        Image.fromarray(values).save(path)
        frames.append(Frame(str(number), path, path))
    classes = tuple(SegClass(name, (0, 0, 0), None, value) for name, value in (("a", 3), ("b", 8), ("c", 9)))
    return FrameData("made", "train", tmp_path, tuple(frames), classes, (0,))


def test_balanced_is_enets_formula(data):
    """1 / ln(1.02 + share); a class that is absent gets the largest."""
    assert pixel_counts(data).tolist() == [60, 30, 0]
    said = []
    weights = class_weights("balanced", data, said.append)
    assert weights is not None
    assert weights.tolist() == pytest.approx([1 / math.log(1.02 + share) for share in (2 / 3, 1 / 3, 0)], rel=1e-6)
    assert said == ["Class weights: a 1.91, b 3.31, c 50.5"]


def test_given_weights_are_taken_and_none_are_none(data):
    """A list as it is."""
    weights = class_weights([1, 0.5, 3], data, print)
    assert weights is not None and weights.tolist() == [1, 0.5, 3]
    assert class_weights(None, data, print) is None


@pytest.mark.parametrize("wanted", ["balance", [1, 2], [1, 2, -1], [0, 0, 0], [1, 2, "x"]])
def test_what_cannot_be_is_refused(data, wanted):
    """A word, a count, a sign, nothing left to learn, text."""
    with pytest.raises(UserError, match=r"recipe\.class_weights"):
        class_weights(wanted, data, print)


def test_a_label_file_that_cannot_be_read_is_left_out_where_it_is_skipped(data):
    """One of two; refused otherwise."""
    data.frames[1].label.write_bytes(b"no image")
    with pytest.raises(UserError, match="not an image"):
        pixel_counts(data)
    assert pixel_counts(data, "skip").tolist() == [30, 15, 0]
