from typing import Any

import pytest
import torch
from torch import nn

from mnv3.ssdlite.model.detector import build_detector
from mnv3.ssdlite.model.targets import PADDING, Targets
from mnv3.tools.errors import UserError


def random_targets(images: int, size: tuple[int, int], num_slots: int) -> Targets:
    height, width = size
    corners = torch.rand((images, 5, 2)) * torch.tensor((width, height)) * 0.6
    boxes = torch.cat((corners, corners + 8 + torch.rand((images, 5, 2)) * 40), -1)
    labels = torch.randint(1, num_slots, (images, 5))
    labels[0, 3:] = PADDING
    return Targets(boxes, labels)


@pytest.mark.parametrize("preset", ["paper", "torchvision", "zoo2018"])
@pytest.mark.parametrize("size", [(96, 160), (133, 75)])
@pytest.mark.parametrize("bf16", [False, True])
def test_any_input_size_trains_and_detects(preset: str, size: tuple[int, int], bf16: bool) -> None:
    trains({"preset": preset, "backbone": "small"}, size, bf16)


@pytest.mark.parametrize("rf2", [False, True])
@pytest.mark.parametrize("backbone", ["v1", "v2", "mnasnet"])
def test_every_backbone_trains_and_detects(backbone: str, rf2: bool) -> None:
    trains({"backbone": backbone, "width": 0.35, "rf2": rf2}, (96, 160))


@pytest.mark.parametrize("options", [{"se": False}, {"hswish": False}, {"hswish": 96}, {"max_kernel": 3}, {"stem": 32}])
def test_ablations_train_and_detect(options: dict[str, Any]) -> None:
    trains({"backbone": "small", **options}, (96, 160))


@pytest.mark.parametrize(
    "backbone, taps, channels",
    [
        ("v1", ("block11", "block13"), [512, 1024]),
        ("v2", ("block14.expand", "last"), [576, 1280]),
        ("mnasnet", ("block13.expand", "last"), [672, 1280]),
        ("large", ("block13.expand", "last"), [672, 960]),
    ],
)
def test_maps_of_strides_16_and_32(backbone: str, taps: tuple[str, str], channels: list[int]) -> None:
    network = build_detector(backbone=backbone, num_slots=3).backbone
    assert (network.taps, list(network.channels.values())) == (taps, channels)
    assert list(network.strides.values()) == [16, 32]


def trains(options: dict[str, Any], size: tuple[int, int], bf16: bool = False) -> None:
    """Losses are finite, every weight gets a gradient, boxes end at the image's edges."""
    torch.manual_seed(0)
    detector = build_detector(**options, num_slots=4, input_size=size)
    images = torch.randint(0, 256, (3, 3, *size), dtype=torch.uint8)
    with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
        raw = detector(images)
        losses = detector.losses(raw, random_targets(3, size, 4))
    assert raw.codes.shape == (3, len(detector.anchors), 4)
    assert raw.logits.shape == (3, len(detector.anchors), 4)
    assert all(loss.dtype == torch.float32 and loss.isfinite() for loss in losses.values())
    losses["loss"].backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in detector.parameters())
    detector.eval()
    found = detector.detect(detector(images), torch.tensor([(500, 400)] * 3))
    assert found.boxes[..., 0::2].max() <= 400
    assert found.boxes[..., 1::2].max() <= 500


def test_batches_without_any_box_train() -> None:
    detector = build_detector(backbone="small", num_slots=3, input_size=(96, 96))
    empty = Targets(torch.zeros((2, 4, 4)), torch.full((2, 4), PADDING))
    losses = detector.losses(detector(torch.zeros((2, 3, 96, 96))), empty)
    losses["loss"].backward()
    assert losses["box_loss"] == 0
    assert losses["class_loss"].isfinite()


def test_float_and_uint8_images_are_the_same() -> None:
    detector = build_detector(backbone="small", num_slots=3, input_size=(64, 64)).eval()
    images = torch.randint(0, 256, (1, 3, 64, 64), dtype=torch.uint8)
    with torch.inference_mode():
        assert torch.equal(detector(images).logits, detector(images.float()).logits)


def test_anchors_follow_the_input_size_and_are_not_saved() -> None:
    detector = build_detector(backbone="small", num_slots=3, input_size=(64, 64))
    assert not any("anchors" in name for name in detector.state_dict())
    detector.set_input_size((320, 320))
    assert len(detector.anchors) == 2034
    assert detector(torch.zeros((2, 3, 320, 320))).codes.shape[1] == 2034


def test_class_prior_sets_the_first_scores() -> None:
    torch.manual_seed(0)
    detector = build_detector(backbone="small", num_slots=3, input_size=(64, 64), class_prior=0.01)
    assert detector(torch.zeros((2, 3, 64, 64))).logits.sigmoid().mean().item() == pytest.approx(0.01, rel=0.05)


def test_initial_kernels() -> None:
    """Authors: truncated normal 0.03, whose deviation is 0.0264, and plain normal 0.03 in the predictors."""
    torch.manual_seed(0)
    detector = build_detector(preset="paper", backbone="large", num_slots=91)
    kernels = [
        m.weight for part in (detector.backbone, detector.extras) for m in part.modules() if isinstance(m, nn.Conv2d)
    ]
    assert torch.cat([kernel.flatten() for kernel in kernels]).std().item() == pytest.approx(0.0264, rel=0.01)
    predictor = detector.head.get_submodule("classes.0.predict")
    assert isinstance(predictor, nn.Conv2d)
    assert predictor.weight.std().item() == pytest.approx(0.03, rel=0.01)


def test_mistakes() -> None:
    with pytest.raises(UserError, match="huge"):
        build_detector(backbone="huge", num_slots=3)
    with pytest.raises(UserError, match="input_size"):
        build_detector(backbone="small", num_slots=3, input_size=(0, 320))


def test_an_input_that_no_checkpoint_may_have_is_refused_before_training() -> None:
    with pytest.raises(UserError, match=r"task\.input_size"):
        build_detector(backbone="small", num_slots=3, input_size=(4096, 4097))
