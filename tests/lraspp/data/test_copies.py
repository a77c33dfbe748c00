"""Decoded copies: the same pixels, fresh or not used, whole or not there."""

import json
import os

import pytest
import torch
from PIL import Image

from mnv3.lraspp.data import cache
from mnv3.lraspp.data.cache import path_of, remove_copies, write_copies
from mnv3.lraspp.data.loader import train_loader, val_loader
from mnv3.lraspp.data.sets import cache_folder
from mnv3.tools.errors import UserError
from tests.lraspp.data.files import label_of, opened, section, silent


@pytest.fixture
def folder(root):
    return cache_folder(opened(root), section(root))


def batches(data):
    settings = {"batch_size": 2, "workers": 0, "on_error": "raise"}
    training = train_loader(data, crop=(65, 65), augmentation="modern", seed=0, **settings)
    return [*training, *val_loader(data, **settings)]


def test_batches_are_the_same_to_the_bit(root, folder, monkeypatch):
    files = batches(opened(root))
    done = write_copies(opened(root), folder, silent)
    assert done == (3, 0, 3 * (cache.HEADER + 48 * 96 * 4)) and folder == root / "cache" / "cityscapes" / "train"
    lines: list[str] = []
    data = opened(root, log=lines.append)
    assert all(frame.cached for frame in data.frames) and "copies of 3 of 3 frames" in lines[1]
    monkeypatch.setattr("mnv3.lraspp.data.dataset.decode", lambda frame: pytest.fail("decoded"))
    for batch, expected in zip(batches(data), files, strict=True):
        assert all(torch.equal(a, b) for a, b in zip(batch[:3], expected[:3], strict=True))


def test_a_stopped_call_goes_on_and_the_size_is_told(root, folder):
    data = opened(root)
    write_copies(data, folder, silent)
    path_of(data.frames[1], folder).unlink()
    leftover = folder / f".{data.frames[1].name}.123.frame"
    leftover.write_bytes(b"half")
    os.utime(leftover, (0, 0))
    kept = path_of(data.frames[0], folder).stat().st_mtime_ns
    lines: list[str] = []
    assert write_copies(data, folder, lines.append)[:2] == (1, 2)
    assert path_of(data.frames[0], folder).stat().st_mtime_ns == kept and not leftover.exists()
    assert "1 of 3 frames" in lines[0] and "0.0 MB more" in lines[0] and "are free" in lines[0]


def test_copies_of_changed_files_are_not_used_and_renewed(root, folder):
    write_copies(opened(root), folder, silent)
    Image.new("L", (96, 48), 7).save(label_of(opened(root), 1))
    lines: list[str] = []
    data = opened(root, log=lines.append)
    assert [frame.cached is None for frame in data.frames] == [False, True, False]
    assert "1 are outdated" in lines[1]
    assert write_copies(data, folder, silent)[:2] == (1, 2) and all(frame.cached for frame in opened(root).frames)


@pytest.mark.parametrize("damage", [b"", b"{}", b"x" * 5000])
def test_damaged_copies_are_not_used(root, folder, damage):
    data = opened(root)
    write_copies(data, folder, silent)
    path_of(data.frames[2], folder).write_bytes(damage)
    cut = path_of(data.frames[1], folder)
    cut.write_bytes(cut.read_bytes()[:-1])
    assert [frame.cached is None for frame in opened(root).frames] == [False, True, True]


def test_copies_that_vanish_or_shrink_later_are_no_failure(root, folder):
    write_copies(opened(root), folder, silent)
    data = opened(root)
    files = batches(data)
    path_of(data.frames[0], folder).unlink()
    shrunk = path_of(data.frames[1], folder)
    shrunk.write_bytes(shrunk.read_bytes()[:-1])
    for batch, expected in zip(batches(data), files, strict=True):
        assert torch.equal(batch.images, expected.images) and torch.equal(batch.labels, expected.labels)


