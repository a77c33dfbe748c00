"""LightningModule of Lite R-ASPP."""

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from mnv3.lraspp.data.frames import FrameData
from mnv3.lraspp.data.loader import Batch
from mnv3.lraspp.data.sizes import Size, input_size
from mnv3.lraspp.evaluate.inference import predict
from mnv3.lraspp.evaluate.scorer import Scorer
from mnv3.lraspp.model.losses import segmentation_loss
from mnv3.lraspp.model.lovasz import lovasz_on_grid
from mnv3.lraspp.model.segmenter import Segmenter
from mnv3.tools.training.module import TrainingModule
from mnv3.tools.training.optim import Plan


class SegmentationModule(TrainingModule):
    """Losses and validation by mean IoU; `lraspp.weights.load.load_segmenter` reads its checkpoints.

    `config`: the whole configuration, resolved. `val_data`: to score. `class_weights`: [K] of the cross-entropy.
    """

    class_weights: Tensor | None

    def __init__(
        self,
        segmenter: Segmenter,
        config: Mapping[str, Any],
        plan: Plan,
        val_data: FrameData,
        class_weights: Tensor | None = None,
    ) -> None:
        classes = [[entry.name, list(entry.colour), entry.category, entry.id] for entry in val_data.classes]
        super().__init__(config, plan, {"classes": classes})
        self.segmenter = segmenter
        self.input_size = input_size(config)
        self.val_data = val_data
        self.register_buffer("class_weights", class_weights, persistent=False)
        self.scorer = Scorer(val_data)

    def losses(self, batch: Batch) -> dict[str, Tensor]:
        """Return the losses of a batch: cross-entropy, and Lovasz-softmax if the recipe has it."""
        recipe, align_corners = self.recipe, self.segmenter.preset.align_corners
        logits = self.segmenter(batch.images)
        cross_entropy = segmentation_loss(
            logits,
            batch.labels,
            align_corners=align_corners,
            class_weights=self.class_weights,
            ohem=recipe["ohem"],
            ohem_kept=recipe["ohem_kept"],
        )
        if not recipe["lovasz"]:
            return {"loss": cross_entropy}
        lovasz = lovasz_on_grid(logits, batch.labels, align_corners)
        return {"loss": cross_entropy + recipe["lovasz"] * lovasz, "cross_entropy": cross_entropy, "lovasz": lovasz}

    def on_validation_epoch_start(self) -> None:
        """Reset the scorer."""
        self.scorer = Scorer(self.val_data, self.device)

    def validation_step(self, batch: Batch, batch_idx: int) -> None:
        """Collect label maps of a batch."""
        found = predict_batch(self.segmenter, batch, self.recipe["batch_size"], self.input_size)
        self.scorer.add(batch.indices, found, batch.labels)

    def on_validation_epoch_end(self) -> None:
        """Score the frames of all processes, with the same result in each."""
        self.log_scores(self.scorer.scores())


def predict_batch(segmenter: Segmenter, batch: Batch, rows: int = 1, size: Size | None = None) -> Tensor:
    """Run `predict` on a batch at its labels' size; `size`: of the network's input."""
    height, width = batch.labels.shape[-2:]
    return predict(segmenter, batch.images, (height, width), rows, input_size=size)
