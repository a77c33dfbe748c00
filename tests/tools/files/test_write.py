"""Files are whole or not there, and what the system refuses is told with the file's name.

The disk is full for real, see the fixture `full_disk`.
"""

import errno
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from matplotlib.figure import Figure

from mnv3.lraspp.evaluate.label_files import zip_files
from mnv3.tools.drawing.boxes import save_image
from mnv3.tools.errors import UserError
from mnv3.tools.files import temporaries, write
from mnv3.tools.files.write import atomic_path, write_encoded, write_json, write_text
from mnv3.tools.images.label_png import write_label_png
from mnv3.tools.weights.checkpoint import write_checkpoint

NOISE = np.random.default_rng(0).integers(0, 255, (64, 64), dtype=np.uint8)
WRITERS: dict[str, Callable[[Path], None]] = {
    "a.txt": lambda path: write_text(path, "x" * 1000),
    "a.json": lambda path: write_json(path, list(range(1000))),
    "a.ckpt": lambda path: write_checkpoint({"weights": torch.zeros(1000)}, path),
    "a.jpg": lambda path: save_image(torch.from_numpy(np.stack([NOISE] * 3)), path),
    "b.png": lambda path: save_image(torch.from_numpy(np.stack([NOISE] * 3)), path),
    "labels.png": lambda path: write_label_png(path, NOISE),
    "figure.png": lambda path: write_encoded(path, Figure().savefig),
    "figure.pdf": lambda path: write_encoded(path, Figure().savefig),
    "a.zip": lambda path: zip_files(path, Path(__file__).parent, [Path(__file__)]),
}


@pytest.mark.parametrize("name", WRITERS)
def test_a_full_disk_is_told_by_every_writer(tmp_path: Path, full_disk: None, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(b"former")
    with pytest.raises(UserError) as told:
        WRITERS[name](path)
    assert len(told.value.problems) == 1 and str(path) in str(told.value)
    assert path.read_bytes() == b"former" and os.listdir(tmp_path) == [name]


@pytest.mark.parametrize(
    "number", [errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.EMFILE, errno.EIO]
)
@pytest.mark.parametrize("step", ["mkdir", "write_text", "replace"])
def test_each_refusal_names_the_file_and_a_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, step: str
) -> None:
    path = tmp_path / "folder" / "file.txt"

    def refuse(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os if step == "replace" else Path, step, refuse)
    with pytest.raises(UserError) as told:
        write_text(path, "text")
    monkeypatch.undo()
    assert str(path) in str(told.value) and write.REMEDIES[number] in str(told.value)
    assert [file for file in tmp_path.rglob("*") if file.is_file()] == []


def test_names_that_cannot_be(tmp_path: Path) -> None:
    """Too long, below a file, and a folder in the place."""
    (tmp_path / "file").write_text("mine")
    (tmp_path / "folder").mkdir()
    for path in (tmp_path / ("x" * 300), tmp_path / "file" / "below" / "it", tmp_path / "folder"):
        with pytest.raises(UserError, match=str(path)):
            write_text(path, "text")
    assert (tmp_path / "file").read_text() == "mine"
    longest = tmp_path / f"{'x' * 251}.txt"  # as long as names may be: so may the temporary's
    write_text(longest, "text")
    assert longest.read_text() == "text"


def test_a_writer_that_fails_otherwise_leaves_nothing(tmp_path: Path) -> None:
    before = set(temporaries._own)
    path = tmp_path / "a.txt"
    with pytest.raises(KeyboardInterrupt), atomic_path(path) as temporary:
        temporary.write_text("half")
        raise KeyboardInterrupt
    assert os.listdir(tmp_path) == []
    assert temporaries._own == before
