"""Random colours."""

import pytest
import torch
from torchvision.transforms.v2 import functional as F

from mnv3.tools.images.recolour import adjust, recolour

MIDDLING = torch.randint(90, 150, (3, 40, 60), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("value", [0, 90, 255])
def test_colours_depend_on_the_seed_alone(value):
    image = torch.full((3, 8, 8), value, dtype=torch.uint8)
    image[0] //= 2
    torch.manual_seed(5)
    before = torch.random.get_rng_state()
    results = [recolour(image, seed) for seed in (1, 2, 3, 1)]
    assert torch.equal(results[0], results[3])
    assert torch.equal(before, torch.random.get_rng_state())
    if value == 90:
        assert len({tuple(r.flatten().tolist()) for r in results}) == 3


def test_nothing_changes_by_ones_whatever_the_order_in_memory():
    assert torch.equal(adjust(MIDDLING, 1, 1, 1, 0), MIDDLING)
    interleaved = MIDDLING.permute(1, 2, 0).contiguous().permute(2, 0, 1)
    assert torch.equal(recolour(interleaved, 3), recolour(MIDDLING, 3))


@pytest.mark.parametrize(
    ("place", "adjusted"), [(0, F.adjust_brightness), (1, F.adjust_contrast), (2, F.adjust_saturation)]
)
@pytest.mark.parametrize("factor", [0.6, 1.4])
def test_each_factor_is_torchvisions(place, adjusted, factor):
    factors = [1.0, 1.0, 1.0]
    factors[place] = factor
    found, expected = adjust(MIDDLING, *factors, hue=0), adjusted(MIDDLING, factor)
    assert (found.int() - expected.int()).abs().max() <= 2  # the mean grey is that of a part of the pixels


def test_a_hue_keeps_brightness_and_grey():
    turned = adjust(MIDDLING, 1, 1, 1, hue=0.05)
    assert (F.rgb_to_grayscale(turned).int() - F.rgb_to_grayscale(MIDDLING).int()).abs().max() <= 1
    assert not torch.equal(turned, MIDDLING)
    grey = torch.full((3, 4, 4), 99, dtype=torch.uint8)
    assert torch.equal(adjust(grey, 1, 1, 1, hue=0.05), grey)
    red = torch.tensor([200, 60, 60], dtype=torch.uint8)[:, None, None].expand(3, 4, 4)
    yellower = adjust(red, 1, 1, 1, hue=0.05)[:, 0, 0].int()
    expected = F.adjust_hue(red, 0.05)[:, 0, 0].int()
    assert yellower[1] > yellower[2] and expected[1] > expected[2]  # the same way round the circle
