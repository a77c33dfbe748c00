"""The names by which the variables of the authors' detectors are asked for."""

from typing import Any

import pytest

from mnv3.ssdlite.model.detector import build_detector
from mnv3.ssdlite.weights.names import from_tensorflow

# As in the published ssdlite_mobilenet_v2_coco and in the detection API's code for MobileNetV1.
NAMES = {
    "v1": (
        "FeatureExtractor/MobilenetV1/Conv2d_0/weights",
        "FeatureExtractor/MobilenetV1/Conv2d_13_depthwise/depthwise_weights",
        "FeatureExtractor/MobilenetV1/Conv2d_13_pointwise_1_Conv2d_2_1x1_256/weights",
        "FeatureExtractor/MobilenetV1/Conv2d_13_pointwise_2_Conv2d_5_3x3_s2_128_depthwise/depthwise_weights",
    ),
    "v2": (
        "FeatureExtractor/MobilenetV2/Conv/weights",
        "FeatureExtractor/MobilenetV2/expanded_conv_16/project/weights",
        "FeatureExtractor/MobilenetV2/Conv_1/weights",
        "FeatureExtractor/MobilenetV2/layer_19_1_Conv2d_2_1x1_256/weights",
        "FeatureExtractor/MobilenetV2/layer_19_2_Conv2d_5_3x3_s2_128_depthwise/depthwise_weights",
    ),
}


class Asked(dict[str, Any]):
    """An empty table that keeps the names asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def get(self, name: str, default: Any = None) -> Any:
        self.names.add(name)
        return default


@pytest.mark.parametrize("family", NAMES)
def test_names(family: str) -> None:
    asked = Asked()
    from_tensorflow(asked, build_detector(backbone=family, num_slots=91))
    assert asked.names.issuperset({*NAMES[family], "BoxPredictor_5/ClassPredictor_depthwise/depthwise_weights"})
