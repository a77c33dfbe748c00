"""Batches: shapes, order, repeatability, several processes, unreadable files."""

import pickle

import numpy as np
import pytest
import torch

from mnv3.ssdlite.data.coco.annotations import load_coco
from mnv3.ssdlite.data.dataset import NO_IMAGE, DetectionDataset
from mnv3.ssdlite.data.loader import MAX_BOXES, collate, train_loader, val_loader
from mnv3.ssdlite.model.resize import resize
from mnv3.ssdlite.model.targets import PADDING
from mnv3.tools.errors import UserError
from mnv3.tools.images.read import read_image

SIZE = (32, 48)


@pytest.fixture
def data(files):
    return load_coco(files.write(), files.images)


def training(data, **options):
    settings = {"augmentation": "paper", "batch_size": 2, "seed": 0, "workers": 0, "rule": "antialias"} | options
    return train_loader(data, size=SIZE, **settings)


def epoch_of(loader, epoch):
    loader.sampler.set_epoch(epoch)
    return list(loader)


def same(a, b):
    return len(a) == len(b) and all(
        torch.equal(x.images, y.images) and torch.equal(x.targets.boxes, y.targets.boxes)
        for x, y in zip(a, b, strict=True)
    )


def test_shapes_and_padding(data):
    batch = next(iter(val_loader(data, size=SIZE, rule="antialias", batch_size=4, workers=0)))
    assert batch.images.shape == (4, 3, 32, 48) and batch.images.dtype == torch.uint8
    assert batch.image_ids.tolist() == [10, 11, 12, 13]
    assert batch.sizes.tolist() == [[40, 60], [50, 60], [60, 60], [70, 60]]
    assert batch.targets.boxes.shape == (4, MAX_BOXES, 4) and batch.targets.boxes.dtype == torch.float32
    assert (batch.targets.labels != PADDING).sum(1).tolist() == [1, 1, 1, 0]
    assert batch.targets.labels[:3, 0].tolist() == [2, 2, 1]
    scale = torch.tensor([48 / 60, 32 / 40] * 2)
    torch.testing.assert_close(batch.targets.boxes[0, 0], torch.tensor([5.0, 6, 25, 36]) * scale)


@pytest.mark.parametrize("rule", ["legacy", "half_pixel", "antialias"])
def test_scoring_images_are_exactly_resized(data, rule):
    batch = next(iter(val_loader(data, size=SIZE, rule=rule, batch_size=2, workers=0)))
    assert torch.equal(batch.images[1], resize(read_image(data.path(1)), SIZE, rule))


def test_boxes_beyond_the_limit_are_dropped(data):
    sample = DetectionDataset(data, SIZE, "antialias")[0, 0]
    many = sample._replace(boxes=np.ones((150, 4), np.float32), labels=np.full(150, 3))
    assert (collate([many]).targets.labels == 3).all()


def test_more_boxes_than_usual_are_trained_on_where_that_is_asked_for(files):
    many = [{"id": i, "image_id": 10, "category_id": 3, "bbox": [i % 50, i // 50, 9, 9]} for i in range(150)]
    files.document["annotations"] = [*many, {"id": 150, "image_id": 11, "category_id": 7, "bbox": [1, 1, 9, 9]}]
    path = files.write()
    for most, columns, kept in ((100, 100, 100), (150, 200, 150), (1000, 200, 150), (3, 100, 3)):
        data = load_coco(path, files.images, max_boxes=most)
        batch = next(iter(val_loader(data, size=SIZE, rule="antialias", batch_size=4, workers=0)))
        assert batch.targets.boxes.shape == (4, columns, 4)
        assert (batch.targets.labels > 0).sum(1).tolist() == [kept, 1, 0, 0]
        remarks = [remark for remark in data.remarks() if "max_boxes" in remark]
        assert [f": {150 - kept}, in 0.png" in remark for remark in remarks] == [True] * (kept < 150)


@pytest.mark.parametrize("augmentation", ["paper", "modern"])
def test_an_epoch_repeats_exactly_and_differs_from_the_next(data, augmentation):
    loader = training(data, augmentation=augmentation)
    first, second = epoch_of(loader, 0), epoch_of(loader, 1)
    assert same(first, epoch_of(training(data, augmentation=augmentation), 0))
    assert not same(first, second)
    assert not same(first, epoch_of(training(data, augmentation=augmentation, seed=1), 0))


def test_loader_processes_that_outlive_an_epoch_know_the_next(data):
    """Persistent workers hold copies of the data set: the epoch has to come with the index."""
    alone, workers = training(data, augmentation="modern"), training(data, augmentation="modern", workers=2)
    for epoch in (0, 1, 7):
        assert same(epoch_of(alone, epoch), epoch_of(workers, epoch))


def test_images_can_be_sent_to_a_process_that_was_not_forked(data):
    dataset = DetectionDataset(data, SIZE, "antialias", augmentation="paper")
    copy = pickle.loads(pickle.dumps(dataset))
    assert torch.equal(copy[3, 2].image, dataset[3, 2].image)


@pytest.mark.parametrize("workers", [0, 1])
def test_a_truncated_image_is_refused_by_name(data, workers):
    whole = data.path(2).read_bytes()
    data.path(2).write_bytes(whole[: len(whole) // 2])
    with pytest.raises(UserError, match=r"2\.png.*cannot be read") as caught:
        list(val_loader(data, size=SIZE, rule="antialias", batch_size=2, workers=workers))
    assert "Traceback" not in str(caught.value) and "data.on_error=skip" in str(caught.value)


def test_skipped_images_are_replaced_in_training_and_left_out_in_scoring(data):
    data.path(2).write_bytes(b"not an image")
    lines: list[str] = []
    loader = training(data, on_error="skip", log=lines.append)
    ids = sorted(torch.cat([batch.image_ids for epoch in range(2) for batch in epoch_of(loader, epoch)]).tolist())
    assert ids == [10, 10, 11, 11, 13, 13, 13, 13]
    assert len(lines) == 1 and "2.png" in lines[0] and "instead" in lines[0]
    options = {"rule": "legacy", "batch_size": 2, "workers": 0}
    scored = list(val_loader(data, size=SIZE, **options, on_error="skip", log=lines.append))
    assert torch.cat([batch.image_ids for batch in scored]).tolist() == [10, 11, NO_IMAGE, 13]
    assert len(lines) == 2 and "without detections" in lines[1]


def test_a_data_set_that_cannot_be_read_at_all_is_refused(data):
    for index in range(len(data)):
        data.path(index).unlink()
    with pytest.raises(UserError, match="Too many"):
        list(training(data, on_error="skip"))


def test_real_photographs(test_data):
    folder = test_data / "coco_sample"
    data = load_coco(folder / "annotations" / "instances_val2017.json", folder / "val2017", "category_id")
    batches = epoch_of(training(data, augmentation="modern", batch_size=10), 0)
    boxes = torch.cat([batch.targets.boxes[batch.targets.labels > 0] for batch in batches])
    assert len(boxes) > 50 and (boxes[:, 2:] - boxes[:, :2] >= 1).all()
    assert (boxes >= 0).all() and (boxes <= torch.tensor([48, 32, 48, 32])).all()
