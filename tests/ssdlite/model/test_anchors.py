import pytest
import torch
from torchvision.models.detection.anchor_utils import DefaultBoxGenerator
from torchvision.models.detection.image_list import ImageList

from mnv3.ssdlite.model.anchors import grid_anchors, map_sizes, paper_layout, torchvision_layout

YX_TO_XY = [1, 0, 3, 2]


def test_paper_anchors_at_320() -> None:
    """Spot values and column sums from the authors' generator, (ymin, xmin, ymax, xmax) as fractions of the image."""
    anchors = grid_anchors(paper_layout(), (320, 320), square=True).double()[:, YX_TO_XY] / 320
    assert len(anchors) == 2034
    want = {
        0: (-0.025, -0.025, 0.075, 0.075),
        1: (-0.045711, -0.116421, 0.095711, 0.166421),
        1200: (-0.125, -0.125, 0.225, 0.225),
        2033: (0.01266, 0.01266, 0.98734, 0.98734),
    }
    for index, box in want.items():
        torch.testing.assert_close(anchors[index], torch.tensor(box).double(), atol=5e-6, rtol=0)
    sums = torch.tensor((722.493, 722.497, 1311.508, 1311.503)).double()
    torch.testing.assert_close(anchors.sum(0), sums, atol=1e-2, rtol=0)


@pytest.mark.parametrize("size", [(320, 320), (256, 416), (500, 333)])
def test_torchvision_layout(size: tuple[int, int]) -> None:
    generator = DefaultBoxGenerator([[2, 3] for _ in range(6)], min_ratio=0.2, max_ratio=0.95)
    maps = [torch.zeros((1, 1, *map_size)) for map_size in map_sizes(size)]
    want = generator(ImageList(torch.zeros((1, 3, *size)), [size]), maps)[0]
    got = grid_anchors(torchvision_layout(), size, square=False)
    torch.testing.assert_close(got, want, atol=1e-4, rtol=0)


def test_square_anchors_stay_square_on_any_input() -> None:
    x1, y1, x2, y2 = grid_anchors(paper_layout(), (192, 480), square=True)[0].tolist()
    assert (x2 - x1, y2 - y1) == pytest.approx((19.2, 19.2))
    assert ((x1 + x2) / 2, (y1 + y2) / 2) == pytest.approx((8, 8))
