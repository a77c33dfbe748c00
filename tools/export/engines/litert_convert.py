"""Networks as LiteRT (TFLite) files."""

import torch
from torch import Tensor, nn

from mnv3.tools.export.network import silence
from mnv3.tools.machine.extras import require


class Planes(nn.Module):
    """A network with input [1, h, w, 3], LiteRT's layout, whose outputs, with `more`, are a tuple."""

    def __init__(self, network: nn.Module, more: Tensor | None) -> None:
        super().__init__()
        self.network = network
        self.more = more

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        found = self.network(images.permute(0, 3, 1, 2))
        outputs = (found,) if isinstance(found, Tensor) else tuple(found)
        if self.more is None:
            return outputs
        return (*outputs, self.more + 0 * outputs[0][0, :1, :1])  # constant outputs are refused


def convert(network: nn.Module, size: tuple[int, int], more: Tensor | None = None) -> bytes:
    """Return the LiteRT model of `network`, without batch norms, for one image [1, h, w, 3] float32 of `size` (h, w).
    `more`: constants that become another output."""
    converter = require("litert_torch", "litert")
    with silence(), torch.no_grad():
        return converter.convert(Planes(network, more).eval(), (torch.zeros(1, *size, 3),)).model_content()
