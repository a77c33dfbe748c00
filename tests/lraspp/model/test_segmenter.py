"""The segmenter: heads as drawn, windows, sizes, precision, mistakes. Figures: test_cost; peers: the other files."""

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mnv3.backbones.inference.fold import fold_norms
from mnv3.lraspp.model.heads import Head, LiteHead
from mnv3.lraspp.model.pooling import AUTHORS_WINDOWS, Windows, pool, window_counts
from mnv3.lraspp.model.segmenter import Segmenter, build_segmenter
from mnv3.tools.errors import UserError


def randomised(segmenter: Segmenter) -> Segmenter:
    """Logits differ by place and class, and batch norms by channel."""
    torch.manual_seed(0)
    for layer in segmenter.modules():
        if isinstance(layer, nn.Conv2d):
            nn.init.normal_(layer.weight, std=(2 / layer.weight[0].numel()) ** 0.5)
        if isinstance(layer, nn.BatchNorm2d):
            nn.init.uniform_(layer.weight, 0.5, 1.5)
            nn.init.normal_(layer.bias, 0, 0.2)
    segmenter.train()
    for _ in range(20):
        segmenter(pictures(4, 80, 112))
    return segmenter.eval()


def pictures(count: int, height: int, width: int) -> Tensor:
    return torch.randint(0, 256, (count, 3, height, width), dtype=torch.uint8)


def paper_resize(x: Tensor, like: Tensor) -> Tensor:
    return F.interpolate(x, like.shape[-2:], mode="bilinear", align_corners=True)


@pytest.mark.parametrize("gate", ["sigmoid", "hard_sigmoid"])
@pytest.mark.parametrize("size", [(8, 8), (9, 13)])
@torch.no_grad()
def test_lite_head_is_figure_10(gate: Any, size: tuple[int, int]) -> None:
    """In the figure's order: gate resized, then multiplied; all filters resized, then classified."""
    torch.manual_seed(0)
    options: Any = {"windows": Windows((5, 5), (2, 2)), "gate_bias": True, "align_corners": True, "bn_momentum": 0.1}
    head = LiteHead(24, 16, 12, 7, gate=gate, **options).eval()
    last, skip = torch.randn(2, 24, *size), torch.randn(2, 16, 2 * size[0] - 1, 2 * size[1])
    pooled = F.avg_pool2d(last, 5, 2, ceil_mode=True)
    assert head.gate is not None and head.skip is not None
    sharp = torch.sigmoid if gate == "sigmoid" else lambda x: F.relu6(x + 3) / 6
    gated = head.features(last) * paper_resize(sharp(head.gate(pooled)), last)
    want = head.classes(paper_resize(gated, skip)) + head.skip(skip)
    torch.testing.assert_close(head(last, skip), want, atol=1e-5, rtol=0)


@torch.no_grad()
def test_without_gate_and_skip_features_are_classified_as_they_are() -> None:
    torch.manual_seed(0)
    options: Any = {"windows": Windows((5, 5), (2, 2)), "gate_bias": True, "align_corners": True, "bn_momentum": 0.1}
    head = LiteHead(24, None, 12, 7, gate="none", **options).eval()
    last = torch.randn(2, 24, 9, 13)
    torch.testing.assert_close(head(last), head.classes(head.features(last)), atol=0, rtol=0)
    assert {name.partition(".")[0] for name in head.state_dict()} == {"features", "classes"}


@pytest.mark.parametrize(
    "backbone, preset, tap, channels",
    [
        ("large", "paper", "block6.depthwise", 120),
        ("small", "paper", "block3.depthwise", 88),
        ("large", "torchvision", "block4", 40),
        ("small", "torchvision", "block2", 24),
        ("v1", "paper", "block5.depthwise", 256),
        ("v2", "paper", "block6.depthwise", 192),
        ("mnasnet", "paper", "block6.depthwise", 120),
    ],
)
@pytest.mark.parametrize("output_stride", [8, 16, 32])
def test_skip_is_at_stride_8(backbone: str, preset: str, tap: str, channels: int, output_stride: int) -> None:
    segmenter = build_segmenter(backbone=backbone, preset=preset, output_stride=output_stride, num_classes=2)
    last = {"v1": "block13", "v2": "block17", "mnasnet": "block16"}.get(backbone, "last")
    assert segmenter.backbone.taps == (last, tap)
    assert segmenter.backbone.strides == {last: output_stride, tap: 8}
    assert segmenter.backbone.channels[tap] == channels


