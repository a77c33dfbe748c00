"""What boxes cannot be trained on."""

from mnv3.ssdlite.data.coco.annotations import load_coco
from mnv3.ssdlite.data.verdict import faults, not_learnt, too_small


def test_boxes_are_fit_for_use(files):
    data = load_coco(files.write(), files.images)
    assert faults(data, "train") == faults(data, "val") == not_learnt(data, data) == []


def test_crowds_alone_and_boxes_of_no_size_are_not(files):
    for annotation in files.document["annotations"][1:]:
        annotation["iscrowd"] = 1
    files.document["annotations"][0]["bbox"] = [5, 6, 0, 30]
    (fault,) = faults(load_coco(files.write(), files.images), "val")
    assert fault.startswith("val: ") and "of its 4 boxes 3 are crowds and 1 have no size" in fault.lower()


def test_a_test_set_is_none_for_training_alone(files):
    del files.document["annotations"]
    data = load_coco(files.write(), files.images)
    assert faults(data, "test-dev") == [] and '"annotations"' in faults(data, "train")[0]


def test_classes_without_a_box_to_learn_from_are_named(files):
    val = load_coco(files.write(), files.images)
    files.document["annotations"][2]["iscrowd"] = 1  # dogs are crowds now
    train = load_coco(files.write(), files.images)
    assert not_learnt(val, val) == [] and "dog" in not_learnt(train, val)[0] and "cat" not in not_learnt(train, val)[0]
    assert not_learnt(train, train) != []


def test_boxes_too_small_for_the_input_are_counted(files):
    files.document["annotations"][0]["bbox"] = [5, 6, 3, 30]
    data = load_coco(files.write(), files.images)
    assert too_small(data, (40, 60)) == []
    assert "1 of 3 boxes" in too_small(data, (40, 15))[0]  # 3 pixels of 60 are less than one of 15
