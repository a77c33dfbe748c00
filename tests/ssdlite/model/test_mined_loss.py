"""Preset "zoo2018": its losses against the authors' rules, written out anchor by anchor in float64."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

import mnv3.ssdlite.model.losses
from mnv3.ssdlite.model.boxes import decode, encode
from mnv3.ssdlite.model.detector import Detector, build_detector
from mnv3.ssdlite.model.losses import sigmoid_hard_negative_loss
from mnv3.ssdlite.model.matching import match_anchors
from mnv3.ssdlite.model.targets import PADDING, Raw, Targets

SLOTS = 7


@pytest.fixture(scope="module")
def detector() -> Detector:
    torch.manual_seed(0)
    return build_detector(preset="zoo2018", backbone="v2", width=0.35, num_slots=SLOTS, input_size=(300, 300))


def anchor_losses(logits: np.ndarray, slots: np.ndarray) -> np.ndarray:
    """weighted_sigmoid with one-hot targets over all columns, the background's too: [N, A]."""
    one_hot = np.eye(logits.shape[-1])[slots]
    p = 1 / (1 + np.exp(-logits.astype(np.float64)))
    return -(one_hot * np.log(p) + (1 - one_hot) * np.log1p(-p)).sum(-1)


def iou(box: np.ndarray, others: np.ndarray) -> np.ndarray:
    sides = (np.minimum(box[2:], others[:, 2:]) - np.maximum(box[:2], others[:, :2])).clip(0)
    inside = sides.prod(1)
    return inside / ((box[2:] - box[:2]).prod() + (others[:, 2:] - others[:, :2]).prod(1) - inside)


def mined(losses: np.ndarray, positive: np.ndarray, boxes: np.ndarray | None, examples: int) -> list[int]:
    """One image's anchors chosen by the authors' rules; `boxes` None leaves out their NMS."""
    candidates: list[int] = []
    for anchor in sorted(range(len(losses)), key=lambda anchor: -losses[anchor]):
        if len(candidates) < examples and (boxes is None or (iou(boxes[anchor], boxes[candidates]) <= 0.99).all()):
            candidates.append(anchor)
    most = max(3, 3 * sum(positive[anchor] for anchor in candidates))
    chosen, negatives = [], 0
    for anchor in candidates:
        negatives += not positive[anchor]
        if positive[anchor] or negatives <= most:
            chosen.append(anchor)
    return chosen


def random_case(images: int, anchors: int, share: float = 0.02) -> tuple[torch.Tensor, torch.Tensor]:
    """Logits of a network that mostly sees the background, and slots; the first image has no positives."""
    torch.manual_seed(1)
    logits = torch.randn(images, anchors, SLOTS) * 2 - 3
    logits[..., 0] += 6
    slots = torch.randint(1, SLOTS, (images, anchors)) * (torch.rand(images, anchors) < share)
    slots[0] = 0
    return logits, slots


@pytest.mark.parametrize("examples", [3000, 40])
def test_the_chosen_anchors_and_their_loss_are_the_authors(examples: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mnv3.ssdlite.model.losses, "MOST_EXAMPLES", examples)
    logits, slots = random_case(4, 300, share=0.1)
    logits[slots > 0] = torch.nn.functional.one_hot(slots[slots > 0], SLOTS) * 8.0 - 4.0  # found well: small losses
    losses = anchor_losses(logits.numpy(), slots.numpy())
    chosen = [mined(losses[n], slots[n].numpy() > 0, None, examples) for n in range(4)]
    got = sigmoid_hard_negative_loss(logits, slots)
    assert got.loss.dtype == torch.float32
    assert got.loss.item() == pytest.approx(sum(losses[n][chosen[n]].sum() for n in range(4)), rel=1e-5)
    for n in range(4):
        assert set(got.positive[n].nonzero()[:, 0].tolist()) == {a for a in chosen[n] if slots[n, a] > 0}
    assert int(got.positive.sum()) < int((slots > 0).sum()) or examples == 3000


