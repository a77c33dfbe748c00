"""Remarks on label maps that can be trained on, but not well."""

from pathlib import Path

import numpy as np

from mnv3.lraspp.data.frames import Frame, FrameData, SegClass
from mnv3.lraspp.data.labels.advice import on_training
from mnv3.lraspp.data.labels.look import Look, Seen

CLASSES = tuple(SegClass(name, (0, 0, 0), None, number) for number, name in enumerate(("road", "car", "dog")))


def seen(frames: int, pixels: dict[int, int], with_dog: int) -> Seen:
    """So many frames with so many `pixels` by value, the last class in `with_dog` of them."""
    looks = []
    for number in range(frames):
        counts = np.zeros(256, np.int64)
        for value, count in pixels.items():
            counts[value] = count if value != 2 or number < with_dog else 0
        looks.append(Look((10, 10), counts))
    named = tuple(Frame(str(number), Path("a"), Path("b")) for number in range(frames))
    return Seen(FrameData("masks", "train", Path(), named, CLASSES, (255,)), looks, frames)


def test_good_data_has_no_remark() -> None:
    assert on_training(seen(60, {0: 1000, 1: 50, 2: 50, 255: 100_000}, 60)) == []


def test_few_frames_and_classes_that_are_hardly_there() -> None:
    frames, few, rare = on_training(seen(40, {0: 100_000, 1: 150, 2: 20_000}, 9))
    assert "40 frames" in frames and "dog (9)" in few and "car (0.1" in rare and "class_weights" in rare
    (alone,) = on_training(seen(7, {0: 100, 1: 100, 2: 100}, 7))
    assert "7 frames" in alone
