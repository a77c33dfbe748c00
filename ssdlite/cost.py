"""Parameters and multiply-adds as the paper's Table 6 counts them.

Its Params are weights and biases of convolutions without batch norm, its MAdds those of convolutions, both with 91
class slots: COCO's category ids and the background. MobileNetV1 and V2 of width 1 have the Params of the MobileNetV2
paper instead, which are met with 81 slots.
"""

from collections.abc import Mapping
from typing import Any

import torch

from mnv3.ssdlite.weights.load import detector_from_config
from mnv3.tools.paper.cost import RowCost, count

PAPER_SLOTS = 91


def row_cost(config: Mapping[str, Any], num_slots: int = PAPER_SLOTS) -> RowCost:
    """Cost of the detector that a configuration describes, with `num_slots` classes, background included.

    The plain figures: all trainable parameters; the same multiply-adds, for the paper counts them as most tools do.
    """
    with torch.device("meta"):  # no weights are drawn
        detector = detector_from_config(dict(config), num_slots)
    detector.to_empty(device="cpu")  # to be run on the meta device, PyTorch would import its compiler: two seconds
    for tensor in (*detector.parameters(), *detector.buffers()):
        tensor.detach().zero_()
    cost = count(detector, torch.zeros(1, 3, *detector.input_size))
    return RowCost(cost.conv_params, cost.trainable_params, cost.madds, cost.madds)
