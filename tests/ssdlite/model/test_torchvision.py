"""Preset "torchvision" against torchvision's own ssdlite320_mobilenet_v3_large, with the same random weights."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchvision.models.detection import ssdlite320_mobilenet_v3_large

from mnv3.ssdlite.model.detector import Detector, build_detector
from mnv3.ssdlite.model.resize import resize
from mnv3.ssdlite.model.targets import PADDING, Targets
from mnv3.ssdlite.weights.names import from_torchvision


@pytest.fixture(scope="module")
def pair() -> tuple[nn.Module, Detector]:
    """Random networks, well-conditioned: detections are many, and their scores and classes spread."""
    torch.manual_seed(0)
    theirs = ssdlite320_mobilenet_v3_large(weights=None, weights_backbone=None)
    for module in theirs.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight)
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.weight, 0.8, 1.2)
            nn.init.normal_(module.bias, std=0.2)
            module.momentum = 1.0  # the running statistics become those of the one batch below
    for name, column in (("classification_head", 91), ("regression_head", 4)):
        for block in theirs.get_submodule(f"head.{name}.module_list").children():
            conv = block.get_submodule("1")
            assert isinstance(conv, nn.Conv2d) and conv.bias is not None
            nn.init.normal_(conv.weight, std=(0.8 if column == 91 else 0.15) / conv.in_channels**0.5)
            nn.init.normal_(conv.bias, std=0.7)
    with torch.no_grad():
        theirs.backbone.train()(torch.stack([_picture(320, 320, seed) for seed in range(8)]) / 127.5 - 1)
        features = theirs.backbone(torch.stack([_picture(320, 320, seed) for seed in range(8)]) / 127.5 - 1)
        theirs.head(list(features.values()))
    for module in theirs.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = 0.03
    ours = build_detector(preset="torchvision", rf2=True, num_slots=91)
    ours.load_state_dict(from_torchvision(theirs.state_dict(), ours))
    return theirs.eval(), ours.eval()


def _picture(height: int, width: int, seed: int) -> Tensor:
    """Blobs of colour under noise, from coarse to fine with the seed: [3, height, width] uint8."""
    draw = torch.Generator().manual_seed(seed)
    coarse = torch.rand((1, 3, 2 + 3 * (seed % 7), 2 + 5 * (seed % 5)), generator=draw)
    blobs = F.interpolate(coarse, (height, width), mode="bilinear")[0]
    return ((blobs + torch.rand((3, height, width), generator=draw)) * 127.5).byte()


@pytest.mark.parametrize("seed", range(20))
def test_detections_are_torchvisions(pair: tuple[nn.Module, Detector], seed: int) -> None:
    theirs, ours = pair
    height, width = 48 + 37 * seed, 800 - 31 * (seed * 7 % 20)
    image = _picture(height, width, seed)
    with torch.inference_mode():
        want = theirs([image / 255])[0]
        raw = ours(resize(image, ours.input_size, ours.resize_rule)[None])
        got = ours.detect(raw, torch.tensor([[height, width]]))
    count = len(want["labels"])
    assert got.counts.tolist() == [count]
    assert count > 100
    assert len(want["labels"].unique()) > 10

    # Scores closer than float32 can tell apart may come in either order, and the last place may go to either of two.
    safe = want["scores"] > want["scores"][-1] + 1e-5
    near = (
        (want["labels"][:, None] == got.slots[0])
        & ((want["boxes"][:, None] - got.boxes[0]).abs().amax(-1) < 1e-3)
        & ((want["scores"][:, None] - got.scores[0]).abs() < 1e-5)
    )
    assert near.any(1)[safe].all()
    assert near[safe].any(0).sum() >= safe.sum()
    torch.testing.assert_close(got.scores[0], want["scores"], atol=1e-5, rtol=0)
    assert (want["labels"] == got.slots[0]).float().mean() > 0.98


def test_losses_are_torchvisions(pair: tuple[nn.Module, Detector]) -> None:
    theirs, ours = pair
    draw = torch.Generator().manual_seed(1)
    images = torch.stack([_picture(320, 320, seed) for seed in range(4)])
    corners = torch.rand((4, 6, 2), generator=draw) * 200
    targets = Targets(
        torch.cat((corners, corners + 8 + torch.rand((4, 6, 2), generator=draw) * 100), -1),
        torch.randint(1, 91, (4, 6), generator=draw),
    )
    targets.labels[1, 3:] = PADDING
    targets.labels[3] = PADDING  # an image without boxes
    theirs.train()
    ours.train()
    lists = [{"boxes": boxes[labels > 0], "labels": labels[labels > 0]} for boxes, labels in zip(*targets, strict=True)]
    want = theirs(list(images / 255), lists)
    got = ours.losses(ours(images), targets)
    theirs.eval()
    ours.eval()
    torch.testing.assert_close(got["box_loss"], want["bbox_regression"], rtol=1e-4, atol=0)
    torch.testing.assert_close(got["class_loss"], want["classification"], rtol=1e-4, atol=0)
