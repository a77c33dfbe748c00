"""Random colours."""

import pytest
import torch

from tools.colours import recolour


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
