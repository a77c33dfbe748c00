import pytest
import torch
import torch.nn.functional as F
from torchvision.ops import sigmoid_focal_loss

from mnv3.ssdlite.model.losses import box_loss, focal_loss, hard_negative_loss, sigmoid_hard_negative_loss


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


PRECISIONS = {torch.float32: 1e-5, torch.bfloat16: 8e-3, torch.float16: 2e-3}
"""Of a network's outputs, with the relative error that rounding a gradient to each leaves."""

SCALE = 65536.0
"""GradScaler's first factor on the loss, which 16-mixed trains with."""


@pytest.mark.parametrize("background", [-4.0, -6.0, -8.0])
@pytest.mark.parametrize("dtype", PRECISIONS)
def test_focal_loss_at_the_logits_of_a_trained_network_in_every_precision(dtype, background) -> None:
    torch.manual_seed(0)
    logits = (background + torch.randn(2, 300, 21)).to(dtype)
    slots = torch.zeros(2, 300, dtype=torch.int64)
    slots[0, 7] = 3  # one match in the batch: nothing divides the scale
    got, gradient = loss_and_gradient(lambda x: focal_loss(x, slots, alpha=0.75), logits)
    wanted = F.one_hot(slots, 21).double()
    wanted[..., 0] = 0
    want, exact = loss_and_gradient(
        lambda x: sigmoid_focal_loss(x, wanted, alpha=0.75, gamma=2, reduction="sum"), logits.double()
    )
    assert_close_to_exact(got, gradient, want, exact, dtype)


@pytest.mark.parametrize("dtype", PRECISIONS)
@pytest.mark.parametrize("loss", ["box", "hard_negatives", "sigmoid_hard_negatives"])
def test_other_losses_in_every_precision(dtype, loss) -> None:
    torch.manual_seed(0)
    slots = torch.randint(0, 21, (2, 300)) * (torch.rand(2, 300) < 0.02)
    outputs = (torch.randn(2, 300, 4) * 2 if loss == "box" else torch.randn(2, 300, 21) * 2).to(dtype)
    if loss == "box":
        wanted = torch.randn(2, 300, 4)
        ours, exactly = (
            lambda x: box_loss(x, wanted, slots > 0) / 64,
            lambda x: F.smooth_l1_loss(x[slots > 0], wanted.double()[slots > 0], reduction="sum") / 64,
        )
    else:
        outputs[..., 0] += 7  # the background is the sure answer

        softmax = loss == "hard_negatives"

        def ours(x):
            return (hard_negative_loss(x, slots) if softmax else sigmoid_hard_negative_loss(x, slots).loss) / 64

        def exactly(x):
            if softmax:
                each = F.cross_entropy(x.flatten(0, 1), slots.flatten(), reduction="none").view(2, 300)
            else:
                one_hot = F.one_hot(slots, 21).double()
                each = F.binary_cross_entropy_with_logits(x, one_hot, reduction="none").sum(-1)
            chosen = [
                torch.cat([each[n][slots[n] > 0], each[n][slots[n] == 0].topk(3 * int((slots[n] > 0).sum())).values])
                for n in range(2)
            ]
            return torch.cat(chosen).sum() / 64

    assert_close_to_exact(*loss_and_gradient(ours, outputs), *loss_and_gradient(exactly, outputs.double()), dtype=dtype)


def loss_and_gradient(loss, outputs):
    """The loss, and its gradient times SCALE, of the type of `outputs`."""
    outputs = outputs.detach().clone().requires_grad_()
    value = loss(outputs)
    (value * SCALE).backward()
    return value, outputs.grad


def assert_close_to_exact(got, gradient, want, exact, dtype) -> None:
    assert got.dtype == torch.float32 and gradient.dtype == dtype
    torch.testing.assert_close(got.double(), want, rtol=2e-6, atol=0)
    assert gradient.isfinite().all()
    # Of the smallest numbers float16 keeps few digits: each must be there, their sum right.
    least = 1e-7 if dtype == torch.float16 else 0.0
    clear = exact.abs() > least
    assert (gradient[clear] != 0).all()
    torch.testing.assert_close(gradient.double(), exact, rtol=PRECISIONS[dtype], atol=least)
    torch.testing.assert_close(gradient.double().abs().sum(), exact.abs().sum(), rtol=PRECISIONS[dtype], atol=0)
