"""Cross-entropy in strips against PyTorch's, OHEM against its definition, Lovasz-softmax against the set function."""

import math

import pytest
import torch
import torch.nn.functional as F

from mnv3.lraspp.model import losses
from mnv3.lraspp.model.losses import segmentation_loss
from mnv3.lraspp.model.lovasz import lovasz_on_grid, lovasz_softmax

SIZES = [((7, 9), (49, 65)), ((7, 9), (50, 71)), ((1, 1), (5, 6)), ((1, 4), (1, 9)), ((5, 6), (5, 6)), ((9, 8), (4, 3))]


def make(size, full, classes=5, count=3, seed=0, scale=4.0):
    """Logits, and labels of which a third is ignored."""
    torch.manual_seed(seed)
    logits = (torch.randn(count, classes, *size) * scale).requires_grad_()
    labels = torch.randint(0, classes, (count, *full), dtype=torch.uint8)
    labels[torch.rand(count, *full) < 0.3] = 255
    return logits, labels


def upsampled(logits, labels, align_corners):
    """PyTorch's own resizing."""
    return F.interpolate(logits, tuple(labels.shape[-2:]), mode="bilinear", align_corners=align_corners)


def gradient(loss, logits):
    """By the logits."""
    (found,) = torch.autograd.grad(loss, logits)
    return found


@pytest.mark.parametrize("align_corners", [True, False])
@pytest.mark.parametrize(("size", "full"), SIZES)
@pytest.mark.parametrize("weighted", [False, True])
def test_cross_entropy_and_its_gradient_are_pytorchs(size, full, align_corners, weighted):
    """Of every size, also no larger than the logits are; with and without weights of classes."""
    logits, labels = make(size, full)
    weights = torch.tensor([0.2, 1, 3, 0, 1.5]) if weighted else None
    ours = segmentation_loss(logits, labels, align_corners=align_corners, class_weights=weights)
    full_size = upsampled(logits, labels, align_corners)
    theirs = F.cross_entropy(full_size, labels.long(), weight=weights, ignore_index=255)
    assert ours.item() == pytest.approx(theirs.item(), rel=1e-5)
    assert torch.allclose(gradient(ours, logits), gradient(theirs, logits), rtol=1e-4, atol=1e-6)


def test_extreme_logits_stay_finite_and_exact():
    """Margins of hundreds: probabilities that float32 does not have."""
    logits, labels = make((4, 5), (30, 33), scale=500.0)
    ours = segmentation_loss(logits, labels, align_corners=True)
    theirs = F.cross_entropy(upsampled(logits, labels, True), labels.long(), ignore_index=255)
    assert ours.item() == pytest.approx(theirs.item(), rel=1e-5)
    assert gradient(ours, logits).isfinite().all()


def test_what_is_not_finite_is_not_hidden():
    """Training has to stop on it."""
    logits, labels = make((4, 5), (30, 33))
    with torch.no_grad():
        logits[1, 2, 3, 3] = math.nan
    assert segmentation_loss(logits, labels, align_corners=True).isnan()


@pytest.mark.parametrize("ohem", [None, 0.7])
def test_without_any_label_the_loss_is_zero(ohem):
    """And so is the gradient; the same of Lovasz-softmax."""
    logits, labels = make((4, 5), (30, 33))
    labels.fill_(255)
    for loss in (
        segmentation_loss(logits, labels, align_corners=True, ohem=ohem),
        lovasz_on_grid(logits, labels, True),
    ):
        assert loss.item() == 0 and not gradient(loss, logits).any()


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_autocast_does_not_reach_the_loss(dtype):
    """Logits in few bits give what the same logits give in float32."""
    logits, labels = make((4, 5), (30, 33))
    few = logits.detach().to(dtype)
    with torch.autocast("cpu", torch.bfloat16):
        ours = segmentation_loss(few, labels, align_corners=True)
        grid = lovasz_softmax(few.float().softmax(1), labels[:, :4, :5])
    assert ours.dtype == grid.dtype == torch.float32
    assert ours.item() == segmentation_loss(few.float(), labels, align_corners=True).item()


