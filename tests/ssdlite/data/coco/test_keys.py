"""Values that are not what they should be: which key, and where."""

import json

import pytest

from mnv3.ssdlite.data.coco.annotations import load_coco
from mnv3.tools.errors import UserError
from tests.mutations import written


def refused(files) -> str:
    with pytest.raises(UserError) as caught:
        load_coco(files.json, files.images)
    assert len(caught.value.problems) == 1
    return caught.value.problems[0]


@pytest.mark.parametrize(
    ("part", "key", "value"),
    [
        *(("annotations", "iscrowd", value) for value in ("0", "False", [0], 1.0, 2, -1, None, {}, float("inf"))),
        *(("annotations", "area", value) for value in ("5", [5], True)),
        *(("annotations", "bbox", value) for value in ("1234", {}, [1, 2, 3], [1, 2, 3, "4"], [1, 2, True, 4])),
        *(("annotations", "bbox", [1, 2, value, 4]) for value in (float("nan"), float("inf"), 10**400, 1e300, None)),
        *(("annotations", "image_id", value) for value in ("10", 10.0, True, None, 2**64)),
        *(("annotations", "category_id", value) for value in ("7", 7.0, [7], 2**63)),
        ("annotations", "id", [1]),
        *(("images", "width", value) for value in ("640", 60.0, True, 0, -1, None, 10**12)),
        *(("images", "id", value) for value in ("1", 1.0, None, 2**63, -(2**63))),
        *(("images", "file_name", value) for value in (5, "", " ", None, [], "a\0.png", "\ud800.png", "\x1b[1m.png")),
        *(("categories", "name", value) for value in (5, "", None, "\x1b]0;x\x07", "two\nlines", "\ud83d")),
        *(("categories", "id", value) for value in ("7", -1, True, 10**30)),
    ],
)  # fmt: skip
def test_the_key_that_is_wrong_is_named_with_its_place(files, part, key, value):
    files.document[part][1][key] = value
    written(files.json, files.document)
    sentence = refused(files)
    assert f'"{key}" of {part}' in sentence and " 1 (" in sentence and sentence.isprintable()


def test_a_key_that_is_missing_is_named_once_for_all_places(files):
    for annotation in files.document["annotations"]:
        del annotation["bbox"]
    written(files.json, files.document)
    assert refused(files).count("it is missing") == 4


def test_a_value_may_be_left_out_where_it_has_a_meaning_without(files):
    for annotation in files.document["annotations"]:
        del annotation["iscrowd"], annotation["area"]
        annotation["id"] = None
    files.document["annotations"][0] |= {"iscrowd": True, "area": None, "id": "an-uuid"}
    files.document["categories"][0]["supercategory"] = 5  # nobody needs it
    data = load_coco(files.write(), files.images)
    assert data.crowd.tolist() == [True, False, False, False] and data.areas.tolist() == [600, 875, 3600, 600]
    assert data.remarks() == []


@pytest.mark.parametrize("text", ["[" * 100_000, '{"images":' + "[" * 100_000 + "]" * 100_000 + "}"])
def test_deep_nesting_is_a_sentence(files, text):
    files.json.write_text(text)
    assert "nested too deeply" in refused(files)


def test_a_key_given_twice_is_refused(files):
    text = json.dumps(json.loads(files.write().read_text()))
    files.json.write_text(text.replace('"area": 500', '"area": 500, "bbox": [1, 1, 2, 2]'))
    assert "given twice" in refused(files) and "bbox" in refused(files)
    files.json.write_text(text[:-1] + ', "annotations": []}')
    assert "annotations" in refused(files)


def test_ids_of_any_size_below_the_limit_are_ids(files):
    for image in files.document["images"]:
        image["id"] = -image["id"] + 2**62
    for annotation in files.document["annotations"]:
        annotation["image_id"] = -annotation["image_id"] + 2**62
        annotation["category_id"] *= 10**15
    for category in files.document["categories"]:
        category["id"] *= 10**15
    data = load_coco(files.write(), files.images)
    assert [category.id for category in data.categories] == [3 * 10**15, 7 * 10**15] and data.num_slots == 3
    assert data.training_boxes(0)[1].tolist() == [2] and data.training_boxes(2)[1].tolist() == [1]
    with pytest.raises(UserError, match="class_slots=contiguous"):
        load_coco(files.json, files.images, "category_id")


def test_roboflows_root_is_no_class(files):
    root = {"id": 0, "name": "animals", "supercategory": "none"}
    files.document["categories"] = [root, *({**c, "supercategory": "animals"} for c in files.document["categories"])]
    data = load_coco(files.write(), files.images)
    assert [category.name for category in data.categories] == ["dog", "cat"] and data.num_slots == 3
    assert "animals (id 0)" in data.remarks()[0]
    root["name"] = "dog"  # of the name of a class
    assert [category.id for category in load_coco(files.write(), files.images).categories] == [3, 7]


def test_what_is_like_a_root_but_has_boxes_or_nothing_below_it_stays(files):
    for category in files.document["categories"]:
        category["supercategory"] = "none"
    files.document["categories"].append({"id": 9, "name": "cow", "supercategory": "none"})
    assert len(load_coco(files.write(), files.images).categories) == 3
    files.document["categories"][0]["supercategory"] = "dog"  # cats below dogs, which have boxes
    assert len(load_coco(files.write(), files.images).categories) == 3
    files.document["categories"][2]["name"] = "dog"
    files.document["categories"][2]["supercategory"] = "pets"
    written(files.json, files.document)
    assert "name used twice: dog" in refused(files)
