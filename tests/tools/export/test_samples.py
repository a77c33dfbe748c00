"""Images for checking and calibrating an export."""

import numpy as np
import pytest
from PIL import Image

from mnv3.tools.errors import UserError
from mnv3.tools.export.samples import from_files


@pytest.fixture
def paths(tmp_path):
    """Three images, of which the second cannot be read."""
    for number in range(3):
        Image.new("RGB", (4, 3), (number, 0, 0)).save(tmp_path / f"{number}.png")
    (tmp_path / "1.png").write_bytes(b"no image")
    return sorted(tmp_path.glob("*.png"))


def test_an_image_that_cannot_be_read_is_left_out_where_it_is_skipped(paths):
    lines: list[str] = []
    images = from_files(paths, 3, "skip", lines.append)
    assert [int(image[0, 0, 0]) for image in images] == [0, 2] and images[0].dtype == np.uint8
    assert len(lines) == 1 and "1.png" in lines[0]


def test_it_is_refused_otherwise_and_where_none_can_be_read(paths):
    with pytest.raises(UserError, match=r"1\.png[\s\S]*data\.on_error=skip"):
        from_files(paths, 3, "raise", print)
    with pytest.raises(UserError, match="None of the images"):
        from_files(paths[1:2], 3, "skip", lambda line: None)
