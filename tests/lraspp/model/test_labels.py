"""Labels of all pixels against the argmax of PyTorch's own resizing."""

import pytest
import torch
import torch.nn.functional as F

from mnv3.lraspp.model.labels import upsampled_labels

CASES = [
    ((9, 13), (65, 97)),  # times eight, corner to corner
    ((8, 12), (64, 96)),
    ((8, 12), (61, 90)),
    ((5, 7), (5, 7)),
    ((5, 7), (5, 40)),
    ((5, 7), (23, 7)),
    ((1, 1), (8, 8)),
    ((1, 6), (7, 41)),
    ((12, 12), (7, 30)),
    ((2, 3), (1, 1)),
]


@pytest.mark.parametrize("align_corners", [True, False])
@pytest.mark.parametrize("small, size", CASES)
@pytest.mark.parametrize("blobs", [True, False])
def test_labels_are_the_argmax(small: tuple[int, int], size: tuple[int, int], align_corners: bool, blobs: bool) -> None:
    torch.manual_seed(0)
    logits = torch.randn(3, 19, *small)
    if blobs:  # mostly the same class in neighbouring rows, as in a picture
        logits = F.interpolate(torch.randn(3, 19, 3, 3), small, mode="bilinear")
    want = F.interpolate(logits, size, mode="bilinear", align_corners=align_corners)
    got = upsampled_labels(logits, size, align_corners)
    assert got.dtype == torch.uint8
    assert got.shape == (3, *size)
    first, second = want.topk(2, 1).values.unbind(1)
    certain = first - second > 1e-5
    assert certain.float().mean() > 0.99
    assert torch.equal(got[certain], want.argmax(1).byte()[certain])


def test_ties_go_to_the_first_class() -> None:
    logits = torch.zeros(1, 4, 3, 3)
    logits[:, 3] = -1
    assert upsampled_labels(logits, (20, 20), True).max() == 0


def test_half_precision_logits() -> None:
    logits = torch.randn(2, 5, 4, 6).bfloat16()
    want = F.interpolate(logits.float(), (32, 48), mode="bilinear", align_corners=True).argmax(1)
    assert (upsampled_labels(logits, (32, 48), True) == want).float().mean() > 0.99


def test_one_class() -> None:
    assert upsampled_labels(torch.randn(1, 1, 4, 4), (9, 9), True).max() == 0
