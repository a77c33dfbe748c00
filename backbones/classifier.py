"""The classification head of Tables 1 and 2."""

import torch.nn.functional as F
from torch import Tensor, nn

from backbones.network import Backbone

DROPOUT = 0.2  # section 6.1.1: "dropout of 0.8", a keep probability


class Classifier(nn.Module):
    """Pooling, hidden layer and class scores behind a backbone with the tap "last".

    `hidden` is the width of the layer between: 1280 in Table 1, 1024 in Table 2 (`tables.CLASSIFIER_WIDTH`).
    """

    def __init__(self, backbone: Backbone, num_classes: int, hidden: int) -> None:
        super().__init__()
        self.backbone = backbone
        self.hidden = nn.Linear(backbone.channels["last"], hidden)
        self.scores = nn.Linear(hidden, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        """images: [N, 3, H, W] RGB in -1..1 -> logits [N, num_classes]."""
        pooled = self.backbone(x)["last"].mean((2, 3))
        return self.scores(F.dropout(F.hardswish(self.hidden(pooled)), DROPOUT, self.training))
