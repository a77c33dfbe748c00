"""Label files, good and bad."""

import numpy as np
import pytest
from PIL import Image

from mnv3.lraspp.data.frames import Frame
from mnv3.lraspp.data.pixels import SizesDiffer, decode, read_values
from mnv3.tools.errors import UserError

VALUES = np.random.default_rng(0).integers(0, 34, (10, 20), dtype=np.uint8)


def test_values_are_read_as_they_are(tmp_path):
    path = tmp_path / "a.png"
    Image.fromarray(VALUES).save(path)
    assert (read_values(path) == VALUES).all()
    palette = Image.fromarray(VALUES, mode="L").convert("P")
    palette.putpalette(list(range(255, -1, -1)) * 3)
    palette.putdata(VALUES.ravel().tolist())
    palette.save(path)
    assert (read_values(path) == VALUES).all()  # the indices, not the palette's colours
    Image.fromarray(VALUES > 10).save(path)
    assert (read_values(path) == (VALUES > 10)).all()


@pytest.mark.parametrize(
    ("pixels", "words"), [(np.zeros((4, 4, 3), np.uint8), "colours"), (np.zeros((4, 4), np.uint16), "16 bits")]
)
def test_files_of_another_kind_are_refused(tmp_path, pixels, words):
    Image.fromarray(pixels).save(tmp_path / "a.png")
    with pytest.raises(UserError, match=words):
        read_values(tmp_path / "a.png")


def test_broken_files_are_named(tmp_path):
    path = tmp_path / "a.png"
    with pytest.raises(UserError, match="does not exist"):
        read_values(path)
    Image.fromarray(VALUES).save(path)
    path.write_bytes(path.read_bytes()[:120])
    with pytest.raises(UserError, match=r"a\.png cannot be read"):
        read_values(path)
    path.write_bytes(b"no image")
    with pytest.raises(UserError, match="not an image"):
        read_values(path)


def test_sizes_must_agree_as_the_photograph_is_stored_or_shown(tmp_path):
    image, label = tmp_path / "a.jpg", tmp_path / "a.png"
    Image.fromarray(VALUES).save(label)
    exif = Image.Exif()
    exif[0x0112] = 6  # shown turned by a quarter
    Image.new("RGB", (20, 10)).save(image, exif=exif)
    frame = Frame("a", image, label)
    assert decode(frame).image.shape == (10, 20, 3)
    Image.fromarray(VALUES.T.copy()).save(label)
    assert decode(frame).image.shape == (20, 10, 3)
    Image.fromarray(VALUES[:-1]).save(label)
    with pytest.raises(SizesDiffer, match=r"a\.jpg is 10x20 pixels, but its label file .*a\.png is 20x9"):
        decode(frame)
