"""The hooks of `tools.training` for segmentation."""

import logging
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from lightning.pytorch.utilities import rank_zero_only
from torch import Tensor

from mnv3.backbones.published import find_published, how_to_get
from mnv3.backbones.statistics import restore_statistics
from mnv3.backbones.weights import load_backbone_weights
from mnv3.lraspp.data.class_weights import class_weights
from mnv3.lraspp.data.frames import FrameData
from mnv3.lraspp.data.labels.look import glance
from mnv3.lraspp.data.labels.verdict import between, faults, few_to_score, not_learnt, remarks
from mnv3.lraspp.data.loader import UNREADABLE, Batch, Loader, frame_sizes, train_loader, val_loader
from mnv3.lraspp.data.sizes import check_sizes, crop_size, first_size, input_size, unlike
from mnv3.lraspp.evaluate.panels import sample_panels, score_tables
from mnv3.lraspp.evaluate.report import score_table, write_report
from mnv3.lraspp.evaluate.scorer import Maps, Scorer
from mnv3.lraspp.evaluate.scores import Scores
from mnv3.lraspp.model.presets import PRESETS
from mnv3.lraspp.model.segmenter import Segmenter
from mnv3.lraspp.module import SegmentationModule, predict_batch
from mnv3.lraspp.task import Lraspp
from mnv3.lraspp.weights.load import class_table, init_segmenter, load_segmenter, segmenter_from_config
from mnv3.tools.drawing.boxes import mosaic, save_image
from mnv3.tools.drawing.label_maps import legend, overlay
from mnv3.tools.errors import UserError
from mnv3.tools.images.sample_images import few_images
from mnv3.tools.task import Config, Training
from mnv3.tools.training.automatic import AUTO, choose_size
from mnv3.tools.training.optim import Plan
from mnv3.tools.training.trainer import share_of_batch
from mnv3.tools.weights.load import load_first_weights
from mnv3.tools.weights.start import choose_start

log = logging.getLogger("mnv3")

GRID, REST = 16, 1
"""Chosen input sizes are 16 k + 1, as the authors' are: the output's grid then ends where the image does."""

DRAWN = 12
"""Most training samples in their picture."""

SIDE = 480
"""Longer side of each, pixels."""


