import torch
from torchvision.models.detection._utils import SSDMatcher
from torchvision.ops import box_iou

from mnv3.ssdlite.model.anchors import grid_anchors, paper_layout
from mnv3.ssdlite.model.matching import UNMATCHED, match_anchors
from mnv3.ssdlite.model.targets import PADDING, Targets

ANCHORS = grid_anchors(paper_layout(), (320, 320), square=True)


def crowded_targets() -> Targets:
    torch.manual_seed(0)
    corners = torch.rand((4, 20, 2)) * 220
    boxes = torch.cat((corners, corners + 5 + torch.rand((4, 20, 2)) * 90), -1)
    labels = torch.ones((4, 20), dtype=torch.int64)
    boxes[1, 7] = boxes[1, 3] + 0.5  # both want the same anchor
    labels[2, 5:] = PADDING
    labels[3] = PADDING
    return Targets(boxes, labels)


def test_matches_are_torchvisions() -> None:
    targets = crowded_targets()
    got = match_anchors(ANCHORS, targets, 0.5, first_wins=False)
    for match, boxes, labels in zip(got, *targets, strict=True):
        if (labels > 0).any():
            assert torch.equal(match, SSDMatcher(0.5)(box_iou(boxes[labels > 0], ANCHORS)))
        else:
            assert (match == UNMATCHED).all()


def test_of_two_boxes_with_one_best_anchor_the_first_or_the_last_gets_it() -> None:
    anchors = torch.tensor([[0.0, 0, 10, 10], [100, 100, 110, 110]])
    targets = Targets(torch.tensor([[[0.0, 0, 30, 30], [0, 0, 25, 25]]]), torch.ones((1, 2), dtype=torch.int64))
    assert match_anchors(anchors, targets, 0.5, first_wins=True).tolist() == [[0, UNMATCHED]]
    assert match_anchors(anchors, targets, 0.5, first_wins=False).tolist() == [[1, UNMATCHED]]


def test_what_padding_holds_does_not_matter() -> None:
    boxes, labels = crowded_targets()
    junk = boxes.clone()
    junk[2, 5:] = ANCHORS[:15]
    for first_wins in (True, False):
        want = match_anchors(ANCHORS, Targets(boxes, labels), 0.5, first_wins)
        assert torch.equal(match_anchors(ANCHORS, Targets(junk, labels), 0.5, first_wins), want)


def test_how_much_padding_there_is_does_not_matter() -> None:
    boxes, labels = crowded_targets()
    wide = Targets(torch.cat([boxes, torch.zeros(4, 80, 4)], 1), torch.cat([labels, torch.full((4, 80), PADDING)], 1))
    for first_wins in (True, False):
        want = match_anchors(ANCHORS, Targets(boxes, labels), 0.5, first_wins)
        assert torch.equal(match_anchors(ANCHORS, wide, 0.5, first_wins), want)
