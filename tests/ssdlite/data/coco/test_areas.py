"""Areas that take objects out of COCO's scores, or sort them wrongly."""

import numpy as np
import pytest

from mnv3.ssdlite.data.coco.annotations import load_coco
from mnv3.ssdlite.data.coco.areas import sound_areas
from mnv3.ssdlite.evaluate.scorer import score_results

BOX = np.array([[0, 0, 40.0, 50.0]])


@pytest.mark.parametrize("area", [0, -2000, 1, 0.02, 1.0, float("nan"), float("inf"), 10**400, 8000, 2000.0 * 3])
def test_what_cannot_be_the_area_of_a_box_is_replaced(area):
    areas, replaced = sound_areas([area], BOX)
    assert areas.tolist() == [2000] and replaced.tolist() == [True]


@pytest.mark.parametrize("area", [2000, 30, 1.5, 2010.5])
def test_an_outlines_area_is_kept(area):
    areas, replaced = sound_areas([area], BOX)
    assert areas.tolist() == [area] and not replaced.any()


def test_small_things_and_no_area_given():
    boxes = np.array([[0, 0, 2, 3.0], [0, 0, 0, 0], [0, 0, 5, 5]])
    areas, replaced = sound_areas([0.8, 0, None], boxes)
    assert areas.tolist() == [0.8, 0, 25] and not replaced.any()


def detected(data, keep):
    truth = data.ground_truth()["annotations"]
    found = [{key: a[key] for key in ("image_id", "category_id", "bbox")} | {"score": 0.9} for a in truth if keep(a)]
    return score_results(data, found).stats


def test_objects_of_negative_area_count_in_ap(files):
    good = detected(load_coco(files.write(), files.images), lambda a: a["category_id"] == 7)
    for annotation in files.document["annotations"]:
        if annotation["category_id"] == 3:
            annotation["area"] = -annotation["area"]
    data = load_coco(files.write(), files.images)
    assert detected(data, lambda a: a["category_id"] == 7) == pytest.approx(good, nan_ok=True) and good["AP"] == 0.5
    assert len(data.remarks()) == 1 and ": 2, in 2.png" in data.remarks()[0]


def test_areas_of_published_data_sets_are_all_kept(test_data):
    for name in ("train2017", "val2017"):
        folder = test_data / "coco_sample"
        data = load_coco(folder / "annotations" / f"instances_{name}.json", folder / name)
        assert not any("areas" in remark for remark in data.remarks())
    data = load_coco(test_data / "bccd" / "annotations" / "train.json", test_data / "bccd" / "train")
    assert not any("areas" in remark for remark in data.remarks())