@pytest.mark.parametrize(("threshold", "kept"), [(0.7, 0.0), (0.05, 0.25), (0.7, 0.25), (0.0, 0.1), (1.0, 1.0)])
def test_ohem_keeps_the_hard_pixels(threshold, kept):
    """Those below the threshold, or as many of the hardest as is asked for, whichever are more."""
    logits, labels = make((5, 6), (33, 41))
    ours = segmentation_loss(logits, labels, align_corners=True, ohem=threshold, ohem_kept=kept)
    losses = F.cross_entropy(upsampled(logits, labels, True), labels.long(), ignore_index=255, reduction="none")
    labelled = losses[labels != 255].sort(descending=True).values
    count = max(math.ceil(kept * labels.numel()), int((labelled.neg().exp() < threshold).sum()))
    theirs = labelled[:count].mean()
    assert count > 0 and ours.item() == pytest.approx(theirs.item(), rel=1e-5)
    assert torch.allclose(gradient(ours, logits), gradient(theirs, logits), rtol=1e-4, atol=1e-6)


def jaccard_extension(errors, true):
    """The Lovasz extension of the Jaccard loss by its definition (equation 9 of the paper): a sum over the pixels in
    descending order of their errors, of the error times the gain of the set function."""

    def jaccard_loss(wrong):
        """Of a set of wrong pixels: one minus IoU of what is then taken for the class."""
        missed, added = (wrong & true).sum(), (wrong & ~true).sum()
        return 1 - (true.sum() - missed) / (true.sum() + added)

    total, wrong = torch.zeros(()), torch.zeros_like(true)
    for pixel in errors.argsort(descending=True):
        before = jaccard_loss(wrong)
        wrong[pixel] = True
        total = total + errors[pixel] * (jaccard_loss(wrong) - before)
    return total


def test_lovasz_softmax_is_the_extension_of_the_jaccard_loss():
    """Mean over the classes present, ignored pixels left out; gradients too."""
    logits, labels = make((6, 7), (6, 7), count=2, scale=2.0)
    labels[labels == 3] = 0  # a class that is absent
    ours = lovasz_softmax(logits.softmax(1), labels)
    found, known = logits.softmax(1).transpose(0, 1).flatten(1), labels.flatten()
    losses = []
    for number in (0, 1, 2, 4):
        true = (known == number)[known != 255]
        losses.append(jaccard_extension((true.float() - found[number][known != 255]).abs(), true))
    theirs = torch.stack(losses).mean()
    assert ours.item() == pytest.approx(theirs.item(), rel=1e-5)
    assert torch.allclose(gradient(ours, logits), gradient(theirs, logits), rtol=1e-4, atol=1e-6)


def test_lovasz_softmax_of_a_hard_prediction_is_one_minus_iou():
    """On the corners of the cube the extension is the set function."""
    torch.manual_seed(0)
    labels, found = (torch.randint(0, 4, (2, 9, 9), dtype=torch.uint8) for _ in range(2))
    loss = lovasz_softmax(F.one_hot(found.long(), 4).permute(0, 3, 1, 2).float(), labels)
    pairs = [((found == c) & (labels == c), (found == c) | (labels == c)) for c in range(4)]
    ious = [float(both.sum() / either.sum()) for both, either in pairs]
    assert loss.item() == pytest.approx(1 - sum(ious) / 4, rel=1e-5)


def test_the_grid_is_of_upsampled_pixels():
    """Where classes and logits are constant in large squares, every grid gives the loss of all pixels."""
    torch.manual_seed(0)
    labels = torch.randint(0, 3, (2, 4, 4), dtype=torch.uint8)
    logits = torch.randn(2, 3, 1, 1).expand(2, 3, 5, 5).contiguous()
    blocks = labels.repeat_interleave(8, 1).repeat_interleave(8, 2)
    whole = lovasz_softmax(upsampled(logits, blocks, True).softmax(1), blocks)
    for _ in range(4):
        assert lovasz_on_grid(logits, blocks, True).item() == pytest.approx(whole.item(), rel=1e-5)


def test_the_grid_moves():
    """Another offset, another loss: in the end all pixels are seen."""
    logits, labels = make((6, 7), (40, 48))
    assert len({round(lovasz_on_grid(logits, labels, True).item(), 6) for _ in range(20)}) > 5


