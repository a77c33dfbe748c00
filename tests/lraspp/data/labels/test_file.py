"""Label files of formats that lose values, or that hold more than one picture."""

import numpy as np
import pytest
from PIL import Image

from mnv3.lraspp.data.frames import Frame
from mnv3.lraspp.data.labels.file import read_palette, read_values
from mnv3.lraspp.data.pixels import decode
from mnv3.tools.errors import UserError

VALUES = np.random.default_rng(0).integers(0, 4, (16, 24), dtype=np.uint8)


@pytest.mark.parametrize(
    ("suffix", "options"),
    [
        *((suffix, {"format": kind}) for kind in ("JPEG", "JPEG2000") for suffix in ("jpg", "png", "tif")),
        *(("webp", {"format": "WEBP", "lossless": lossless}) for lossless in (True, False)),
        ("tif", {"compression": "jpeg"}),
    ],
)
def test_formats_with_loss_are_refused_by_content(tmp_path, suffix, options):
    path = tmp_path / f"a.{suffix}"
    image = Image.fromarray(VALUES)
    (image.convert("RGB") if suffix == "webp" else image).save(path, **options)
    with pytest.raises(UserError, match=r"a\.\w+ is saved as .*PNG"):
        read_values(path)


@pytest.mark.parametrize(
    ("suffix", "options"),
    [
        ("png", {}),
        ("bmp", {}),
        ("png", {"format": "GIF"}),
        *(("tif", {"compression": kind}) for kind in ("tiff_lzw", "raw")),
    ],
)
def test_formats_without_loss_are_read(tmp_path, suffix, options):
    Image.fromarray(VALUES).save(tmp_path / f"a.{suffix}", **options)
    assert (read_values(tmp_path / f"a.{suffix}") == VALUES).all()


@pytest.mark.parametrize("kind", ["GIF", "TIFF", "PNG"])
def test_several_pictures_in_a_file_are_refused(tmp_path, kind):
    pictures = [Image.fromarray(VALUES), Image.fromarray(3 - VALUES)]
    pictures[0].save(tmp_path / "a.png", kind, save_all=True, append_images=pictures[1:])
    with pytest.raises(UserError, match="2 pictures"):
        read_values(tmp_path / "a.png")


def test_palettes_are_read_from_headers(tmp_path):
    Image.fromarray(VALUES).save(tmp_path / "grey.png")
    image = Image.fromarray(VALUES, mode="P")
    image.putpalette([0, 0, 0, 1, 2, 3])
    image.save(tmp_path / "palette.png")
    assert read_palette(tmp_path / "grey.png") is None
    palette = read_palette(tmp_path / "palette.png")
    assert palette is not None and palette[1].tolist() == [1, 2, 3]


@pytest.mark.parametrize("error", [MemoryError(), OverflowError("x"), KeyError("x"), RuntimeError(""), EOFError("x")])
@pytest.mark.parametrize("which", ["a.png", "a.jpg"])
def test_whatever_a_decoder_raises_is_a_sentence_on_its_file(tmp_path, monkeypatch, error, which):
    for name in ("a.png", "a.jpg"):
        Image.fromarray(VALUES).save(tmp_path / name, "PNG")
    whole = Image.open

    def opened(source, *rest):
        content = source.read() if hasattr(source, "read") else None
        if (content is None) == (which == "a.png"):  # photographs are opened as bytes, label files by their path
            raise error
        return whole(tmp_path / "a.jpg" if content else source, *rest)

    monkeypatch.setattr(Image, "open", opened)
    with pytest.raises(UserError, match=which):
        decode(Frame("a", tmp_path / "a.jpg", tmp_path / "a.png"))
