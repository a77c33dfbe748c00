"""Views against plain cropping, resizing and flipping."""

import numpy as np
import pytest
import torch
from torchvision.transforms.v2 import functional as F

from mnv3.ssdlite.data.view import look_at, render
from mnv3.tools.images.view import FILL, Box, view_of

IMAGE = torch.arange(3 * 40 * 60, dtype=torch.int64).reshape(3, 40, 60).mul(37).remainder(256).to(torch.uint8)


@pytest.mark.parametrize("flip", [False, True])
def test_a_window_inside_is_a_crop(flip):
    view = view_of(Box(10, 5, 50, 35), (40, 60), (20, 30), flip)
    seen = render(IMAGE, view, (20, 30), "antialias")
    expected = F.resized_crop(IMAGE, 5, 10, 30, 40, [20, 30], antialias=True)
    assert torch.equal(seen, F.horizontal_flip(expected) if flip else expected)
    boxes = look_at(np.array([[10, 5, 30, 20], [0, 0, 60, 40]], np.float32), view, (20, 30))
    first = [15, 0, 30, 10] if flip else [0, 0, 15, 10]
    assert boxes.tolist() == [first, [0, 0, 30, 20]]


def test_a_window_beyond_the_image_is_filled_and_boxes_follow_the_pixels():
    image = torch.zeros(3, 40, 60, dtype=torch.uint8)
    image[:, 10:30, 20:50] = 255
    window = Box(-17, -30, 103, 50)  # 120 x 80, the image at 17, 30
    view = view_of(window, (40, 60), (64, 64))
    seen = render(image, view, (64, 64), "antialias")
    left, top, right, bottom = look_at(np.array([[20, 10, 50, 30]], np.float32), view, (64, 64))[0]
    assert seen[0, 0, 0] == FILL and seen[0, -1, -1] == FILL
    bright = (seen[0] > 200).nonzero()
    assert bright.min(0).values.tolist() == pytest.approx([top, left], abs=1)
    assert (bright.max(0).values + 1).tolist() == pytest.approx([bottom, right], abs=1)
    assert (right - left, bottom - top) == pytest.approx((30 * 64 / 120, 20 * 64 / 80), rel=0.03)


@pytest.mark.parametrize("rule", ["legacy", "half_pixel", "antialias"])
def test_every_rule_renders_uint8(rule):
    seen = render(IMAGE, view_of(Box(0, 0, 60, 40), (40, 60), (20, 20)), (20, 20), rule)
    assert seen.dtype == torch.uint8 and seen.shape == (3, 20, 20)
