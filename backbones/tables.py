"""Backbone families as tables of layers: the paper's Tables 1 and 2, and the networks it compares them with."""

from typing import Literal, NamedTuple

from mnv3.backbones.rows import Layer, Squeeze, Table

SE = Squeeze(1 / 4, "expansion", "hard_sigmoid")  # sections 5.3 and 5.2
SE_MNASNET = Squeeze(1 / 4, "input", "sigmoid")

# Table 1, up to the pooling.
V3_LARGE: Table = (
    Layer("conv", 3, 0, 16, None, "hswish", 2),
    Layer("bneck", 3, 16, 16, None, "relu"),
    Layer("bneck", 3, 64, 24, None, "relu", 2),
    Layer("bneck", 3, 72, 24, None, "relu"),
    Layer("bneck", 5, 72, 40, SE, "relu", 2),
    Layer("bneck", 5, 120, 40, SE, "relu"),
    Layer("bneck", 5, 120, 40, SE, "relu"),
    Layer("bneck", 3, 240, 80, None, "hswish", 2),
    Layer("bneck", 3, 200, 80, None, "hswish"),
    Layer("bneck", 3, 184, 80, None, "hswish"),
    Layer("bneck", 3, 184, 80, None, "hswish"),
    Layer("bneck", 3, 480, 112, SE, "hswish"),
    Layer("bneck", 3, 672, 112, SE, "hswish"),
    Layer("bneck", 5, 672, 160, SE, "hswish", 2),
    Layer("bneck", 5, 960, 160, SE, "hswish"),
    Layer("bneck", 5, 960, 160, SE, "hswish"),
    Layer("conv", 1, 0, 960, None, "hswish"),
)

# Table 2, up to the pooling. The paper ticks SE on the last 1x1 convolution; the authors' code has none there, and
# the parameter counts of the paper's Table 6 hold only without it.
V3_SMALL: Table = (
    Layer("conv", 3, 0, 16, None, "hswish", 2),
    Layer("bneck", 3, 16, 16, SE, "relu", 2),
    Layer("bneck", 3, 72, 24, None, "relu", 2),
    Layer("bneck", 3, 88, 24, None, "relu"),
    Layer("bneck", 5, 96, 40, SE, "hswish", 2),
    Layer("bneck", 5, 240, 40, SE, "hswish"),
    Layer("bneck", 5, 240, 40, SE, "hswish"),
    Layer("bneck", 5, 120, 48, SE, "hswish"),
    Layer("bneck", 5, 144, 48, SE, "hswish"),
    Layer("bneck", 5, 288, 96, SE, "hswish", 2),
    Layer("bneck", 5, 576, 96, SE, "hswish"),
    Layer("bneck", 5, 576, 96, SE, "hswish"),
    Layer("conv", 1, 0, 576, None, "hswish"),
)

# MobileNets (1704.04861), Table 1, up to the pooling; its ReLU is the authors' ReLU6.
V1: Table = (
    Layer("conv", 3, 0, 32, None, "relu6", 2),
    Layer("separable", 3, 0, 64, None, "relu6"),
    Layer("separable", 3, 0, 128, None, "relu6", 2),
    Layer("separable", 3, 0, 128, None, "relu6"),
    Layer("separable", 3, 0, 256, None, "relu6", 2),
    Layer("separable", 3, 0, 256, None, "relu6"),
    Layer("separable", 3, 0, 512, None, "relu6", 2),
    *5 * (Layer("separable", 3, 0, 512, None, "relu6"),),
    Layer("separable", 3, 0, 1024, None, "relu6", 2),
    Layer("separable", 3, 0, 1024, None, "relu6"),
)


def _stage(
    inputs: int,
    kernel: int,
    factor: int,
    out: int,
    rows: int,
    stride: int,
    act: Literal["relu", "relu6"],
    se: Squeeze | None = None,
) -> Table:
    """Return bottlenecks as MobileNetV2 and MnasNet list them: expansion by a factor, the stride in the first row."""
    first = Layer("bneck", kernel, factor * inputs, out, se, act, stride)
    return (first, *(rows - 1) * (Layer("bneck", kernel, factor * out, out, se, act),))


