"""One data set in five formats: the same masks, classes and splits, pixel for pixel."""

from pathlib import Path

import pytest
import torch

from mnv3.lraspp.data.loader import val_loader
from tests.lraspp.data.formats.opening import classes_of, opened
from tests.mask_files import NAMES, WRITERS, draw

DRAWN = draw()


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("five")
    for name, write in WRITERS.items():
        write(root / name, DRAWN)
    return {name: root / name for name in WRITERS}


@pytest.mark.parametrize("format_", WRITERS)
@pytest.mark.parametrize("split", ["train", "val"])
def test_masks_classes_and_splits_are_those_drawn(folders: dict[str, Path], format_: str, split: str) -> None:
    data = opened(folders[format_], split)
    assert [entry.name for entry in data.classes] == list(NAMES)
    wanted = {image.name[:-4]: image.ids for image in DRAWN if image.split == split}
    found = classes_of(data)
    assert found.keys() == wanted.keys()
    for name, labels in wanted.items():
        assert (found[name] == labels).all(), name


def test_what_is_scored_is_the_same(folders: dict[str, Path]) -> None:
    batches = {
        name: list(val_loader(opened(folder, "val"), batch_size=1, workers=0)) for name, folder in folders.items()
    }
    first = batches["ids"]
    for name, own in batches.items():
        assert len(own) == 3, name
        assert all(torch.equal(a.labels, b.labels) for a, b in zip(first, own, strict=True)), name
        assert all(torch.equal(a.images, b.images) for a, b in zip(first, own, strict=True)), name