@pytest.mark.parametrize("output_stride, counts", [(8, (2, 5)), (16, (2, 5)), (32, (3, 9))])
def test_windows_are_the_authors(output_stride: int, counts: tuple[int, int]) -> None:
    """On the map of 1025 x 2049: as TensorFlow's VALID pooling, and nothing is left over."""
    windows = AUTHORS_WINDOWS[output_stride]
    x = torch.randn(1, 2, 1024 // output_stride + 1, 2048 // output_stride + 1)
    want = F.avg_pool2d(x, windows.size, windows.stride)
    assert want.shape[-2:] == counts == window_counts(windows, (x.shape[2], x.shape[3]))
    torch.testing.assert_close(pool(x, windows), want)


@pytest.mark.parametrize("size", [(64, 128), (32, 64), (48, 50), (49, 49), (7, 60), (1, 1)])
def test_every_pixel_counts(size: tuple[int, int]) -> None:
    windows = AUTHORS_WINDOWS[16]
    x = torch.randn(1, 1, *size, requires_grad=True)
    means = pool(x, windows)
    assert means.shape[-2:] == window_counts(windows, size)
    means.sum().backward()
    assert x.grad is not None and (x.grad > 0).all()
    torch.testing.assert_close(pool(torch.ones(1, 1, *size), windows), torch.ones_like(means))


@pytest.mark.parametrize(
    "options",
    [{}, {"head": "raspp"}, {"preset": "torchvision"}, {"output_stride": 8}, {"skip": False}, {"gate": "none"}],
)
@pytest.mark.parametrize("size", [(32, 32), (65, 97), (133, 70)])
@pytest.mark.parametrize("bf16", [False, True])
def test_any_input_size_trains(options: dict[str, Any], size: tuple[int, int], bf16: bool) -> None:
    trains({"backbone": "small", "width": 0.35, **options}, size, bf16)


@pytest.mark.parametrize("options", [{"head": "raspp"}, {"output_stride": 32, "rf2": False}, {"preset": "torchvision"}])
@pytest.mark.parametrize("backbone", ["v1", "v2", "mnasnet"])
def test_every_backbone_trains(backbone: str, options: dict[str, Any]) -> None:
    trains({"backbone": backbone, "width": 0.35, **options}, (65, 97))


@pytest.mark.parametrize(
    "options", [{"se": False}, {"hswish": False}, {"hswish": 16}, {"max_kernel": 3}, {"stem": 32}, {"filters": 1}]
)
def test_ablations_train(options: dict[str, Any]) -> None:
    trains({"backbone": "large", "width": 0.35, **options}, (65, 97))


def trains(options: dict[str, Any], size: tuple[int, int], bf16: bool = False) -> None:
    """Logits have the size they should, every weight gets a gradient."""
    torch.manual_seed(0)
    segmenter = build_segmenter(num_classes=5, **options).train()
    with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
        logits = segmenter(pictures(2, *size))
    stride = 16 if "head" in options or not options.get("skip", True) else 8
    assert logits.shape == (2, 5, -(-size[0] // stride), -(-size[1] // stride))
    upsampled = segmenter.upsample(logits, size)
    assert upsampled.shape == (2, 5, *size)
    upsampled.square().mean().backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in segmenter.parameters())
    assert segmenter.labels(logits, size).shape == (2, *size)


def test_float_and_uint8_images_are_the_same() -> None:
    segmenter = build_segmenter(backbone="small", num_classes=3).eval()
    images = pictures(1, 64, 80)
    with torch.inference_mode():
        assert torch.equal(segmenter(images), segmenter(images.float()))


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"head": "raspp"},
        {"preset": "torchvision"},
        {"skip": False},
        {"gate": "none"},
        {"backbone": "v1"},
        {"backbone": "v2"},
        {"backbone": "mnasnet"},
    ],
)
@torch.inference_mode()
def test_folded_norms_give_the_same_logits(options: dict[str, Any]) -> None:
    segmenter = randomised(build_segmenter(**{"backbone": "small", "width": 0.5, "num_classes": 5, **options}))
    folded = fold_norms(segmenter)
    assert not any(isinstance(layer, nn.BatchNorm2d) for layer in folded.modules())
    images = pictures(2, 96, 130)
    want = segmenter(images)
    torch.testing.assert_close(folded(images), want, atol=2e-5 * float(want.abs().max()), rtol=0)


@torch.inference_mode()
def test_memory_layout_changes_nothing() -> None:
    segmenter = randomised(build_segmenter(backbone="small", width=0.5, num_classes=5))
    images = pictures(2, 96, 130)
    want = segmenter(images)
    segmenter.channels_last = False
    torch.testing.assert_close(segmenter(images), want, atol=2e-5 * float(want.abs().max()), rtol=0)


def test_normalisation_is_not_saved() -> None:
    names = build_segmenter(backbone="small", num_classes=3).state_dict()
    assert {name.partition(".")[0] for name in names} == {"backbone", "head"}


def test_initial_kernels() -> None:
    """The authors': truncated normals of 0.09, whose deviation is 0.0792, and of 0.01 for the logits."""
    torch.manual_seed(0)
    segmenter = build_segmenter(num_classes=19)
    kernels = [layer.weight for layer in segmenter.backbone.modules() if isinstance(layer, nn.Conv2d)]
    assert torch.cat([kernel.flatten() for kernel in kernels]).std().item() == pytest.approx(0.0792, rel=0.01)
    assert segmenter.head.classes.weight.std().item() == pytest.approx(0.0088, rel=0.05)


def test_dropout_is_for_training_only() -> None:
    head = build_segmenter(backbone="small", head="raspp", num_classes=3).head
    assert isinstance(head, Head)
    assert head.dropout.p == 0.1


def test_mistakes_are_told_together() -> None:
    wrong: Any = {"head": "aspp", "gate": "tanh", "pool": "max", "backbone": "huge", "filters": 0, "num_classes": 300}
    with pytest.raises(UserError) as caught:
        build_segmenter(**wrong)
    assert len(caught.value.problems) == len(wrong)
    with pytest.raises(UserError, match=r"task\.preset"):
        build_segmenter(preset="mmseg", num_classes=3)
    with pytest.raises(UserError, match="output stride is 4"):
        build_segmenter(output_stride=4, num_classes=3)
