"""What label maps cannot be trained on, and what is remarked on."""

import unicodedata

import numpy as np
import pytest

from mnv3.lraspp.data.labels.look import glance, look
from mnv3.lraspp.data.labels.verdict import between, faults, not_learnt, remarks
from mnv3.lraspp.data.loader import train_loader
from mnv3.tools.errors import UserError
from tests.lraspp.data.files import opened
from tests.lraspp.data.own_masks import Masks, grey


def values(change):
    """Writes label values changed by `change`."""
    return lambda mask, path, number: grey(change(mask, number).astype(np.uint8), path, number)


@pytest.fixture
def masks(tmp_path):
    return Masks(tmp_path)


def test_masks_of_two_classes_are_fit(masks):
    data = masks.write(grey).opened()
    for seen in (look(data), glance(data)):
        assert faults(seen) == remarks(seen) == between([seen]) == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda mask, _: mask * 255, ["of background:", "255", "dataset.ignore=null", "`0 background`, `255 thing`"]),
        (lambda mask, _: np.where(np.arange(mask.size).reshape(mask.shape) < 2, 255, 0), ["`255 thing`"]),
        (lambda mask, _: np.where(mask, 255, 1), ["of thing:", "`1 thing`, `255 background`"]),
        (lambda mask, _: mask * 128, ["128", "dataset.names"]),
        (lambda mask, _: mask + 1, [": 2.", "dataset.names"]),
        (lambda mask, _: mask * 0, ["of background:"]),
        (lambda mask, _: mask * 0 + 255, ["no pixel of a class"]),
    ],
)
def test_masks_of_one_class_or_of_other_values_are_refused(masks, change, words):
    data = masks.write(values(change)).opened()
    for seen in (look(data), glance(data)):
        (fault,) = faults(seen)
        assert all(word in fault for word in words)


def test_the_cure_for_black_and_white_masks_is_one(masks):
    masks.write(values(lambda mask, _: mask * 255)).names.write_text("0 background\n255 thing\n")
    data = masks.opened(ignore=None)
    assert faults(look(data)) == remarks(look(data)) == []
    batch = next(iter(train_loader(data, crop=(32, 48), augmentation="flip", batch_size=3, seed=0, workers=0)))
    assert (batch.labels == 1).sum() == sum(12 * (20 - number) for number in range(3))


def test_a_class_that_may_be_the_ignored_value_is_remarked_on(masks):
    masks.names.write_text("background\nthing\nother\n")
    masks.write(values(lambda mask, _: np.where(np.arange(32)[:, None] < 4, 255, mask)))
    (remark,) = remarks(look(masks.opened()))
    assert "no pixel of other" in remark and "`0 background`, `1 thing`, `255 other`" in remark


def test_black_and_white_masks_among_others_are_named(masks):
    masks.write(values(lambda mask, number: mask * (255 if number == 1 else 1)))
    (remark,) = remarks(look(masks.opened()))
    assert "ignored: 1." in remark
    masks.write(values(lambda mask, number: np.where(np.arange(48) < 5, 255, mask * (number != 1))))
    assert remarks(look(masks.opened())) == []  # where objects have ignored pixels beside them, both are ordinary


def test_frames_without_a_class_and_a_heading_are_suspected(masks):
    masks.write(values(lambda mask, number: mask if number else mask * 0 + 255))
    assert ["ignored: 0." in remark for remark in remarks(look(masks.opened()))] == [True]
    masks.write(grey).names.write_text("Klasse\nbackground\nthing\n")
    (remark,) = remarks(look(masks.opened()))
    assert "no pixel of thing" in remark and "heading" in remark


def test_classes_of_val_alone_are_named(masks):
    masks.names.write_text("background\nthing\nother\n")
    masks.write(values(lambda mask, number: mask * (2 if number == 4 else 1)))
    train, val = look(masks.opened("train")), look(masks.opened("val"))
    assert "other" in not_learnt([train, val])[0] and not_learnt([val, train]) == not_learnt([train, val])
    assert not_learnt([train]) == []


def test_a_glance_goes_on_until_two_classes_are_found(masks):
    data = masks.write(values(lambda mask, number: mask * 0 if number < 2 else mask)).opened()
    assert len(glance(data, seconds=0).looks) == 3 and faults(glance(data, seconds=0)) == []


def test_a_glance_at_many_files_is_short(root, monkeypatch):
    monkeypatch.setattr("mnv3.lraspp.data.labels.look.AT_A_TIME", 1)
    seen = glance(opened(root), seconds=0)
    assert len(seen.looks) == len(seen.data.frames) == 1 and seen.total == 3 and faults(seen) == []
    assert "1 of 3 label files" in remarks(seen)[0]


def test_bad_files_are_no_fault_where_they_are_skipped(masks):
    masks.write(grey)
    next((masks.folder / "train" / "labels").glob("*.png")).write_bytes(b"no")
    seen = glance(masks.opened())
    assert "1 of 3 frames cannot be read" in faults(seen)[0] and faults(seen, skip=True) == []


@pytest.mark.parametrize("name", ["line\nend", "\x1b[31mred", "caf\udce9"])
def test_names_that_cannot_be_printed_are_refused(masks, name):
    masks.write(grey)
    (masks.folder / "train" / "images" / "0.png").rename(masks.folder / "train" / "images" / f"{name}.png")
    with pytest.raises(UserError) as caught:
        masks.opened()
    assert str(caught.value).isprintable()


def test_a_photograph_and_its_label_file_may_write_accents_differently(masks):
    masks.write(grey)
    for part, name in (("images", unicodedata.normalize("NFC", "é")), ("labels", unicodedata.normalize("NFD", "é"))):
        folder = masks.folder / "train" / part
        (folder / "0.png").rename(folder / f"{name}.png")
    data = masks.opened()
    assert len(data) == 3 and faults(look(data)) == []
