import numpy as np
import torch
from torchvision.ops import box_iou

from mnv3.tools.export import checking
from mnv3.tools.export.checking import boxes_resemble, labels_agree, pairwise_overlaps
from mnv3.tools.predict.predictor import Boxes


def boxes_agree(ours, theirs, least_score=0.0, limit=100) -> checking.Agreement:
    return checking.boxes_agree(ours, theirs, least_score=least_score, limit=limit, nms_iou=0.6)


def found(*rows: tuple[float, float, int]) -> Boxes:
    """Boxes of 10 pixels from their left edge, score and class."""
    left, scores, classes = (np.array(column) for column in zip(*rows, strict=True))
    corners = np.stack([left, left * 0, left + 10, left * 0 + 10], 1)
    return Boxes(corners.astype(np.float32), scores.astype(np.float32), classes)


def test_the_same_boxes_in_another_order_agree() -> None:
    ours = found((0, 0.9, 1), (20, 0.90001, 2), (40, 0.5, 1))
    theirs = found((20.01, 0.9, 2), (0, 0.90005, 1), (40, 0.5, 1))
    assert boxes_agree([ours], [theirs]).good


def test_moved_boxes_other_scores_classes_and_missing_boxes_do_not() -> None:
    ours = found((0, 0.9, 1), (20, 0.8, 2), (40, 0.1, 1))
    for theirs in (
        found((0.2, 0.9, 1), (20, 0.8, 2), (40, 0.1, 1)),
        found((0, 0.9, 1), (20, 0.801, 2), (40, 0.1, 1)),
        found((0, 0.9, 2), (20, 0.8, 2), (40, 0.1, 1)),
        found((0, 0.9, 1), (40, 0.1, 1)),
        found((0, 0.9, 1), (0, 0.85, 1), (20, 0.8, 2), (40, 0.1, 1)),
    ):
        assert not boxes_agree([ours], [theirs]).good


def test_which_of_equals_comes_last_does_not_matter() -> None:
    """Of a full list; of one that is not, both must be there."""
    ours, theirs = found((0, 0.9, 1), (20, 0.1, 2)), found((0, 0.9, 1), (40, 0.1, 2))
    assert boxes_agree([ours], [theirs], limit=2).good
    assert not boxes_agree([ours], [theirs], limit=3).good


def test_boxes_that_all_tie_are_compared() -> None:
    """Of a network that has hardly learnt: all were taken for ties with the last, and none was compared."""
    ours = found(*((20 * i, 0.01 + 1e-7 * i, 1) for i in range(10)))
    same, other = boxes_agree([ours], [ours], limit=10), found(*((20 * i, 0.01, 2) for i in range(10)))
    assert same.good and same.words.startswith("20 detections of the two, 20 of them")
    assert not boxes_agree([ours], [other], limit=10).good


def test_single_boxes_are_compared() -> None:
    """They were all taken for the last of a full list: 0 detections agreed with 0."""
    agreement = boxes_agree([found((0, 0.9, 1))] * 5, [found((0, 0.9, 1))] * 5)
    assert agreement.good and agreement.words.startswith("10 detections")
    assert not boxes_agree([found((0, 0.9, 1))], [found((3, 0.9, 1))]).good


def test_boxes_at_the_score_threshold_may_be_there_or_not() -> None:
    ours, theirs = found((0, 0.9, 1), (20, 0.50001, 2)), found((0, 0.9, 1))
    assert boxes_agree([ours], [theirs], least_score=0.5).good
    assert not boxes_agree([ours], [theirs], least_score=0.4).good


def test_a_tie_in_nms_is_told_and_not_held_against_the_file() -> None:
    """Boxes of 10 pixels, 2.5 apart, overlap by 0.6: one of two may go, and then a third stays that it had removed."""
    ours = found((0, 0.9, 1), (2.5, 0.8, 1), (40, 0.3, 1))
    for theirs in (found((0, 0.9, 1), (40, 0.3, 1)), found((0, 0.9, 1), (4, 0.7, 1), (40, 0.3, 1))):
        agreement = boxes_agree([ours], [theirs])
        assert agreement.good and "overlap by just 0.6" in agreement.words
    assert not boxes_agree([ours], [found((0, 0.9, 1), (2.5, 0.8, 1))]).good  # another one is gone too
    assert not boxes_agree([found((0, 0.9, 1), (3.5, 0.8, 1))], [found((0, 0.9, 1))]).good


def test_nothing_agrees_with_nothing_alone() -> None:
    nothing = Boxes(np.zeros((0, 4), np.float32), np.zeros(0, np.float32), np.zeros(0, np.int64))
    assert boxes_agree([nothing], [nothing]).good
    assert not boxes_agree([nothing], [found((0, 0.9, 1), (20, 0.1, 2))]).good


def test_label_maps_may_differ_in_a_ten_thousandth() -> None:
    ours = np.zeros((100, 200), np.uint8)
    theirs = ours.copy()
    theirs[0, :2] = 1
    assert labels_agree([ours], [theirs]).good
    theirs[0, 2] = 1
    agreement = labels_agree([ours], [theirs])
    assert not agreement.good and "99.9850 %" in agreement.words


def test_eight_bits_are_told_by_the_boxes_found_again() -> None:
    ours = found((0, 0.9, 1), (20, 0.8, 2), (40, 0.6, 1), (60, 0.1, 1))
    theirs = found((0.5, 0.85, 1), (20, 0.8, 1), (45, 0.6, 1))
    assert boxes_resemble([ours], [theirs]).startswith("1 of 3 boxes")


def test_overlaps_are_those_of_torchvision() -> None:
    rng = np.random.default_rng(0)
    a, b = (rng.uniform(0, 50, (count, 4)).astype(np.float32) for count in (7, 9))
    a[:, 2:] += a[:, :2]
    b[:, 2:] += b[:, :2]
    expected = box_iou(torch.from_numpy(a), torch.from_numpy(b))
    np.testing.assert_allclose(pairwise_overlaps(a, b), expected, atol=1e-6)