class Segmentation(Lraspp, Training):
    """Training of (Lite) R-ASPP."""

    def check_data(self, train_data: FrameData, val_data: FrameData, on_error: str) -> None:
        """Check a sample of the label files in the first process; both splits must have the same classes."""
        assert train_data.classes == val_data.classes
        if rank_zero_only.rank:
            return
        seen = [glance(train_data), glance(val_data)]
        problems = [fault for split in seen for fault in faults(split, skip=on_error == "skip")] + between(seen)
        if problems:
            skip = any(look.problem for split in seen for look in split.looks)
            rest = "; data.on_error=skip continues without unusable files" if skip else ""
            raise UserError(*problems, f"`mnv3 data check` checks all files and reports what it finds{rest}.")
        for remark in [line for split in seen for line in remarks(split)] + not_learnt(seen) + few_to_score(val_data):
            log.warning("%s", remark)

    def choose(self, config: Config, data: FrameData) -> dict[str, Any]:
        """Choose the input size by the frames, and the first weights by what is on this machine."""
        chosen = {}
        if config["task"]["input_size"] == AUTO:
            sizes = np.array([size for size in frame_sizes(data) if size != UNREADABLE])
            chosen = choose_size(sizes, grid=GRID, rest=REST)
        if config["backbone"]["weights"] == AUTO:
            backbone = config["backbone"]
            chosen |= choose_start(
                config, find_published(backbone, PRESETS[config["task"]["preset"]].inputs), how_to_get(backbone)
            )
        return chosen

    def build(self, config: Config, data: FrameData) -> Segmenter:
        """Build the segmenter of a new run."""
        check_sizes(config)
        segmenter = segmenter_from_config(config, len(data.classes))
        load_first_weights(
            config,
            partial(
                load_backbone_weights,
                segmenter.backbone,
                wanted=segmenter.preset.inputs,
                images=lambda: _few(config, data) * segmenter.scale + segmenter.offset,
            ),
            partial(init_segmenter, segmenter, classes=class_table(data)),
        )
        restore_statistics(segmenter, lambda: _few(config, data))
        return segmenter

    def input_size(self, config: Config, data: FrameData) -> tuple[int, int]:
        """Return the size of the network's input, or of the first frame."""
        return first_size(config, data)

    def loaders(
        self, config: Config, network: Segmenter, train_data: FrameData, val_data: FrameData, rank: int, world: int
    ) -> tuple[Loader, Loader]:
        """Return loaders of random crops of one size, and of whole frames."""
        recipe, crop = config["recipe"], crop_size(config, train_data)
        if rank == 0 and network.preset.padding == "same" and (warning := unlike(crop, first_size(config, val_data))):
            log.warning(warning)
        common: dict[str, Any] = {
            "workers": config["data"]["workers"],
            "on_error": config["data"]["on_error"],
            "rank": rank,
            "world": world,
            "log": log.info,
        }
        training = train_loader(
            train_data,
            crop=crop,
            augmentation=recipe["augment"],
            seed=config["seed"],
            batch_size=share_of_batch(recipe["batch_size"], world),
            input_size=input_size(config),
            **common,
        )
        return training, val_loader(val_data, batch_size=recipe["batch_size"], **common)

    def module(
        self, config: Config, network: Segmenter, plan: Plan, train_data: FrameData, val_data: FrameData
    ) -> SegmentationModule:
        """Return the module, scored by mean IoU."""
        weights = class_weights(config["recipe"]["class_weights"], train_data, log.info, config["data"]["on_error"])
        return SegmentationModule(network, config, plan, val_data, weights)

    def names(self, batch: Batch, train_data: FrameData) -> list[str]:
        """Return the names of the frames."""
        return [train_data.frames[index].name for index in batch.indices.tolist()]

    def draw_batch(self, batch: Batch, train_data: FrameData, path: Path) -> None:
        """Draw crops beside their label maps, and a legend."""
        colours = [entry.colour for entry in train_data.classes]
        panels = []
        for image, labels in zip(batch.images[:DRAWN], batch.labels[:DRAWN], strict=True):
            plain = overlay(image, torch.full_like(labels, len(colours)), colours, longest=SIDE)
            panels.append(torch.cat([plain, overlay(image, labels, colours, longest=SIDE)], 2))
        sheet = mosaic(panels, columns=3)
        names = [entry.name for entry in train_data.classes]
        save_image(torch.cat([sheet, legend(names, colours, sheet.shape[2])], 1), path)

    def panels(self, val_data: FrameData, results: Maps, scores: Scores) -> dict[str, Any]:
        """Return the same frames every time, with predicted and true label maps."""
        return {"val/samples": sample_panels(val_data, results)}

    def score_file(
        self, checkpoint: Path, loader: Loader, val_data: FrameData, device: torch.device, config: Config
    ) -> tuple[Maps, Scores]:
        """Return label maps of some frames, and the scores of all."""
        segmenter = load_segmenter(checkpoint).segmenter.to(device).eval()
        scorer, rows, inputs = Scorer(val_data, device), config["recipe"]["batch_size"], input_size(config)
        for batch in loader:
            batch = batch._replace(images=batch.images.to(device), labels=batch.labels.to(device))
            scorer.add(batch.indices, predict_batch(segmenter, batch, rows, inputs), batch.labels)
        return scorer.results(), scorer.scores()

    def report(self, folder: Path, val_data: FrameData, results: Maps, scores: Scores, more: Mapping[str, Any]) -> str:
        """Write the report and return the score table, see `lraspp.evaluate.report`."""
        write_report(folder, val_data, results, scores, more=more)
        return score_table(scores)

    def score_tables(self, scores: Scores) -> dict[str, Any]:
        """Return the IoU of each class and category, and the confusion matrix."""
        return score_tables(scores)

    def rehearse_prediction(self, network: Segmenter, batch: Batch) -> str:
        """Label a batch of crops; describe the result."""
        return f"label maps {tuple(predict_batch(network, batch).shape)}"


def _few(config: Config, data: FrameData) -> Tensor:
    """Read a few frames in the network's input size, [n, 3, h, w] float32 0..255."""
    return few_images([frame.image for frame in data.frames], first_size(config, data))
