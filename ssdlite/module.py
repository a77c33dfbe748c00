"""LightningModule of SSDLite."""

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from mnv3.ssdlite.data.coco.annotations import CocoData
from mnv3.ssdlite.data.loader import Batch
from mnv3.ssdlite.evaluate.inference import predict
from mnv3.ssdlite.evaluate.scorer import CocoScorer
from mnv3.ssdlite.model.detector import Detector
from mnv3.ssdlite.model.presets import most_detections
from mnv3.tools.predict.operating_point import OperatingPoint
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
        self.max_detections = most_detections(config)
        self.scorer = CocoScorer(val_data, self.max_detections)
        self.point: OperatingPoint | None = None

    def losses(self, batch: Batch) -> dict[str, Tensor]:
        """Return the losses of a batch: boxes, classes and their sum."""
        return self.detector.losses(self.detector(batch.images), batch.targets)

    def on_train_epoch_start(self) -> None:
        """Forget the best thresholds, which are of other weights; an epoch without validation has none."""
        self.point = None

    def on_validation_epoch_start(self) -> None:
        """Reset the scorer."""
        self.scorer = CocoScorer(self.val_data, self.max_detections)

    def validation_step(self, batch: Batch, batch_idx: int) -> None:
        """Collect detections of a batch."""
        self.scorer.add(batch.image_ids, predict(self.detector, batch.images, batch.sizes, self.recipe["batch_size"]))

    def on_validation_epoch_end(self) -> None:
        """Score the detections of all processes, with the same result in each."""
        results = self.scorer.results()
        scores = self.scorer.scores(results)
        self.point = scores.point
        self.log_scores(scores)

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Store the best thresholds of the saved weights, if they were validated."""
        if self.point is not None:
            checkpoint["hyper_parameters"]["operating_point"] = self.point.plain()


def class_table(data: CocoData) -> dict[int, str]:
    """Return class names by class slot."""
    return {category.slot: category.name for category in data.categories}
