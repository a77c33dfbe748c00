"""Crops against plain scaling, cropping, padding and flipping of the whole frame."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from mnv3.lraspp.data.augment import SCALES, augment
from mnv3.lraspp.data.frames import IGNORE
from mnv3.lraspp.data.view import render_image, render_labels
from mnv3.tools.images.view import FILL, Box, View, view_of

RNG = np.random.default_rng(0)
IMAGE = RNG.integers(0, 256, (60, 90, 3), dtype=np.uint8)
VALUES = RNG.integers(0, 34, (60, 90), dtype=np.uint8)
TABLE = np.arange(255, -1, -1, dtype=np.uint8)
WHOLE = torch.from_numpy(IMAGE).permute(2, 0, 1)


@pytest.mark.parametrize("flip", [False, True])
def test_at_scale_1_a_crop_is_the_pixels(flip):
    view = view_of(Box(10, 5, 40, 25), (60, 90), (20, 30), flip)
    image, classes = render_image(IMAGE, view, (20, 30)), render_labels(VALUES, TABLE, view, (20, 30))
    step = -1 if flip else 1
    assert (image.permute(1, 2, 0).numpy() == IMAGE[5:25, 10:40][:, ::step]).all()
    assert (classes.numpy() == 255 - VALUES[5:25, 10:40][:, ::step]).all()


def test_beyond_the_frame_are_the_mean_colour_and_ignored_labels():
    view = view_of(Box(-7, 50, 93, 80), (60, 90), (30, 100))
    image, classes = render_image(IMAGE, view, (30, 100)), render_labels(VALUES, TABLE, view, (30, 100))
    inside = torch.zeros(30, 100, dtype=torch.bool)
    inside[:10, 7:97] = True
    assert (image[:, ~inside] == FILL).all() and (classes[~inside] == IGNORE).all()
    assert (image[:, inside].reshape(3, 10, 90) == WHOLE[:, 50:]).all()
    changed = render_image(IMAGE, view, (30, 100), lambda seen: 255 - seen)
    assert (changed[:, ~inside] == FILL).all() and (changed[:, inside] == 255 - image[:, inside]).all()


@pytest.mark.parametrize("size", [(15, 20), (40, 60), (33, 47)])
def test_scaling_a_window_is_torchs_resizing_of_it(size):
    view = View(Box(10, 5, 50, 35), Box(0, 0, size[1], size[0]), flip=False)
    window = WHOLE[None, :, 5:35, 10:50].contiguous()
    expected = F.interpolate(window.float(), size, mode="bilinear", antialias=True)[0]
    assert (render_image(IMAGE, view, size).float() - expected).abs().max() < 1.01  # of 255: bytes are rounded twice
    nearest = F.interpolate(
        torch.from_numpy(TABLE[VALUES[5:35, 10:50]])[None, None].float(), size, mode="nearest-exact"
    )
    assert torch.equal(render_labels(VALUES, TABLE, view, size).float(), nearest[0, 0])


def views(name, frame=(1024, 2048), crop=(769, 769), count=600, input_size=None):
    return [augment(name, frame, crop, np.random.default_rng((0, i)), input_size) for i in range(count)]


def scale_of(view):
    return view.target.size[1] / view.source.size[1]


def test_paper_scales_are_the_authors_and_modern_ones_lie_between():
    paper = np.array([scale_of(view) for view in views("paper")])
    nearest = np.abs(paper[:, None] - np.array(SCALES)).argmin(1)
    assert np.abs(paper - np.array(SCALES)[nearest]).max() < 0.003  # whole pixels
    assert np.bincount(nearest, minlength=7).min() > 50
    modern = np.array([scale_of(view) for view in views("modern")])
    assert 0.499 < modern.min() < 0.55 and 1.9 < modern.max() < 2.002 and len(set(modern.round(3))) > 300


def test_flip_keeps_the_scale():
    assert {scale_of(view) for view in views("flip")} == {1.0}
    whole = views("flip", (360, 480), (360, 480), 50)
    assert {view.source for view in whole} == {(0, 0, 480, 360)} and {view.flip for view in whole} == {True, False}


def test_crops_are_everywhere_inside_and_half_are_flipped():
    found = views("paper")
    assert all(view.source.left >= 0 and view.source.right <= 2048 and view.source.bottom <= 1024 for view in found)
    tops = {view.source.top == 0 for view in found if scale_of(view) > 1.1}
    assert tops == {False, True} or max(view.source.top for view in found) > 400
    assert 0.4 < np.mean([view.flip for view in found]) < 0.6
    padded = [view for view in found if view.target.size != (769, 769)]
    assert {scale_of(view) < 0.76 for view in padded} == {True}
    assert len({view.target.top for view in padded}) > 50  # the frame is anywhere in the crop


def test_frames_can_be_brought_to_another_size_first():
    half = views("paper", input_size=(512, 1024))
    assert all(0.24 < scale_of(view) < 1.01 for view in half)
    squeezed = views("paper", frame=(100, 400), crop=(50, 50), input_size=(100, 200))
    view = next(view for view in squeezed if view.source.size[0] == 50)
    assert view.source.size == (50, 100) and view.target.size == (50, 50)


def test_tiny_frames_and_large_crops():
    for view in views("modern", frame=(1, 3), crop=(65, 33), count=50):
        image = render_image(IMAGE[:1, :3], view, (65, 33))
        classes = render_labels(VALUES[:1, :3], TABLE, view, (65, 33))
        assert image.shape == (3, 65, 33) and classes.shape == (65, 33)
