"""The segmenter: backbone, head, and the rules of a preset."""

from dataclasses import replace
from typing import Any, Literal

import torch
from torch import Tensor, nn

from mnv3.backbones.edits import first_block, last_block, last_depthwise
from mnv3.backbones.initial import init_truncated_normal
from mnv3.backbones.network import Backbone, build_backbone
from mnv3.backbones.tables import FAMILIES
from mnv3.lraspp.model.heads import Head, LiteHead, resize
from mnv3.lraspp.model.labels import upsampled_labels
from mnv3.lraspp.model.pooling import AUTHORS_WINDOWS
from mnv3.lraspp.model.presets import Gate, Pooling, Preset, get_preset
from mnv3.tools.errors import UserError

HeadName = Literal["lraspp", "raspp"]
BN_MOMENTUM = 0.03  # the authors' 0.003 and, in the head, 0.0003 take tens of thousands of steps to settle
BACKBONE_STD = 0.09  # of the authors' initial kernels in the backbone
CLASSES_STD = 0.01  # and in the convolutions that compute logits


class Segmenter(nn.Module):
    """(Lite) R-ASPP on a backbone.

    Attributes: `preset`; `num_classes`; `backbone`; `head`; `channels_last`, the memory layout inside: faster, though
    PyTorch's batch norm on a CPU sums less exactly in it.
    """

    scale: Tensor
    offset: Tensor

    def __init__(self, backbone: Backbone, head: LiteHead | Head, preset: Preset, num_classes: int) -> None:
        super().__init__()
        self.preset = preset
        self.num_classes = num_classes
        self.channels_last = True
        self.backbone = backbone
        self.head = head
        constants = (preset.pixel_mean, preset.pixel_std)
        mean, std = (torch.tensor(values, device="cpu").reshape(3, 1, 1) for values in constants)
        device = head.classes.weight.device
        self.register_buffer("scale", (1 / (255 * std)).to(device), persistent=False)
        self.register_buffer("offset", (-mean / std).to(device), persistent=False)
        if device.type != "meta":
            _initialise(self)

    def forward(self, images: Tensor) -> Tensor:
        """images: [N, 3, H, W] RGB, uint8 or float, 0..255 -> logits [N, num_classes, h, w].

        h and w are H and W divided by 8 (by the output stride for R-ASPP or without skip), rounded up.
        """
        layout = torch.channels_last if self.channels_last else torch.contiguous_format
        x = (images * self.scale).add_(self.offset).contiguous(memory_format=layout)
        return self.head(*self.backbone(x).values())

    def upsample(self, logits: Tensor, size: tuple[int, int]) -> Tensor:
        """logits: [N, num_classes, h, w] of images of `size` (H, W) -> [N, num_classes, H, W]."""
        return resize(logits, size, self.preset.align_corners)

    @torch.no_grad()
    def labels(self, logits: Tensor, size: tuple[int, int]) -> Tensor:
        """Return the class of every pixel, [N, H, W] uint8: the argmax of `upsample` without its memory."""
        return upsampled_labels(logits, size, self.preset.align_corners)


def build_segmenter(
    *,
    preset: str = "paper",
    head: HeadName = "lraspp",
    filters: int = 128,
    gate: Gate | None = None,
    skip: bool = True,
    pool: Pooling | None = None,
    backbone: str = "large",
    rf2: bool = True,
    width: float = 1.0,
    output_stride: int = 16,
    se: bool = True,
    hswish: bool | int = True,
    max_kernel: int = 5,
    stem: int | None = None,
    padding: Literal["symmetric", "same"] | None = None,
    num_classes: int,
    **overrides: Any,
) -> Segmenter:
    """Build a segmenter by the rules of `preset`, with fields changed by `overrides`; `gate`, `pool` and `padding` None
    are the preset's.

    `filters` is the width of the head: 128 or 256 in the paper. `gate` "none" and `skip` False leave out these parts of
    Lite R-ASPP. `se`, `hswish`, `max_kernel`, `stem`: see `edited_table`. Raises UserError for unknown or wrong values.
    """
    rules = replace(get_preset(preset), **overrides)
    if problems := _problems(head, gate, pool, backbone, filters, num_classes):
        raise UserError(*problems)
    family = FAMILIES[backbone]
    taps = ["last" if family.last_conv_kept else last_block(family.table)]
    if head == "lraspp" and skip:
        taps.append(last_depthwise(family.table) if rules.skip == "depthwise" else first_block(family.table, 8))
    network = build_backbone(
        backbone,
        rf2=rf2,
        rf2_expansion=rules.rf2_expansion if family.halves_expansion else "keep",
        width=width,
        output_stride=output_stride,
        dilate_at_once=rules.dilate_at_once,
        se=se,
        hswish=hswish,
        max_kernel=max_kernel,
        stem=stem,
        padding=padding or rules.padding,
        taps=taps,
        bn_momentum=BN_MOMENTUM,
    )
    channels, *skip_channels = network.channels.values()
    windows = AUTHORS_WINDOWS[output_stride] if (pool or rules.pooling) == "window" else None
    common: Any = {"windows": windows, "align_corners": rules.align_corners, "bn_momentum": BN_MOMENTUM}
    if head == "raspp":
        return Segmenter(network, Head(channels, filters, num_classes, **common), rules, num_classes)
    gates: Any = {"gate": gate or rules.gate, "gate_bias": rules.gate_bias}
    lite = LiteHead(channels, skip_channels[0] if skip else None, filters, num_classes, **gates, **common)
    return Segmenter(network, lite, rules, num_classes)


def _problems(
    head: str, gate: str | None, pool: str | None, backbone: str, filters: int, num_classes: int
) -> list[str]:
    choices = {
        "task.head": (head, ("lraspp", "raspp")),
        "task.gate": (gate, ("sigmoid", "hard_sigmoid", "none", None)),
        "task.pool": (pool, ("window", "global", None)),
        "backbone.name": (backbone, tuple(FAMILIES)),
    }
    problems = [
        f"{key}: {value!r} is unknown; there are {', '.join(name for name in names if name)}"
        for key, (value, names) in choices.items()
        if value not in names
    ]
    if filters < 1:
        problems.append(f"task.filters must be at least 1, not {filters}; the paper has 128 and 256")
    if not 1 <= num_classes <= 255:
        problems.append(f"a segmenter can have 1 to 255 classes, not {num_classes}")
    return problems


def _initialise(segmenter: Segmenter) -> None:
    """Draw the authors' truncated normals, and Glorot's uniform in the head; or He's normal and PyTorch's own there."""
    if not segmenter.preset.authors_init:
        for layer in segmenter.backbone.modules():
            if isinstance(layer, nn.Conv2d):
                nn.init.kaiming_normal_(layer.weight, mode="fan_out")
                if layer.bias is not None:
                    nn.init.zeros_(layer.bias)
        return
    init_truncated_normal(segmenter.backbone, BACKBONE_STD)
    for name, layer in segmenter.head.named_modules():
        if isinstance(layer, nn.Conv2d):
            if name in ("classes", "skip"):
                init_truncated_normal(layer, CLASSES_STD)
                continue
            nn.init.xavier_uniform_(layer.weight)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
