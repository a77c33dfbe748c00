"""Values chosen for `auto`."""

import numpy as np
import pytest

from mnv3.tools.training.automatic import size_for


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ([(480, 640)] * 3, [480, 640]),
        ([(3000, 4000)], [480, 640]),
        ([(1080, 1920)], [384, 640]),
        ([(240, 320)], [256, 320]),
        ([(60, 80)], [256, 320]),  # enlarged
        ([(480, 640), (640, 480)], [640, 640]),  # both ways
        ([(100, 2000)], [160, 640]),  # 4 to 1 at most
        ([(500, 375)] * 2 + [(400, 300)], [512, 384]),
    ],
)
def test_detection(sizes: list[tuple[int, int]], expected: list[int]) -> None:
    assert size_for(np.array(sizes), grid=32, shortest=320) == expected


def test_segmentation_keeps_the_authors_grid() -> None:
    """Of CamVid as in docs/your-data.md."""
    assert size_for(np.array([(360, 480)]), grid=16, rest=1) == [369, 481]
    assert size_for(np.array([(33, 33)]), grid=16, rest=1) == [33, 33]
