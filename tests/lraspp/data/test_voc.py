"""PASCAL VOC's frames."""

from pathlib import Path

import numpy as np
import pytest
from omegaconf import OmegaConf
from PIL import Image

from mnv3.lraspp.data.check import check
from mnv3.lraspp.data.classes import VOC
from mnv3.lraspp.data.dataset import WholeFrames
from mnv3.lraspp.data.frames import IGNORE, UNKNOWN, FrameData
from mnv3.lraspp.data.loader import frame_sizes
from mnv3.lraspp.data.sets import cache_copies, open_dataset
from mnv3.tools.errors import UserError
from tests.lraspp.data.files import section, silent, values_of
from tests.voc_files import LISTS, label_values, write_voc

DATASET = OmegaConf.create({"name": "voc", "class_slots": "contiguous", "max_boxes": 100})


def opened(root: Path, split: str = "val", lines: list[str] | None = None, on_error: str = "raise") -> FrameData:
    return open_dataset(DATASET, section(root, on_error), split, (lines if lines is not None else []).append)


@pytest.mark.parametrize("split", ["train", "val", "trainval"])
def test_frames_classes_and_the_ignored_border(tmp_path: Path, split: str) -> None:
    write_voc(tmp_path / "voc" / "VOCdevkit" / "VOC2012")
    data = opened(tmp_path, split)
    assert [frame.name for frame in data.frames] == list(LISTS.get(split, (*LISTS["train"], *LISTS["val"])))
    assert data.classes == VOC and data.table.tolist() == [*range(21), *[UNKNOWN] * 234, IGNORE] and not data.official
    labels = WholeFrames(data, frame_sizes(data))[0, 0].labels.numpy()
    assert (labels == label_values()).all() and set(np.unique(labels)) == {0, 12, 15, 255}


def test_colours_are_those_of_the_label_files(tmp_path: Path) -> None:
    """The devkit's own label files have (64, 0, 128) for dogs and (192, 128, 128) for persons."""
    write_voc(tmp_path)
    label = opened(tmp_path).frames[0].label
    colours = np.array(Image.open(label).convert("RGB"))[label_values() == 12] if label else np.zeros((1, 3))
    assert (colours == (64, 0, 128)).all() and VOC[12].colour == (64, 0, 128) and VOC[15].colour == (192, 128, 128)


def test_the_test_split_has_no_labels(tmp_path: Path) -> None:
    folder = write_voc(tmp_path)
    (folder / "ImageSets" / "Segmentation" / "test.txt").write_text("2010_000001\n2010_000002\n")
    Image.new("RGB", (50, 30)).save(folder / "JPEGImages" / "2010_000001.jpg")
    with pytest.raises(UserError, match="1 of 2 frames have no image: 2010_000002"):
        opened(tmp_path, "test")
    data = opened(tmp_path, "test", on_error="skip")
    assert len(data) == 1 and not data.has_labels


def test_what_is_missing_is_refused_or_left_out_and_told(tmp_path: Path) -> None:
    folder = write_voc(tmp_path)
    first, second, third = LISTS["train"]
    (folder / "JPEGImages" / f"{first}.jpg").unlink()
    (folder / "SegmentationClass" / f"{second}.png").unlink()
    for path in (folder / "JPEGImages" / f"{third}.jpg", folder / "SegmentationClass" / f"{third}.png"):
        path.unlink()
    with pytest.raises(UserError) as caught:
        opened(tmp_path, "train")
    for name, problem in zip((second, first, third), caught.value.problems, strict=False):
        assert name in problem
    (folder / "ImageSets" / "Segmentation" / "train.txt").write_text("\n".join((*LISTS["train"], *LISTS["val"])))
    lines: list[str] = []
    assert len(opened(tmp_path, "train", lines, "skip")) == 2 and len(lines) == 4


def test_a_check_finds_values_that_voc_does_not_have(tmp_path: Path) -> None:
    folder = write_voc(tmp_path)
    assert check(DATASET, section(tmp_path), None, tmp_path / "out") == []
    label = folder / "SegmentationClass" / "2009_000004.png"
    Image.fromarray(np.full((40, 60), 21, np.uint8)).save(label)
    (problem,) = check(DATASET, section(tmp_path), None, tmp_path / "out")
    assert "21" in problem and "2009_000004" in problem


def test_labels_are_of_the_pixels_as_stored(tmp_path: Path) -> None:
    """A photo may note that it is upside down; its label file was drawn without looking at that."""
    folder = write_voc(tmp_path)
    file = folder / "JPEGImages" / "2009_000004.jpg"
    upside_down = Image.Exif()
    upside_down[0x0112] = 3
    Image.open(file).save(file, exif=upside_down, quality=95)
    stored = values_of(file)
    data = opened(tmp_path)
    image = WholeFrames(data, frame_sizes(data))[0, 0].image.permute(1, 2, 0).numpy()
    assert np.abs(image.astype(int) - stored).mean() < 5  # another decoder
    assert np.abs(image[::-1, ::-1].astype(int) - stored).mean() > 30


def test_decoded_copies(tmp_path: Path) -> None:
    write_voc(tmp_path / "VOCdevkit" / "VOC2012")
    before = WholeFrames(opened(tmp_path), [(40, 60)] * 2)[0, 1]
    assert cache_copies(DATASET, section(tmp_path), None, remove=False) == []
    data = open_dataset(DATASET, section(tmp_path), "val", silent)
    assert all(frame.cached for frame in data.frames)
    after = WholeFrames(data, [(40, 60)] * 2)[0, 1]
    assert (after.labels == before.labels).all() and (after.image == before.image).all()
