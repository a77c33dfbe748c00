from math import log

import torch
from torchvision.models.detection._utils import BoxCoder
from torchvision.ops import box_iou, clip_boxes_to_image

from mnv3.ssdlite.model.boxes import clip, decode, encode, pairwise_iou


def random_boxes(*shape: int) -> torch.Tensor:
    corners = torch.rand((*shape, 2)) * 200 - 20
    return torch.cat((corners, corners + 1 + torch.rand((*shape, 2)) * 150), -1)


def test_coder_is_torchvisions() -> None:
    torch.manual_seed(0)
    boxes, anchors = random_boxes(50), random_boxes(50)
    theirs = BoxCoder((10.0, 10.0, 5.0, 5.0))
    torch.testing.assert_close(encode(boxes, anchors), theirs.encode_single(boxes, anchors), atol=1e-4, rtol=1e-5)
    codes = torch.randn((50, 4)) * 10
    torch.testing.assert_close(decode(codes, anchors, log(1000 / 16)), theirs.decode_single(codes, anchors))
    torch.testing.assert_close(decode(encode(boxes, anchors), anchors, 80.0), boxes, atol=1e-3, rtol=1e-5)


def test_a_box_of_no_width_has_a_finite_code() -> None:
    box = torch.tensor([[10.0, 10, 10, 40]])
    assert encode(box, random_boxes(1)).isfinite().all()


def test_iou_and_clip_are_torchvisions() -> None:
    torch.manual_seed(0)
    a, b = random_boxes(2, 30), random_boxes(2, 40)
    torch.testing.assert_close(pairwise_iou(a, b), torch.stack([box_iou(x, y) for x, y in zip(a, b, strict=True)]))
    torch.testing.assert_close(clip(a, 100, 150), clip_boxes_to_image(a, (100, 150)))
    empty = torch.zeros((1, 4))
    assert pairwise_iou(empty, empty).item() == 0