def test_images_without_boxes_teach_three_negatives_and_positives_without_negatives_count_once() -> None:
    logits, slots = random_case(1, 50)
    got = sigmoid_hard_negative_loss(logits, slots).loss
    worst = np.sort(anchor_losses(logits.numpy(), slots.numpy())[0])[-3:]
    assert got.item() == pytest.approx(worst.sum(), rel=1e-5)
    all_positive = torch.ones_like(slots)
    got = sigmoid_hard_negative_loss(logits, all_positive).loss
    assert got.item() == pytest.approx(anchor_losses(logits.numpy(), all_positive.numpy()).sum(), rel=1e-5)


def test_the_gradient_is_that_of_the_chosen_anchors_cross_entropies() -> None:
    logits, slots = random_case(3, 80, share=0.1)
    ours, theirs = logits.clone().requires_grad_(), logits.double().requires_grad_()
    sigmoid_hard_negative_loss(ours, slots).loss.backward()
    losses = anchor_losses(logits.numpy(), slots.numpy())
    each = F.binary_cross_entropy_with_logits(theirs, F.one_hot(slots, SLOTS).double(), reduction="none").sum(-1)
    torch.stack([each[n, mined(losses[n], slots[n].numpy() > 0, None, 3000)].sum() for n in range(3)]).sum().backward()
    assert ours.grad is not None and theirs.grad is not None
    torch.testing.assert_close(ours.grad.double(), theirs.grad, rtol=1e-5, atol=1e-7)


def test_a_batch_by_the_authors_rules(detector: Detector) -> None:
    """Boxes spread out, so that their NMS, which ours leaves out, removes nothing."""
    assert detector.anchors.shape == (1917, 4)
    torch.manual_seed(2)
    raw = Raw(torch.randn(2, 1917, 4), torch.randn(2, 1917, SLOTS) * 2 - 3)
    corners = torch.rand(2, 4, 2) * 150
    targets = Targets(
        torch.cat((corners, corners + 20 + torch.rand(2, 4, 2) * 120), -1), torch.tensor([[1, 2, 3, 6]] * 2)
    )
    targets.labels[0, 2:] = PADDING
    match = match_anchors(detector.anchors, targets, 0.5, first_wins=True)
    index = match.clamp(min=0)
    slots = targets.labels.gather(1, index).where(match >= 0, 0).numpy()
    wanted = encode(targets.boxes.gather(1, index[..., None].expand(-1, -1, 4)), detector.anchors).double().numpy()
    boxes = decode(raw.codes, detector.anchors, 80.0).double().numpy()
    losses = anchor_losses(raw.logits.numpy(), slots)
    off = np.abs(raw.codes.double().numpy() - wanted)
    huber = np.where(off <= 1, 0.5 * off**2, off - 0.5).sum(-1) * (slots > 0)
    chosen = [mined(losses[n], slots[n] > 0, boxes[n], 3000) for n in range(2)]
    matches = (slots > 0).sum()
    got = detector.losses(raw, targets)
    assert got["class_loss"].item() == pytest.approx(
        sum(losses[n][chosen[n]].sum() for n in range(2)) / matches, rel=1e-5
    )
    assert got["box_loss"].item() == pytest.approx(sum(huber[n][chosen[n]].sum() for n in range(2)) / matches, rel=1e-5)


def test_a_prior_gives_the_background_the_rest() -> None:
    torch.manual_seed(0)
    network = build_detector(preset="zoo2018", backbone="small", num_slots=3, input_size=(64, 64), class_prior=0.01)
    scores = network(torch.zeros((2, 3, 64, 64))).logits.sigmoid().mean((0, 1))
    torch.testing.assert_close(scores, torch.tensor([0.99, 0.01, 0.01]), rtol=0.05, atol=0)