@pytest.mark.parametrize("full", [(2, 3), (1, 1)])
def test_the_grid_of_less_than_a_cell_is_not_empty(full):
    """Tiny crops."""
    logits, labels = make((2, 2), full)
    labels.fill_(1)
    assert all(lovasz_on_grid(logits, labels, True).item() > 0 for _ in range(10))


PRECISIONS = {torch.float32: 1e-5, torch.bfloat16: 8e-3, torch.float16: 2e-3}
"""Of a network's outputs, with the relative error that rounding a gradient to each leaves."""

SCALE = 65536.0
"""GradScaler's first factor on the loss, which 16-mixed trains with."""


@pytest.mark.parametrize("dtype", PRECISIONS)
@pytest.mark.parametrize("loss", ["cross_entropy", "ohem", "lovasz"])
def test_losses_of_a_trained_network_in_every_precision(loss, dtype):
    """Sure and mostly right logits; against float64, forward and, scaled as 16-mixed scales it, backward."""
    torch.manual_seed(0)
    labels = torch.randint(0, 5, (2, 5, 6), dtype=torch.uint8).repeat_interleave(8, 1).repeat_interleave(8, 2)
    logits = (9 * F.one_hot(labels[:, ::8, ::8].long(), 5).permute(0, 3, 1, 2) + torch.randn(2, 5, 5, 6)).to(dtype)
    labels[:, :9] = 255

    def ours(x):
        if loss == "lovasz":
            return lovasz_softmax(x.float().softmax(1), labels[:, 4::8, 4::8])
        return segmentation_loss(x, labels, align_corners=True, ohem=0.99 if loss == "ohem" else None, ohem_kept=0.0)

    def exactly(x):
        if loss == "lovasz":
            return lovasz_softmax(x.softmax(1), labels[:, 4::8, 4::8])
        each = F.cross_entropy(upsampled(x, labels, True), labels.long(), ignore_index=255, reduction="none")
        hard = (labels != 255) & ((each > -math.log(0.99)) if loss == "ohem" else True)
        return each[hard].mean()

    (got, found), (want, exact) = (scaled_gradient(ours, logits), scaled_gradient(exactly, logits.double()))
    assert got.dtype == torch.float32 and found.dtype == dtype and found.isfinite().all()
    torch.testing.assert_close(got.double(), want, rtol=1e-5, atol=0)
    torch.testing.assert_close(found.double(), exact, rtol=PRECISIONS[dtype], atol=2e-4 * float(exact.abs().max()))
    torch.testing.assert_close(found.double().abs().sum(), exact.abs().sum(), rtol=PRECISIONS[dtype], atol=0)


def scaled_gradient(loss, logits):
    """The loss, and its gradient times SCALE, of the type of `logits`."""
    logits = logits.detach().clone().requires_grad_()
    value = loss(logits)
    (value * SCALE).backward()
    assert logits.grad is not None
    return value, logits.grad


def test_the_deterministic_way_is_the_same_cross_entropy():
    """PyTorch's own raises on a GPU with trainer.deterministic=true."""
    logits, labels = torch.randn(2, 5, 6, 7).requires_grad_(), torch.randint(0, 5, (2, 6, 7))
    usual = losses._cross_entropy(logits, labels)
    torch.use_deterministic_algorithms(True)
    try:
        ours = losses._cross_entropy(logits, labels)
    finally:
        torch.use_deterministic_algorithms(False)
    torch.testing.assert_close(ours, usual)
    torch.testing.assert_close(gradient(ours.sum(), logits), gradient(usual.sum(), logits))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("ohem", [None, 0.7])
def test_a_gpu_gives_the_same(ohem):
    """There PyTorch's own upsampling is taken."""
    logits, labels = make((7, 9), (50, 71))
    here = segmentation_loss(logits, labels, align_corners=True, ohem=ohem)
    there = segmentation_loss(logits.cuda(), labels.cuda(), align_corners=True, ohem=ohem)
    assert there.item() == pytest.approx(here.item(), rel=1e-5)
    assert torch.allclose(gradient(there, logits), gradient(here, logits), rtol=1e-4, atol=1e-6)
    probabilities = logits.softmax(1)
    assert float(lovasz_softmax(probabilities.cuda(), labels[:, :7, :9].cuda())) == pytest.approx(
        float(lovasz_softmax(probabilities, labels[:, :7, :9])), rel=1e-5
    )
