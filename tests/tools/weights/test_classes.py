"""Class predictors by name, on a network of one layer."""

from collections.abc import Mapping

import pytest
import torch
from torch import nn

from mnv3.tools.weights.classes import Classes, carry_over, names_or_none, plain_name

PATTERN = r"classes\."


class Network(nn.Module):
    """Two inputs, `anchors` predictions of every class."""

    def __init__(self, rows: int, anchors: int = 1) -> None:
        super().__init__()
        self.classes = nn.Linear(2, anchors * rows)


def carried(file: Mapping[int, str] | None, own: Mapping[int, str], rows: int = 3, anchors: int = 2):
    """Carry over between networks of as many rows as names; return their weights by anchor and row, and the answer."""
    there, here = Network(rows, anchors), Network(len(own), anchors)
    answer = carry_over(here, there.state_dict(), PATTERN, Classes(rows, file), Classes(len(own), own, None), "x.ckpt")
    mine, old = (net.classes.weight.detach().unflatten(0, (anchors, -1)) for net in (here, there))
    new = answer.state["classes.weight"].unflatten(0, (anchors, -1)) if "classes.weight" in answer.state else None
    return mine, old, new, answer


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Traffic Light", "traffic_light"),
        ("stop-sign", "stop sign"),
        ("__background__", "background"),
        ("aeroplane", "Airplane"),
        ("motorbike", "motorcycle"),
        ("sofa", "couch"),
        ("tvmonitor", "tv"),
        ("diningtable", "dining table"),
        ("pottedplant", "potted plant"),
    ],
)
def test_names_that_agree(one: str, other: str) -> None:
    assert plain_name(one) == plain_name(other)


@pytest.mark.parametrize(("one", "other"), [("person", "pedestrian"), ("bicycle", "bicyclist"), ("tv", "van")])
def test_nothing_is_guessed(one: str, other: str) -> None:
    assert plain_name(one) != plain_name(other)


def test_voc_s_and_coco_s_names_agree_as_torchvision_has_them() -> None:
    """All twenty classes of VOC are COCO's: torchvision trains on COCO with VOC's labels."""
    from torchvision.models.detection import SSDLite320_MobileNet_V3_Large_Weights as Boxes
    from torchvision.models.segmentation import LRASPP_MobileNet_V3_Large_Weights as Masks

    coco, voc = (set(map(plain_name, kind.DEFAULT.meta["categories"])) for kind in (Boxes, Masks))
    assert len(voc & coco) == 21  # the background too


def test_two_of_a_name() -> None:
    """The very same name before one that is alike, else the first; both of the data set's get the same rows."""
    _, old, new, _ = carried({0: "Cat", 1: "cat", 2: "dog"}, {0: "cat", 1: "Cat", 2: "CAT", 3: "Dog", 4: "d_o g"})
    assert new is not None and torch.equal(new, old[:, [1, 0, 0, 2, 2]])


def test_a_name_of_marks_only_agrees_with_itself() -> None:
    mine, old, new, answer = carried({0: "-", 1: "_", 2: "a"}, {0: "_", 1: "--", 2: "b"})
    assert new is not None and torch.equal(new[:, 0], old[:, 1]) and torch.equal(new[:, 1:], mine[:, 1:])
    assert "_ (1 of 3); new: --, b." in answer.note


def test_the_same_classes_are_left_alone_in_silence() -> None:
    _, old, new, answer = carried({0: "a", 1: "a b", 2: "sofa"}, {0: "A", 1: "a_b", 2: "couch"})
    assert new is not None and torch.equal(new, old) and answer[1:] == ("", (), frozenset())


def test_unnamed_classes() -> None:
    """Taken in their order if there are as many; else nothing is known of them."""
    unnamed = names_or_none({1: "class 1", 2: "class 2"})
    assert unnamed is None and names_or_none({1: "class 1", 2: "cat"}) is not None
    _, old, new, answer = carried(unnamed, {0: "a", 1: "b", 2: "c"})
    assert new is not None and torch.equal(new, old) and "x.ckpt names no classes" in answer.note
    *_, new, answer = carried(unnamed, {0: "a", 1: "b"})
    assert new is None and "start anew" in answer.note and answer.settled == {"classes.weight", "classes.bias"}


def test_long_lists_are_cut() -> None:
    own = {row: f"new {row}" for row in range(40)}
    answer = carried({0: "a", 1: "b", 2: "c"}, {**own, 7: "c"})[-1]
    assert "c (1 of 40)" in answer.note and "new 12 and 27 more." in answer.note


def test_a_file_without_class_predictors() -> None:
    state = {"other": torch.zeros(1)}
    names = {0: "a", 1: "b"}
    assert carry_over(Network(2), state, PATTERN, Classes(2, names), Classes(2, {**names, 1: "c"}), "x").state == state