def test_frames_that_cannot_be_read_are_told_after_the_others(root, folder):
    data = opened(root)
    label_of(data, 0).write_bytes(b"no")
    with pytest.raises(UserError, match="not an image"):
        write_copies(data, folder, silent)
    assert [path_of(frame, folder).exists() for frame in data.frames] == [False, True, True]


def test_no_room(root, folder, monkeypatch):
    monkeypatch.setattr("shutil.disk_usage", lambda path: type("Usage", (), {"free": 1000}))
    with pytest.raises(UserError, match=r"No room .*0\.1 MB are needed, 0\.0 MB are free"):
        write_copies(opened(root), folder, silent)
    assert not folder.exists()


def test_copies_can_be_elsewhere_and_removed(root, tmp_path):
    for split in ("train", "test"):
        data = opened(root, split)
        folder = cache_folder(data, section(root, cache=tmp_path / "fast"))
        write_copies(data, folder, silent)
        assert folder == tmp_path / "fast" / "cityscapes" / split
        assert all(frame.cached for frame in opened(root, split, cache=tmp_path / "fast").frames)
        assert remove_copies(data, folder, silent) > 0 and not folder.exists()
    assert not (tmp_path / "fast" / "cityscapes").exists()


def test_keys_follow_the_data_root(tmp_path):
    root = tmp_path / "root"
    assert str(cache.key("streets", root / "streets" / "s0", root)) == "streets/s0"
    assert str(cache.key("cityscapes", root, root)) == "cityscapes"
    outside = cache.key("mask_folder", tmp_path / "mine", root)
    assert outside.parts[0] == "mask_folder" and outside.parts[-1] == "mine" and not outside.is_absolute()


def with_header(path, **changes):
    """Rewrite the header of a copy; the pixels stay."""
    content = path.read_bytes()
    header = {**json.loads(content[: cache.HEADER]), **changes}
    path.write_bytes(json.dumps(header).encode().ljust(cache.HEADER) + content[cache.HEADER :])


@pytest.mark.parametrize(
    "changes",
    [
        *({"size": size} for size in ([96, 48], [24, 192], [-48, -96], [48.0, 96], [10**30, 1], [0, 0], [True, 18432])),
        *({"size": size} for size in (["48", "96"], [[48], 96], {"h": 48, "w": 96}, [48, 96, 1], [48], 48, "48", None)),
        *({"values": values} for values in (False, 1, "yes", None)),
        *({"version": version} for version in (2, "1", None, [1])),
        *({"stamp": stamp} for stamp in ([], [[0, 0], [0, 0]], "x", None)),
    ],
)  # fmt: skip
def test_a_copy_with_a_wrong_header_is_not_used(root, folder, changes):
    files = batches(opened(root))
    write_copies(opened(root), folder, silent)
    with_header(path_of(opened(root).frames[1], folder), **changes)
    lines: list[str] = []
    data = opened(root, log=lines.append)
    assert [frame.cached is None for frame in data.frames] == [False, True, False]
    assert "1 are outdated or damaged" in lines[1]
    assert all(torch.equal(batch.images, expected.images) for batch, expected in zip(batches(data), files, strict=True))
    assert write_copies(data, folder, silent)[:2] == (1, 2)


@pytest.mark.parametrize(
    "damage", [b"[1, 2]", b'"text"', b"[" * cache.HEADER, b"1" * cache.HEADER, b"\xff" * 9000, b"null"]
)
def test_a_copy_that_says_something_else_is_no_failure_even_after_opening(root, folder, damage):
    write_copies(opened(root), folder, silent)
    data = opened(root)
    files = batches(data)
    path_of(data.frames[1], folder).write_bytes(damage)
    for batch, expected in zip(batches(data), files, strict=True):
        assert torch.equal(batch.images, expected.images) and torch.equal(batch.labels, expected.labels)
    assert [frame.cached is None for frame in opened(root).frames] == [False, True, False]
