"""The detector: backbone, extra feature maps, predictors, and the rules of a preset."""

from collections.abc import Iterable
from typing import Any, cast

import torch
from torch import Tensor, nn

from mnv3.backbones.edits import first_expansion
from mnv3.backbones.initial import init_truncated_normal
from mnv3.backbones.network import Backbone, build_backbone
from mnv3.backbones.rows import layer_names
from mnv3.backbones.tables import TABLES
from mnv3.ssdlite.model.anchors import grid_anchors
from mnv3.ssdlite.model.boxes import encode
from mnv3.ssdlite.model.head import Extra, Head, PredictionLayer, build_extras
from mnv3.ssdlite.model.losses import box_loss, focal_loss, hard_negative_loss, sigmoid_hard_negative_loss
from mnv3.ssdlite.model.matching import match_anchors
from mnv3.ssdlite.model.postprocess import detect
from mnv3.ssdlite.model.presets import Preset, get_preset
from mnv3.ssdlite.model.resize import Rule
from mnv3.ssdlite.model.targets import Detections, Raw, Targets
from mnv3.tools.errors import UserError
from mnv3.tools.runs.saved_config import is_size

INIT_STD = 0.03  # of every kernel; the authors' configs and torchvision agree
BN_MOMENTUM = 0.03  # the authors' decay 0.97


class Detector(nn.Module):
    """SSDLite (MobileNetV2 section 6.2, MobileNetV3 section 6.3) on a backbone with taps at strides 16 and 32.

    Attributes: `preset`; `num_slots`, background included; `input_size` (H, W), changed by `set_input_size`;
    `resize_rule`, for resizing images to it; `anchors` [A, 4] xyxy in pixels of the input; `channels_last`, the memory
    layout inside: faster, though PyTorch's batch norm on a CPU sums less exactly in it.
    """

    anchors: Tensor

    def __init__(
        self, backbone: Backbone, preset: Preset, num_slots: int, input_size: tuple[int, int], width: float
    ) -> None:
        super().__init__()
        channels = list(backbone.channels.values())
        self.preset = preset
        self.num_slots = num_slots
        self.channels_last = True
        self.backbone = backbone
        self.extras = build_extras(channels[-1], width, preset.padding, BN_MOMENTUM)
        channels += [extra.channels for extra in cast("Iterable[Extra]", self.extras)]
        self.head = Head(channels, [len(shapes) for shapes in preset.anchors], num_slots, BN_MOMENTUM)
        self.set_input_size(input_size)
        if not self.anchors.is_meta:
            self._initialise()

    @property
    def resize_rule(self) -> Rule:
        return self.preset.resize_rule

    def set_input_size(self, size: tuple[int, int]) -> None:
        """Lay the anchors out for inputs of `size` (H, W) pixels."""
        height, width = size
        if min(height, width) < 1:
            raise UserError(f"task.input_size: both sides must be at least 1 pixel, not {height} x {width}")
        if not is_size(size):
            raise UserError(f"task.input_size: {height} x {width} is too large; the limit is 4096 x 4096 pixels.")
        self.input_size = (height, width)
        with torch.device("cpu"):
            anchors = grid_anchors(self.preset.anchors, self.input_size, self.preset.square_anchors)
        device = next(self.head.parameters()).device
        self.register_buffer("anchors", anchors.to(device, copy=True), persistent=False)

    def forward(self, images: Tensor) -> Raw:
        """images: [N, 3, *input_size] RGB, uint8 or float, 0..255 -> Raw."""
        return self.head(self.feature_maps(images))

    def feature_maps(self, images: Tensor) -> list[Tensor]:
        """images as in `forward` -> the six maps that the predictors read, finest first."""
        assert images.shape[-2:] == self.input_size, (
            f"input is {tuple(images.shape[-2:])}, anchors are for {self.input_size}"
        )
        layout = torch.channels_last if self.channels_last else torch.contiguous_format
        x = normalised(images, self.preset).contiguous(memory_format=layout)
        maps = list(self.backbone(x).values())
        for extra in self.extras:
            maps.append(extra(maps[-1]))
        return maps

    def losses(self, raw: Raw, targets: Targets) -> dict[str, Tensor]:
        """Return float32 scalars "loss" = "box_loss" + "class_loss", per match in the whole batch (at least one)."""
        with torch.autocast(raw.logits.device.type, enabled=False):
            return _losses(raw, _trim(targets), self.anchors, self.preset)

    @torch.no_grad()
    def detect(self, raw: Raw, sizes: Tensor) -> Detections:
        """Return detections in pixels of the original images, whose (H, W) are `sizes` [N, 2] int64."""
        return detect(raw, self.anchors, self.input_size, sizes.to(self.anchors.device), self.preset)

    def _initialise(self) -> None:
        initialise = init_truncated_normal if self.preset.truncated_init else _init_normal
        for part in (self.backbone, self.extras):
            initialise(part, INIT_STD)
        _init_normal(self.head, INIT_STD)
        if (prior := self.preset.class_prior) is not None:
            bias = torch.logit(torch.tensor(prior, device="cpu")).item()
            for predictor in cast("Iterable[PredictionLayer]", self.head.classes):
                nn.init.constant_(cast("Tensor", predictor.predict.bias), bias)
                if self.preset.class_loss == "sigmoid_hard_negatives":  # the background is learned too: 1 - prior
                    nn.init.constant_(cast("Tensor", predictor.predict.bias)[:: self.num_slots], -bias)


