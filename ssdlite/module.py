"""LightningModule of SSDLite."""

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from mnv3.ssdlite.data.coco.annotations import CocoData
from mnv3.ssdlite.data.loader import Batch
from mnv3.ssdlite.evaluate.inference import predict
from mnv3.ssdlite.evaluate.scorer import CocoScorer
from mnv3.ssdlite.model.detector import Detector
from mnv3.tools.training.module import TrainingModule
from mnv3.tools.training.optim import Plan


class DetectionModule(TrainingModule):
    """Losses and validation by COCO's AP; `ssdlite.weights.load.load_detector` reads its checkpoints.

    `config`: the whole configuration, resolved. `val_data`: the data set to score.
    """

    def __init__(self, detector: Detector, config: Mapping[str, Any], plan: Plan, val_data: CocoData) -> None:
        ids = {category.slot: category.id for category in val_data.categories}
        about = {"classes": class_table(val_data), "ids": ids, "num_slots": val_data.num_slots}
        super().__init__(config, plan, about)
        self.detector = detector
        self.val_data = val_data
        self.scorer = CocoScorer(val_data)

    def losses(self, batch: Batch) -> dict[str, Tensor]:
        """Return the losses of a batch: boxes, classes and their sum."""
        return self.detector.losses(self.detector(batch.images), batch.targets)

    def on_validation_epoch_start(self) -> None:
        """Reset the scorer."""
        self.scorer = CocoScorer(self.val_data)

    def validation_step(self, batch: Batch, batch_idx: int) -> None:
        """Collect detections of a batch."""
        self.scorer.add(batch.image_ids, predict(self.detector, batch.images, batch.sizes, self.recipe["batch_size"]))

    def on_validation_epoch_end(self) -> None:
        """Score the detections of all processes, with the same result in each."""
        results = self.scorer.results()
        self.log_scores(self.scorer.scores(results))


def class_table(data: CocoData) -> dict[int, str]:
    """Return class names by class slot."""
    return {category.slot: category.name for category in data.categories}
