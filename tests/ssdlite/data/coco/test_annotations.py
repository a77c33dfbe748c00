"""Reading COCO files, and what is refused."""

import io
import json
from contextlib import redirect_stdout

import numpy as np
import pytest
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from mnv3.ssdlite.data.coco.annotations import load_coco
from mnv3.tools.errors import UserError


def problems_of(files, **options) -> tuple[str, ...]:
    with pytest.raises(UserError) as caught:
        load_coco(files.write(), files.images, **options)
    return caught.value.problems


def test_boxes_belong_to_their_images_without_crowds(files):
    data = load_coco(files.write(), files.images)
    assert data.image_ids.tolist() == [10, 11, 12, 13] and data.sizes[2].tolist() == [60, 60]
    boxes, slots = data.training_boxes(2)
    assert boxes.tolist() == [[10.5, 20.25, 40.5, 40.25]] and slots.tolist() == [1]
    assert len(data.training_boxes(3)[0]) == 0
    assert data.remarks() == []


def test_slots_follow_the_category_ids(files):
    path = files.write()
    contiguous, by_id = load_coco(path, files.images), load_coco(path, files.images, "category_id")
    assert [(c.id, c.name, c.slot) for c in contiguous.categories] == [(3, "dog", 1), (7, "cat", 2)]
    assert contiguous.num_slots == 3
    assert [c.slot for c in by_id.categories] == [3, 7] and by_id.num_slots == 91
    assert by_id.training_boxes(0)[1].tolist() == [7]
    assert by_id.categories_by_slot[7].name == "cat"


def test_category_zero_needs_contiguous_slots(files):
    files.document["categories"].append({"id": 0, "name": "cow"})
    assert load_coco(files.write(), files.images).categories[0] == (0, "cow", 1)
    assert "class_slots=contiguous" in problems_of(files, class_slots="category_id")[0]


def test_empty_and_outside_boxes_are_worked_around(files):
    boxes = [[5, 5, 0, 10], [100, 5, 10, 10], [50, 30, 30, 30], [0, 0, 60.6, 40.4]]
    files.document["annotations"] = [
        {"id": i, "image_id": 10, "category_id": 3, "bbox": box} for i, box in enumerate(boxes)
    ]
    data = load_coco(files.write(), files.images)
    assert data.training_boxes(0)[0].tolist() == [[50, 30, 60, 40], [0, 0, 60, 40]]
    empty, outside = data.remarks()
    assert "no size" in empty and ": 2, in 0.png" in empty
    assert "outside" in outside and ": 1, in 0.png" in outside  # half a pixel of rounding is nothing to speak of
    assert len(data.ground_truth()["annotations"]) == 4


def test_ground_truth_scores_as_the_file_does(test_data):
    folder = test_data / "coco_sample"
    path = folder / "annotations" / "instances_val2017.json"
    truth = load_coco(path, folder / "val2017").ground_truth()
    rng = np.random.default_rng(1)
    results = [
        {
            "image_id": a["image_id"],
            "category_id": a["category_id"],
            "bbox": (np.array(a["bbox"]) + rng.normal(0, 4, 4)).tolist(),
            "score": float(rng.random()),
        }
        for a in json.loads(path.read_text())["annotations"]
    ]
    stats = []
    with redirect_stdout(io.StringIO()):
        ours = COCO()
        ours.dataset = truth  # type: ignore[assignment]
        ours.createIndex()
        for reference in (COCO(str(path)), ours):
            found = reference.loadRes([dict(r) for r in results])  # type: ignore[arg-type]  # takes lists too
            evaluation = COCOeval(reference, found, "bbox")
            evaluation.evaluate()
            evaluation.accumulate()
            evaluation.summarize()
            stats.append(evaluation.stats)
    assert 0.2 < stats[0][0] < 0.9
    np.testing.assert_array_equal(*stats)


def test_annotation_zero_counts_as_found(files):
    """pycocotools itself would take it for not matched."""
    files.document["annotations"][0]["id"] = 0
    assert [a["id"] for a in load_coco(files.write(), files.images).ground_truth()["annotations"]] == [1, 2, 3, 4]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[1, 2]", "not a COCO file"),
        ('{"images": [], "categories"', "not JSON, or is cut short"),
        ('{"images": []}', "not a COCO file"),
        ('{"images": [], "categories": [], "annotations": []}', "no images and no categories"),
        ('{"images": [3], "categories": [{"id": 1, "name": "a"}], "annotations": {}}', "not a list"),
        ('{"images": [3], "categories": [{"id": 1, "name": "a"}], "annotations": []}', "images needs"),
        ("\x80", "not JSON"),
    ],
)
def test_what_is_not_coco_is_refused(files, text, expected):
    files.json.write_bytes(text.encode("latin-1"))
    with pytest.raises(UserError, match=expected) as caught:
        load_coco(files.json, files.images)
    assert str(files.json) in str(caught.value)


def test_all_mistakes_at_once_and_a_handful_of_each(files):
    annotations = files.document["annotations"]
    annotations[0]["category_id"] = 99
    annotations[1]["image_id"] = 5
    annotations += [{"id": 4, "image_id": 1000 + i, "category_id": 3, "bbox": [1, 1, 1, 1]} for i in range(20)]
    annotations.append({"id": 50, "image_id": 10, "category_id": 3, "bbox": [1, 1, 1]})
    files.document["images"].append(files.document["images"][0])
    text = "\n".join(problems_of(files))
    assert "image id used twice: 10." in text
    assert "image file listed twice: 0.png." in text
    assert "annotation id used twice: 4." in text
    assert "not listed, image id: 5, 1000, 1001, 1002, 1003 and 16 more." in text
    assert "unknown category id: 99." in text
    assert '"bbox" of annotations must be a list of four finite numbers; not so at place: 24 (' in text
    assert len(problems_of(files)) == 6


@pytest.mark.parametrize(
    ("box", "expected"),
    [
        ([50, 30, 58, 38], r"\[x1, y1, x2, y2\]"),
        ([0.1, 0.2, 0.5, 0.4], "shares of the image"),
        ([9, 9, -3, 4], "negative size"),
    ],
)
def test_boxes_of_other_conventions_are_told(files, box, expected):
    files.document["annotations"] = [
        {"id": i, "image_id": 10, "category_id": 3, "bbox": [value + i / 100 for value in box]} for i in range(3)
    ]
    with pytest.raises(UserError, match=expected):
        load_coco(files.write(), files.images)


def test_published_boxes_of_no_size_do_not_stop_a_training(test_data):
    folder = test_data / "bccd"
    data = load_coco(folder / "annotations" / "train.json", folder / "train")
    assert (len(data), len(data.boxes), data.trainable.sum()) == (205, 2805, 2804)
    assert "BloodImage_00343.jpg" in data.remarks()[0]
