"""Batches of frames: shapes, order, repeatability, several processes, unreadable files."""

import numpy as np
import pytest
import torch
from PIL import Image

from mnv3.lraspp.data.dataset import NO_FRAME
from mnv3.lraspp.data.frames import IGNORE
from mnv3.lraspp.data.loader import train_loader, val_loader
from mnv3.tools.errors import UserError
from mnv3.tools.images.read import read_image
from mnv3.tools.images.view import FILL
from tests.lraspp.data.files import change_values, label_of, opened, silent, values_of

CROP = (33, 49)


def training(data, **options):
    settings = {"augmentation": "paper", "batch_size": 2, "seed": 0, "workers": 0, "log": silent} | options
    return train_loader(data, crop=CROP, **settings)


def epoch_of(loader, epoch):
    loader.sampler.set_epoch(epoch)
    return list(loader)


def same(a, b):
    return len(a) == len(b) and all(
        all(torch.equal(x, y) for x, y in zip(one[:3], other[:3], strict=True)) for one, other in zip(a, b, strict=True)
    )


def test_training_batches(root):
    (first, second) = epoch_of(training(opened(root)), 0)
    assert first.images.shape == (2, 3, *CROP) and first.images.dtype == torch.uint8
    assert first.labels.shape == (2, *CROP) and first.labels.dtype == torch.uint8
    assert ((first.labels < 19) | (first.labels == IGNORE)).all() and not first.has_gaps
    assert sorted([*first.indices.tolist(), *second.indices.tolist()])[0] == 0 and second.images.shape[0] == 2


@pytest.mark.parametrize("augmentation", ["paper", "modern"])
def test_an_epoch_repeats_exactly_and_differs_from_the_next(root, augmentation):
    data = opened(root)
    first = epoch_of(training(data, augmentation=augmentation), 0)
    assert same(first, epoch_of(training(data, augmentation=augmentation), 0))
    assert not same(first, epoch_of(training(data, augmentation=augmentation), 1))
    assert not same(first, epoch_of(training(data, augmentation=augmentation, seed=1), 0))


def test_loader_processes_that_outlive_an_epoch_know_the_next(root):
    data = opened(root)
    alone, workers = training(data, augmentation="modern"), training(data, augmentation="modern", workers=2)
    for epoch in (0, 3):
        assert same(epoch_of(alone, epoch), epoch_of(workers, epoch))


def test_two_processes_share_the_batches_of_one(root):
    data = opened(root)
    one = epoch_of(training(data, batch_size=2), 0)
    two = [epoch_of(training(data, batch_size=1, rank=rank, world=2), 0) for rank in range(2)]
    for batch, *parts in zip(one, *two, strict=True):
        assert torch.equal(batch.images, torch.cat([part.images for part in parts]))


def test_frames_are_scored_as_they_are(root):
    data = opened(root, "val")
    (batch,) = val_loader(data, batch_size=4, workers=0)
    for i in range(2):
        assert torch.equal(batch.images[i], read_image(data.frames[i].image))
        assert (batch.labels[i].numpy() == data.table[values_of(label_of(data, i))]).all()
    assert batch.indices.tolist() == [0, 1]


def test_test_frames_are_all_ignored(root):
    (batch,) = val_loader(opened(root, "test"), batch_size=4, workers=0)
    assert (batch.labels == IGNORE).all() and batch.indices.tolist() == [0]


@pytest.mark.parametrize("world", [1, 2, 3, 5])
def test_every_frame_is_scored_once_in_batches_of_one_size(root, world):
    data = opened(root)
    wide = data.frames[1]
    Image.new("RGB", (120, 48)).save(wide.image)
    Image.new("L", (120, 48), 7).save(label_of(data, 1))
    batches = [list(val_loader(data, batch_size=2, workers=0, rank=rank, world=world)) for rank in range(world)]
    assert sorted(i for share in batches for batch in share for i in batch.indices.tolist()) == [0, 1, 2]
    if world == 1:
        assert [batch.indices.tolist() for batch in batches[0]] == [[0, 2], [1]]


def test_unreadable_frames_are_refused_by_name(root):
    data = opened(root)
    data.frames[1].image.write_bytes(data.frames[1].image.read_bytes()[:200])
    for loader in (training(data), val_loader(data, batch_size=2, workers=0)):
        with pytest.raises(UserError, match=r"aachen_000002.*cannot be read") as caught:
            list(loader)
        assert "data.on_error=skip" in str(caught.value)


def test_unreadable_frames_are_replaced_in_training_and_ignored_in_scoring(root):
    data = opened(root)
    label_of(data, 1).write_bytes(b"no image")
    lines: list[str] = []
    batches = epoch_of(training(data, on_error="skip", batch_size=3, log=lines.append), 0)
    assert sorted(batches[0].indices.tolist()) == [0, 2, 2] and len(lines) == 1 and "instead" in lines[0]
    scored = list(val_loader(data, batch_size=3, workers=0, on_error="skip", log=lines.append))
    by_index = {i: (image, label) for b in scored for i, image, label in zip(b.indices.tolist(), *b[:2], strict=True)}
    assert sorted(by_index) == [NO_FRAME, 0, 2] and "left out of the score" in lines[1]
    image, label = by_index[NO_FRAME]
    assert (label == IGNORE).all() and (image == FILL).all()


def test_a_data_set_that_cannot_be_read_at_all_is_refused(root):
    data = opened(root)
    for frame in data.frames:
        frame.image.unlink()
    with pytest.raises(UserError, match="Too many"):
        list(training(data, on_error="skip"))


def test_values_outside_the_table_are_refused_and_train_ids_recognised(root):
    data = opened(root, "val")
    change_values(label_of(data, 0), lambda values: np.where(values == 7, 40, values).astype(np.uint8))
    change_values(label_of(data, 1), lambda values: data.table[values])
    with pytest.raises(UserError) as caught:
        list(val_loader(data, batch_size=2, workers=0))
    unknown, train_ids, _ = caught.value.problems
    assert "frankfurt" in unknown and "values that cityscapes does not have: 40." in unknown
    assert "lindau" in train_ids and "train ids" in train_ids and "labelIds.png" in train_ids
