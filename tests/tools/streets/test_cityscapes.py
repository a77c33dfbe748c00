"""The Cityscapes data set, read and scored by cityscapesscripts."""

from pathlib import Path

import numpy as np
from cityscapesscripts.evaluation import evalPixelLevelSemanticLabeling as official
from cityscapesscripts.helpers.labels import id2label
from PIL import Image


def _label_files(folder: Path, split: str) -> list[Path]:
    return sorted((folder / "gtFine" / split).glob("*/*_gtFine_labelIds.png"))


def test_ground_truth_scores_one_against_itself(cityscapes_folder: Path, monkeypatch, capsys):
    truth = [str(path) for path in _label_files(cityscapes_folder, "val")]
    assert len(truth) == 14
    for name, value in {"quiet": True, "JSONOutput": False, "evalInstLevelScore": True}.items():
        monkeypatch.setattr(official.args, name, value)
    scores = official.evaluateImgLists(truth, truth, official.args)
    seen = [value for value in scores["classScores"].values() if not np.isnan(value)]
    assert len(seen) >= 17
    assert set(seen) == {1.0}
    instances = [value for value in scores["classInstScores"].values() if not np.isnan(value)]
    assert instances and set(instances) == {1.0}


def test_every_id_is_a_label_and_instances_agree_with_labels(cityscapes_folder: Path):
    for path in [*_label_files(cityscapes_folder, "train"), *_label_files(cityscapes_folder, "val")]:
        labels = np.asarray(Image.open(path))
        instances = np.asarray(Image.open(path.with_name(path.name.replace("labelIds", "instanceIds")))).astype(int)
        assert labels.dtype == np.uint8 and labels.shape == instances.shape
        assert np.array_equal(np.where(instances >= 1000, instances // 1000, instances), labels)
        for key in np.unique(instances).tolist():
            assert id2label[key // 1000 if key >= 1000 else key].hasInstances >= (key >= 1000)


def test_pictures_are_named_as_the_official_scripts_expect(cityscapes_folder: Path):
    for split, count in (("train", 10), ("val", 14)):
        pictures = sorted((cityscapes_folder / "leftImg8bit" / split).glob("*/*_leftImg8bit.png"))
        assert len(pictures) == count
        for picture, labels in zip(pictures, _label_files(cityscapes_folder, split), strict=True):
            city, sequence, frame, _ = picture.stem.split("_")
            assert (city, len(sequence), len(frame)) == (picture.parent.name, 6, 6)
            assert labels.name == f"{city}_{sequence}_{frame}_gtFine_labelIds.png"
            assert Image.open(picture).mode == "RGB"
            assert Image.open(picture).size == Image.open(labels).size
