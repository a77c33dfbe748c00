"""Image files of every kind."""

import numpy as np
import pytest
import torch
from PIL import Image, ImageOps

from mnv3.tools.errors import UserError
from mnv3.tools.images.read import image_size, read_image

PIXELS = np.random.default_rng(0).integers(0, 256, (20, 30, 3), dtype=np.uint8)
SMOOTH = np.stack(np.broadcast_arrays(*np.ogrid[0:200:20j, 50:255:30j], 99.0), -1).astype(np.uint8)


def as_array(path, size=(20, 30)):
    image = read_image(path, size)
    assert image.dtype == torch.uint8 and image.shape[0] == 3
    return image.permute(1, 2, 0).numpy().astype(int)


@pytest.mark.parametrize("suffix", ["png", "bmp", "webp", "tiff", "ppm"])
def test_lossless_files_keep_their_pixels(tmp_path, suffix):
    path = tmp_path / f"a.{suffix}"
    Image.fromarray(PIXELS).save(path, lossless=True)  # which only WebP has a use for
    assert (as_array(path) == PIXELS).all()


def test_cmyk(tmp_path):
    Image.fromarray(SMOOTH).convert("CMYK").save(tmp_path / "a.jpg", quality=100)
    assert np.abs(as_array(tmp_path / "a.jpg") - SMOOTH).mean() < 2


@pytest.mark.parametrize("suffix", ["jpg", "png"])
def test_grey_has_three_equal_channels(tmp_path, suffix):
    grey = SMOOTH[..., 1]
    Image.fromarray(grey).save(tmp_path / f"a.{suffix}", quality=100)
    assert np.abs(as_array(tmp_path / f"a.{suffix}") - grey[..., None]).max() <= 2


def test_grey_of_16_bits_is_scaled(tmp_path):
    grey = PIXELS[..., 0]
    Image.fromarray(grey.astype(np.uint16) * 257).save(tmp_path / "a.png")
    assert (as_array(tmp_path / "a.png") == grey[..., None]).all()


def test_palette_and_transparency(tmp_path):
    blocks = np.repeat(np.repeat(PIXELS[:2, :3], 10, 0), 10, 1)
    Image.fromarray(blocks).quantize(8).save(tmp_path / "p.png")
    Image.fromarray(np.dstack([PIXELS, PIXELS[..., :1]])).save(tmp_path / "t.png")
    assert (as_array(tmp_path / "p.png") == blocks).all()
    assert (as_array(tmp_path / "t.png") == PIXELS).all()


def test_rotation_only_where_the_annotations_were_made_on_the_rotated_image(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # turn clockwise by 90 degrees to see it upright
    Image.fromarray(PIXELS).save(tmp_path / "a.png", exif=exif)
    assert (as_array(tmp_path / "a.png", (20, 30)) == PIXELS).all()
    assert (as_array(tmp_path / "a.png", (30, 20)) == np.rot90(PIXELS, -1)).all()
    assert (as_array(tmp_path / "a.png", None) == np.rot90(PIXELS, -1)).all()


def test_another_size_is_refused(tmp_path):
    Image.fromarray(PIXELS).save(tmp_path / "a.png")
    with pytest.raises(UserError, match=r"a\.png is 30x20 pixels, but its annotations say 30x21"):
        read_image(tmp_path / "a.png", (21, 30))


@pytest.mark.parametrize("part", [0.0, 0.1, 0.5, 0.9])
@pytest.mark.parametrize("suffix", ["jpg", "png"])
def test_a_truncated_file_is_named(tmp_path, suffix, part):
    path = tmp_path / f"cut.{suffix}"
    Image.fromarray(PIXELS).save(path)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * part)])
    with pytest.raises(UserError, match=rf"cut\.{suffix}"):
        read_image(path, (20, 30))


def test_missing_and_foreign_files_are_named(tmp_path):
    (tmp_path / "text.jpg").write_text("hello")
    with pytest.raises(UserError, match=r"gone\.jpg does not exist"):
        read_image(tmp_path / "gone.jpg")
    with pytest.raises(UserError, match=r"text\.jpg is not an image"):
        read_image(tmp_path / "text.jpg")
    with pytest.raises(UserError, match="cannot be read"):
        read_image(tmp_path)


def test_the_size_from_the_header_is_that_of_the_pixels(tmp_path):
    for turn in (None, 1, 3, 6, 8):
        exif = Image.Exif()
        if turn:
            exif[0x0112] = turn
        Image.fromarray(PIXELS).save(tmp_path / "a.jpg", exif=exif)
        assert image_size(tmp_path / "a.jpg") == tuple(read_image(tmp_path / "a.jpg").shape[1:])
    with pytest.raises(UserError, match=r"b\.jpg does not exist"):
        image_size(tmp_path / "b.jpg")
    (tmp_path / "b.jpg").write_bytes(b"no")
    with pytest.raises(UserError, match="not an image"):
        image_size(tmp_path / "b.jpg")


def pillow(path):
    with Image.open(path) as image:
        return np.array(ImageOps.exif_transpose(image).convert("RGB"))


@pytest.mark.parametrize("options", [{}, {"subsampling": 0}, {"progressive": True}, {"quality": 20, "optimize": True}])
@pytest.mark.parametrize("turn", [None, 1, 6])
def test_jpeg_files_have_pillows_pixels(tmp_path, options, turn):
    exif = Image.Exif()
    if turn:
        exif[0x0112] = turn
    Image.fromarray(PIXELS).save(tmp_path / "a.jpg", exif=exif, **options)
    assert (as_array(tmp_path / "a.jpg", None) == pillow(tmp_path / "a.jpg")).all()
    stored = np.array(Image.open(tmp_path / "a.jpg"))
    assert (as_array(tmp_path / "a.jpg", (20, 30)) == stored).all()  # the size decides, whatever the note says


def test_rotation_noted_in_xmp(tmp_path):
    note = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description tiff:Orientation="6"/></x:xmpmeta>'
    Image.fromarray(SMOOTH).save(tmp_path / "a.jpg", xmp=note)
    assert (as_array(tmp_path / "a.jpg", None) == pillow(tmp_path / "a.jpg")).all()
    assert as_array(tmp_path / "a.jpg", None).shape[:2] == (30, 20)


def test_more_pixels_than_pillow_allows(tmp_path, monkeypatch):
    Image.fromarray(PIXELS).save(tmp_path / "a.jpg")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 200)
    with pytest.raises(UserError, match=r"a\.jpg cannot be read: .*600 pixels"):
        read_image(tmp_path / "a.jpg")


def test_real_photos_have_pillows_pixels(test_data):
    photos = [path for folder in ("coco_sample", "bccd") for path in sorted((test_data / folder).rglob("*.jpg"))[:20]]
    assert photos
    for path in photos:
        assert (as_array(path, None) == pillow(path)).all(), path
