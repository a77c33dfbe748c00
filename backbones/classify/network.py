"""A backbone with its family's classification head (Tables 1 and 2, and the earlier families)."""

import torch.nn.functional as F
from torch import Tensor, nn

from mnv3.backbones.blocks import activation
from mnv3.backbones.network import Backbone

DROPOUT = 0.2  # section 6.1.1: "dropout of 0.8", a keep probability


class Classifier(nn.Module):
    """Pooling, hidden layer, dropout and class scores after a backbone whose only tap is the last layer.

    `hidden`: width of the hidden layer of MobileNetV3's efficient last stage; None for none (V1, V2, MnasNet).
    `dropout`: share of the values set to 0 in training.
    """

    def __init__(self, backbone: Backbone, num_classes: int, hidden: int | None, dropout: float = DROPOUT) -> None:
        super().__init__()
        (channels,) = backbone.channels.values()
        self.backbone = backbone
        self.num_classes = num_classes
        self.dropout = dropout
        self.hidden = nn.Linear(channels, hidden) if hidden else nn.Identity()
        self.act = activation(backbone.table[-1].act) if hidden else nn.Identity()
        self.scores = nn.Linear(hidden or channels, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        """images: [N, 3, H, W] RGB in -1..1 -> logits [N, num_classes]."""
        (last,) = self.backbone(x).values()
        hidden = self.act(self.hidden(last.mean((2, 3))))
        return self.scores(F.dropout(hidden, self.dropout, self.training))
