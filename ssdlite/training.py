"""The hooks of `tools.training` for detection."""

import logging
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch.nn.functional import interpolate

from mnv3.backbones.published import find_published, how_to_get
from mnv3.backbones.statistics import restore_statistics
from mnv3.backbones.weights import load_backbone_weights
from mnv3.ssdlite.data.coco.annotations import CocoData
from mnv3.ssdlite.data.loader import Batch, Loader, train_loader, val_loader
from mnv3.ssdlite.data.sizes import GRID, SHORTEST
from mnv3.ssdlite.data.verdict import check_same_classes, faults, few_to_score, not_learnt, too_small
from mnv3.ssdlite.evaluate.inference import predict
from mnv3.ssdlite.evaluate.panels import sample_panels, score_tables
from mnv3.ssdlite.evaluate.report import remarks, score_table, write_report
from mnv3.ssdlite.evaluate.results import Result
from mnv3.ssdlite.evaluate.scorer import CocoScorer, Scores
from mnv3.ssdlite.model.detector import Detector, normalised
from mnv3.ssdlite.model.head import EXTRAS
from mnv3.ssdlite.model.presets import most_detections
from mnv3.ssdlite.module import DetectionModule, class_table
from mnv3.ssdlite.task import Ssdlite
from mnv3.ssdlite.weights.load import detector_from_config, init_detector, load_detector
from mnv3.tools.drawing.boxes import draw_boxes, mosaic, save_image
from mnv3.tools.drawing.paint import class_colour
from mnv3.tools.errors import UserError
from mnv3.tools.images.sample_images import few_images
from mnv3.tools.task import Config, Training
from mnv3.tools.training.automatic import AUTO, choose_size
from mnv3.tools.training.optim import Plan
from mnv3.tools.training.trainer import share_of_batch
from mnv3.tools.weights.load import load_first_weights
from mnv3.tools.weights.start import choose_start

log = logging.getLogger("mnv3")

DRAWN = 16
"""Most training samples in their picture."""


class Detection(Ssdlite, Training):
    """Training of SSDLite."""

    def check_data(self, train_data: CocoData, val_data: CocoData, on_error: str) -> None:
        """Require boxes to learn from and to score, and the same categories in the same slots."""
        if problems := faults(train_data, "train") + faults(val_data, "val"):
            raise UserError(*problems)
        check_same_classes(train_data, val_data)
        for remark in [*not_learnt(train_data, val_data), *few_to_score(val_data)]:
            log.warning("%s", remark)

    def choose(self, config: Config, data: CocoData) -> dict[str, Any]:
        """Choose the input size by the images, and the first weights by what is on this machine."""
        chosen = {}
        if config["task"]["input_size"] == AUTO:
            chosen = choose_size(data.sizes, grid=GRID, shortest=SHORTEST)
        if config["backbone"]["weights"] == AUTO:
            backbone = config["backbone"]
            chosen |= choose_start(config, find_published(backbone, "symmetric"), how_to_get(backbone))
        return chosen

    def build(self, config: Config, data: CocoData) -> Detector:
        """Build the detector of a new run."""
        detector = detector_from_config(config, data.num_slots)
        height, width = detector.input_size
        images = partial(few_images, [*map(data.path, range(len(data)))], (height, width))
        load_first_weights(
            config,
            partial(
                load_backbone_weights,
                detector.backbone,
                images=lambda: normalised(images(), detector.preset),
            ),
            partial(init_detector, detector, classes=class_table(data)),
        )
        restore_statistics(detector, lambda: interpolate(images(), (height, width), mode="bilinear"))
        return detector

    def input_size(self, config: Config, data: CocoData) -> tuple[int, int]:
        """Return the network's input size."""
        height, width = config["task"]["input_size"]
        return height, width

    def loaders(
        self, config: Config, network: Detector, train_data: CocoData, val_data: CocoData, rank: int, world: int
    ) -> tuple[Loader, Loader]:
        """Return loaders of the network's input size. Raises UserError if batch norm cannot train on their batches."""
        batch_size = share_of_batch(config["recipe"]["batch_size"], world)
        last_stride = config["backbone"]["output_stride"] * 2 ** len(EXTRAS)
        if batch_size == 1 and max(network.input_size) <= last_stride:
            raise UserError(
                f"recipe.batch_size={world}: with one image per process the last feature map is a single pixel, too "
                f"little for batch norm; give at least recipe.batch_size={2 * world}."
            )
        for remark in too_small(train_data, network.input_size) if rank == 0 else ():
            log.info("%s", remark)
        common: dict[str, Any] = {
            "size": network.input_size,
            "rule": network.resize_rule,
            "batch_size": batch_size,
            "workers": config["data"]["workers"],
            "on_error": config["data"]["on_error"],
            "rank": rank,
            "world": world,
            "log": log.info,
        }
        training = train_loader(train_data, augmentation=config["recipe"]["augment"], seed=config["seed"], **common)
        return training, val_loader(val_data, **common)

    def module(
        self, config: Config, network: Detector, plan: Plan, train_data: CocoData, val_data: CocoData
    ) -> DetectionModule:
        """Return the module, scored by COCO's AP."""
        return DetectionModule(network, config, plan, val_data)

    def names(self, batch: Batch, train_data: CocoData) -> list[str]:
        """Return the image ids."""
        return [str(number) for number in batch.image_ids.tolist()]

    def draw_batch(self, batch: Batch, train_data: CocoData, path: Path) -> None:
        """Draw boxes with their names."""
        names = class_table(train_data)
        panels = []
        for image, boxes, labels in zip(
            batch.images[:DRAWN], *(column[:DRAWN] for column in batch.targets), strict=True
        ):
            real = labels >= 0
            slots = labels[real].tolist()
            colours = [class_colour(slot) for slot in slots]
            panels.append(draw_boxes(image.to(torch.uint8), boxes[real], [names[slot] for slot in slots], colours))
        save_image(mosaic(panels, columns=4), path)

    def panels(self, val_data: CocoData, results: Sequence[Result], scores: Scores) -> dict[str, Any]:
        """Return the same images every time, with predicted and true boxes."""
        return {"val/samples": sample_panels(val_data, results, scores.score_threshold)}

    def score_file(
        self, checkpoint: Path, loader: Loader, val_data: CocoData, device: torch.device, config: Config
    ) -> tuple[list[Result], Scores]:
        """Return all detections and their COCO scores."""
        detector = load_detector(checkpoint).detector.to(device).eval()
        scorer = CocoScorer(val_data, most_detections(config))
        rows = config["recipe"]["batch_size"]
        for batch in loader:
            scorer.add(batch.image_ids, predict(detector, batch.images.to(device), batch.sizes, rows))
        results = scorer.results()
        return results, scorer.scores(results)

    def report(
        self, folder: Path, val_data: CocoData, results: list[Result], scores: Scores, more: Mapping[str, Any]
    ) -> str:
        """Write the report and return the score table, see `ssdlite.evaluate.report`."""
        write_report(folder, val_data, results, scores, more=more)
        return "\n".join([score_table(val_data, scores), *remarks(scores)])

    def score_tables(self, scores: Scores) -> dict[str, Any]:
        """Return the AP of each class, and the confusion matrix."""
        return score_tables(scores)

    def rehearse_prediction(self, network: Detector, batch: Batch) -> str:
        """Detect on a batch; describe the result."""
        return f"boxes {tuple(predict(network, batch.images, batch.sizes).boxes.shape)}"
