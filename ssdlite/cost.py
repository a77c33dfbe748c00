"""Parameters and multiply-adds as the paper's Table 6 counts them.

Params are weights and biases of convolutions without batch norm, MAdds those of convolutions, both with 91 class slots:
COCO's category ids and the background. For MobileNetV1 and V2 of width 1 the table repeats the Params of the
MobileNetV2 paper, which match 81 slots.
"""

from collections.abc import Mapping
from typing import Any

import torch

from mnv3.ssdlite.weights.load import detector_from_config
from mnv3.tools.paper.cost import RowCost, count

PAPER_SLOTS = 91


def row_cost(config: Mapping[str, Any], num_slots: int = PAPER_SLOTS) -> RowCost:
    """Return the cost of a configuration's detector with `num_slots` classes, background included.

    The plain figures are all trainable parameters and the same multiply-adds, which the paper counts as most tools do.
    """
    with torch.device("meta"):  # skips drawing weights
        detector = detector_from_config(dict(config), num_slots)
    detector.to_empty(device="cpu")  # running on the meta device would import PyTorch's compiler: two seconds
    for tensor in (*detector.parameters(), *detector.buffers()):
        tensor.detach().zero_()
    cost = count(detector, torch.zeros(1, 3, *detector.input_size))
    return RowCost(cost.conv_params, cost.trainable_params, cost.madds, cost.madds)
