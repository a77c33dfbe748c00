"""Networks of other families, by names of layers as their files have them."""

import pytest

from mnv3.backbones.names.foreign import refuse_foreign
from mnv3.backbones.names.slim import slim_names
from mnv3.backbones.tables import FAMILIES, TABLES
from mnv3.tools.errors import UserError


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("WeightSharedConvolutionalBoxPredictor/ClassPredictor/pointwise_weights", "FPNLite"),
        ("FeatureExtractor/MobilenetV2/fpn/top_down/smoothing_1/depthwise_weights", "FPNLite"),
        ("FeatureExtractor/MobilenetEdgeTPU/Conv/weights", "EdgeTPU"),
        ("MobilenetEdgeTPU/expanded_conv_1/expand/weights", "EdgeTPU"),
        ("FeatureExtractor/LSTM/bottleneck/depthwise_weights", "LSTM"),
        ("LSTM/BottleneckConvLSTM/weights", "LSTM"),
        ("FeatureExtractor/MobileDetCPU/Conv/weights", "MobileDet"),
        ("resnet_v1_101/block1/unit_1/bottleneck_v1/conv1/weights", "larger backbone"),
        ("FeatureExtractor/InceptionV2/Conv2d_1a_7x7/weights", "larger backbone"),
        ("xception_65/entry_flow/conv1_1/weights", "larger backbone"),
        ("efficientnet-b0/stem/conv2d/kernel", "larger backbone"),
    ],
)
def test_named(name: str, what: str) -> None:
    with pytest.raises(UserError, match=f"(?i)x.tflite holds .*{what}.* does not build"):
        refuse_foreign(["global_step", name], "x.tflite")


def test_mnv3_s_own_families_are_not_among_them() -> None:
    heads = [
        "BoxPredictor_0/ClassPredictor/weights",
        "aspp0/weights",
        "image_pooling/weights",
        "logits/semantic/biases",
    ]
    for family, table in TABLES.items():
        scope = FAMILIES[family].slim
        refuse_foreign([f"FeatureExtractor/{scope}/{name}/weights" for name in slim_names(family, table).values()], "x")
    refuse_foreign([*heads, "head.features.conv.weight", "backbone.features.0.0.weight", "conv_stem.weight"], "x")
