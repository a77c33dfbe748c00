"""What `mnv3 data check` finds in frames and label maps."""

import json

import numpy as np
from PIL import Image

from mnv3.lraspp.data.check import check_split
from mnv3.tools.images.read import read_image
from tests.lraspp.data.files import change_values, label_of, opened, silent, values_of


def findings(data, tmp_path, log=silent):
    problems = check_split(data, tmp_path / "out", log)
    return problems, json.loads((tmp_path / "out" / f"{data.split}.json").read_text())


def test_a_good_split(root, tmp_path):
    data = opened(root)
    lines: list[str] = []
    problems, found = findings(data, tmp_path, lines.append)
    assert problems == [] and (found["frames"], found["with_labels"], found["sizes"]) == (3, 3, {"96x48": 3})
    truth = np.concatenate([values_of(label_of(data, i)).ravel() for i in range(3)])
    assert found["pixels_by_class"]["road"] == (truth == 7).sum() and found["pixels"] == truth.size
    assert found["ignored_pixels"] == np.isin(truth, data.ignored_ids).sum()
    text = "\n".join(lines)
    assert "3 frames, 3 with labels: 3 of 96x48" in text and "vegetation" in text and "0 unreadable" in text
    assert read_image(tmp_path / "out" / "train.png").shape[2] > 3 * 350


def test_all_mistakes_at_once(root, tmp_path):
    data = opened(root)
    data.frames[0].image.unlink()
    Image.new("RGB", (90, 48)).save(data.frames[1].image)
    change_values(label_of(data, 2), lambda values: np.where(values == 7, 99, values).astype(np.uint8))
    problems, found = findings(data, tmp_path)
    unreadable, size, values = problems
    assert "1 of 3 frames cannot be read" in unreadable and "does not exist" in unreadable
    assert "1 of 3 frames have label files of another size" in size and "90x48" in size and "96x48" in size
    assert "values that cityscapes does not have: 99. 1 frames have them" in values
    assert list(found["unknown_values"]) == ["99"] and list(found["unreadable"]) == [data.frames[0].name]


def test_train_ids_are_recognised_with_and_without_255(root, tmp_path):
    data = opened(root)
    for index in range(3):
        change_values(label_of(data, index), lambda values: data.table[values])
    (problem,) = findings(data, tmp_path)[0]
    assert "train ids (0 to 18, and 255)" in problem
    for index in range(3):
        change_values(label_of(data, index), lambda values: np.minimum(values, 18))
    (problem,) = findings(data, tmp_path)[0]
    assert "train ids" in problem


def test_a_split_without_a_class_cannot_train_and_one_without_labels_can_be_looked_at(root, tmp_path):
    data = opened(root, "val")
    for index in range(2):
        change_values(label_of(data, index), lambda values: np.full_like(values, 3))
    problems, _ = findings(data, tmp_path)
    assert "no pixel of a class" in problems[-1]
    problems, found = findings(opened(root, "test"), tmp_path)
    assert problems == [] and found["with_labels"] == 0


def test_frames_of_a_test_split_must_be_readable_too(root, tmp_path):
    data = opened(root, "test")
    data.frames[0].image.write_bytes(b"no image")
    (problem,), _ = findings(data, tmp_path)
    assert "1 of 1 frames cannot be read" in problem
