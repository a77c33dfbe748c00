import pytest
import torch
import torch.nn.functional as F
from torchvision.ops import sigmoid_focal_loss

from ssdlite.losses import box_loss, focal_loss


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_focal_loss_and_gradient_are_torchvisions(dtype: torch.dtype) -> None:
    torch.manual_seed(0)
    logits = (torch.randn((2, 300, 11)) * 6).to(dtype)
    slots = torch.randint(0, 11, (2, 300)) * (torch.rand((2, 300)) < 0.1)
    ours = logits.clone().requires_grad_()
    theirs = logits.float().requires_grad_()
    got = focal_loss(ours, slots, alpha=0.75)
    wanted = F.one_hot(slots, 11).float()
    wanted[..., 0] = 0  # the background is nobody's positive
    want = sigmoid_focal_loss(theirs, wanted, alpha=0.75, gamma=2, reduction="sum")
    (got * 3).backward()
    (want * 3).backward()
    assert got.dtype == torch.float32
    torch.testing.assert_close(got, want, rtol=1e-5, atol=0)
    assert ours.grad is not None
    assert theirs.grad is not None
    tolerance = 1e-5 if dtype == torch.float32 else 1e-2
    torch.testing.assert_close(ours.grad.float(), theirs.grad, rtol=tolerance, atol=tolerance)


def test_box_loss_counts_positives_only() -> None:
    torch.manual_seed(0)
    codes, wanted = torch.randn((2, 30, 4)), torch.randn((2, 30, 4)) * 3
    positive = torch.rand((2, 30)) < 0.3
    wanted[~positive] = 1e9
    want = F.smooth_l1_loss(codes[positive], wanted[positive], reduction="sum")
    torch.testing.assert_close(box_loss(codes, wanted, positive), want)