# MobileNetV2 (1801.04381), Table 2, up to the pooling.
V2: Table = (
    Layer("conv", 3, 0, 32, None, "relu6", 2),
    *_stage(32, 3, 1, 16, 1, 1, "relu6"),
    *_stage(16, 3, 6, 24, 2, 2, "relu6"),
    *_stage(24, 3, 6, 32, 3, 2, "relu6"),
    *_stage(32, 3, 6, 64, 4, 2, "relu6"),
    *_stage(64, 3, 6, 96, 3, 1, "relu6"),
    *_stage(96, 3, 6, 160, 3, 2, "relu6"),
    *_stage(160, 3, 6, 320, 1, 1, "relu6"),
    Layer("conv", 1, 0, 1280, None, "relu6"),
)

# MnasNet-A1 (1807.11626), Figure 7, up to the pooling. The paper's counts hold with squeezes rounded to multiples of 8.
MNASNET: Table = (
    Layer("conv", 3, 0, 32, None, "relu", 2),
    *_stage(32, 3, 1, 16, 1, 1, "relu"),
    *_stage(16, 3, 6, 24, 2, 2, "relu"),
    *_stage(24, 5, 3, 40, 3, 2, "relu", SE_MNASNET),
    *_stage(40, 3, 6, 80, 4, 2, "relu"),
    *_stage(80, 3, 6, 112, 2, 1, "relu", SE_MNASNET),
    *_stage(112, 5, 6, 160, 3, 2, "relu", SE_MNASNET),
    *_stage(160, 3, 6, 320, 1, 1, "relu"),
    Layer("conv", 1, 0, 1280, None, "relu"),
)


class Family(NamedTuple):
    """A backbone's unedited table and its names in other projects.

    `classifier_width`: of the layer between pooling and class scores, None without one. `timm`: timm's name of the
    network; `timm_has_authors`: timm also has the authors' own weights, as "tf_" and that name. `imagenet`:
    torchvision's weights, if it has the network. `slim`: scope of its variables in TensorFlow.

    In segmentation: `last_conv_kept`, keep the last convolution; `halves_expansion`, RF2 halves its first expansion.
    """

    table: Table
    timm: str
    classifier_width: int | None = None
    imagenet: str | None = None
    timm_has_authors: bool = False
    slim: Literal["MobilenetV1", "MobilenetV2", "MobilenetV3"] = "MobilenetV3"
    last_conv_kept: bool = False
    halves_expansion: bool = False

    @property
    def relu6_only(self) -> bool:
        """Whether all its activations are ReLU6."""
        return all(row.act in ("relu6", None) for row in self.table)


def _v3(size: Literal["large", "small"], table: Table, classifier_width: int) -> Family:
    """MobileNetV3, with expansions in channels. V2 expands by a factor and drops its last convolution in segmentation,
    by the counts of Table 7; the other families follow V2."""
    return Family(
        table,
        timm=f"mobilenetv3_{size}_100",
        classifier_width=classifier_width,
        imagenet=f"MobileNet_V3_{size.title()}_Weights",
        timm_has_authors=True,
        last_conv_kept=True,
        halves_expansion=True,
    )


FAMILIES = {
    "large": _v3("large", V3_LARGE, 1280),
    "small": _v3("small", V3_SMALL, 1024),
    "v1": Family(V1, "mobilenetv1_100", slim="MobilenetV1"),
    "v2": Family(V2, "mobilenetv2_100", imagenet="MobileNet_V2_Weights", slim="MobilenetV2"),
    "mnasnet": Family(MNASNET, "semnasnet_100"),
}
"""By the value of backbone.name; each has a file in conf/backbone/."""

TABLES = {name: family.table for name, family in FAMILIES.items()}
