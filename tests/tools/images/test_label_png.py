"""Label maps as PNG files: what is read back is what was written, by Pillow as by anyone."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mnv3.tools.images.label_png import write_label_png


@pytest.mark.parametrize("shape", [(1, 1), (3, 7), (64, 200)])
def test_pillow_reads_what_was_written(tmp_path: Path, shape: tuple[int, int]) -> None:
    labels = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    write_label_png(tmp_path / "new" / "a.png", labels)
    with Image.open(tmp_path / "new" / "a.png") as image:
        image.verify()  # checksums
    with Image.open(tmp_path / "new" / "a.png") as image:
        assert (image.format, image.mode) == ("PNG", "L")
        np.testing.assert_array_equal(np.array(image), labels)


def test_a_slice_is_written_as_it_looks(tmp_path: Path) -> None:
    labels = np.arange(200, dtype=np.uint8).reshape(10, 20)[::2, ::-3]
    write_label_png(tmp_path / "a.png", labels)
    with Image.open(tmp_path / "a.png") as image:
        np.testing.assert_array_equal(np.array(image), labels)