def normalised(images: Tensor, preset: Preset) -> Tensor:
    """Scale images in 0..255 to the network's range, -1..1 unless the weights were trained on another."""
    return images * preset.pixel_scale - preset.pixel_offset


def build_detector(
    *,
    preset: str = "paper",
    backbone: str = "large",
    rf2: bool = False,
    width: float = 1.0,
    se: bool = True,
    hswish: bool | int = True,
    max_kernel: int = 5,
    stem: int | None = None,
    padding: str | None = None,
    num_slots: int,
    input_size: tuple[int, int] = (320, 320),
    **overrides: Any,
) -> Detector:
    """Build a detector by the rules of `preset`; `padding` None is the preset's; `overrides` change fields of `Preset`.

    `se`, `hswish`, `max_kernel` and `stem` are those of `edited_table`. `num_slots` includes the background: 91 for
    COCO's category ids, number of classes + 1 for contiguous slots. Raises UserError for unknown names and values.
    """
    if padding is not None:
        overrides["padding"] = padding
    rules = get_preset(preset, **overrides)
    if backbone not in TABLES:
        raise UserError(f"backbone.name: {backbone!r} is unknown; there are {', '.join(TABLES)}")
    network = build_backbone(
        backbone,
        rf2=rf2,
        width=width,
        se=se,
        hswish=hswish,
        max_kernel=max_kernel,
        stem=stem,
        padding=rules.padding,
        taps=(first_expansion(TABLES[backbone]), layer_names(TABLES[backbone])[-1]),
        bn_momentum=BN_MOMENTUM,
    )
    height, width_px = input_size
    return Detector(network, rules, num_slots, (height, width_px), width)


def _losses(raw: Raw, targets: Targets, anchors: Tensor, preset: Preset) -> dict[str, Tensor]:
    match = match_anchors(anchors, targets, preset.match_iou, preset.first_claim_wins)  # [N, A]
    positive = match >= 0
    index = match.clamp(min=0)
    boxes = targets.boxes.gather(1, index[..., None].expand(-1, -1, 4))
    slots = targets.labels.gather(1, index).where(positive, 0)
    matches = positive.sum().clamp(min=1)
    if preset.class_loss == "focal":
        class_loss = focal_loss(raw.logits, slots, preset.focal_alpha)
    elif preset.class_loss == "sigmoid_hard_negatives":
        class_loss, positive = sigmoid_hard_negative_loss(raw.logits, slots)
    else:
        class_loss = hard_negative_loss(raw.logits, slots)
    losses = {
        "box_loss": box_loss(raw.codes, encode(boxes, anchors), positive) * preset.box_loss_scale / matches,
        "class_loss": class_loss / matches,
    }
    return {"loss": losses["box_loss"] + losses["class_loss"], **losses}


def _trim(targets: Targets) -> Targets:
    """Remove columns that are padding in every image; on a device keep them, to avoid waiting for it."""
    if targets.labels.device.type != "cpu" or torch.compiler.is_compiling():
        return targets
    most = max(int((targets.labels >= 0).sum(1).max()), 1)
    return Targets(targets.boxes[:, :most], targets.labels[:, :most])


def _init_normal(module: nn.Module, std: float) -> None:
    for layer in module.modules():
        if isinstance(layer, nn.Conv2d):
            nn.init.normal_(layer.weight, std=std)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
