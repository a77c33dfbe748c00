"""Networks of other families that come in the same formats, by parts of the names of their layers."""

import re
from collections.abc import Iterable

from mnv3.tools.errors import UserError

FOREIGN = (
    (
        re.compile(r"WeightSharedConvolutionalBox|/fpn/", re.IGNORECASE),
        "an SSD with FPN or FPNLite",
    ),
    (re.compile(r"Mobilenet_?EdgeTPU", re.IGNORECASE), "a MobileNet-EdgeTPU, with fused 3x3 convolutions"),
    (re.compile(r"(^|/)\w*LSTM", re.IGNORECASE), "a detector with LSTM cells, for videos"),
    (re.compile(r"MobileDet", re.IGNORECASE), "a MobileDet"),
    (re.compile(r"(^|/)(resnet|inception|xception|efficientnet|nasnet)", re.IGNORECASE), "a larger backbone"),
)


def refuse_foreign(names: Iterable[str], path: object) -> None:
    """Raise UserError if `names` of layers are those of a family that mnv3 does not build."""
    for name in names:
        for pattern, what in FOREIGN:
            if found := pattern.search(name):
                raise UserError(
                    f"{path} holds {what} ({found[0].strip('/')}), which mnv3 does not build; it has MobileNetV1, V2, "
                    "V3 and MnasNet, with SSDLite and (Lite) R-ASPP heads."
                )
