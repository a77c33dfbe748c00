"""Segmentation: the entry point to this package, see `tools.task`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from mnv3.tools.task import Task

if TYPE_CHECKING:
    from pathlib import Path

    from mnv3.lraspp.data.frames import FrameData
    from mnv3.lraspp.export.predictor import OnnxSegmenter
    from mnv3.lraspp.predict import SegmenterPredictor
    from mnv3.tools.data.reader import Reader
    from mnv3.tools.export.file import Exported
    from mnv3.tools.paper.cost import RowCost
    from mnv3.tools.runs.find import Source
    from mnv3.tools.task import Bench, Exporting, Scoring, Training, Use


class Lraspp(Task):
    """(Lite) R-ASPP on frames with label maps."""

    name, title, kind = "lraspp", "LR-ASPP", "labels"
    purpose, caches = "segmentation", True
    figures = ("mIoU", "category_mIoU", "pixel_accuracy", "official.miIoU")
    headline = ("mIoU", "pixel_accuracy")
    tables = (7, 8)
    table_rule = (
        "Params: all that is trained. MAdds, as the paper counts: at 1025 x 2049, with element-wise operations; "
        "plain: of convolutions alone, at 1024 x 2048."
    )
    compare_rule = "Parameters and multiply-adds as in the paper's Table 7: of a frame of 1024 x 2048, with 19 classes."
    keys_without_effect = (
        "predict.threshold",
        "predict.json",
        "dataset.class_slots",
        "dataset.max_boxes",
        "eval.score_threshold",
        "eval.max_detections",
        "bench.images",
    )
    keys_not_scored = ("class_slots", "max_boxes", "train", "train_images", "train_labels")

    def open_dataset(self, dataset: Any, data: Any, split: str, log: Callable[[str], None]) -> FrameData:
        from mnv3.lraspp.data.sets import open_dataset

        return open_dataset(dataset, data, split, log)

    def readers(self) -> Mapping[str, Reader]:
        from mnv3.lraspp.data.sets import READERS

        return READERS

    def check_dataset(
        self, dataset: Any, data: Any, split: str | None, out: Path, size: tuple[int, int] | None
    ) -> list[str]:
        from mnv3.lraspp.data.check import check

        return check(dataset, data, split, out)

    def doubt_labels(
        self,
        source: Source,
        dataset: Any,
        data: Any,
        split: str | None,
        out: Path,
        device: str,
        log: Callable[[str], None],
    ) -> None:
        from mnv3.lraspp.evaluate.doubts import doubt_labels

        doubt_labels(source, dataset, data, split, out, device, log)

    def convert_dataset(
        self, dataset: Any, data: Any, split: str | None, out: Path, log: Callable[[str], None]
    ) -> tuple[str, str]:
        from mnv3.lraspp.data.formats.to_png import convert

        return convert(dataset, data, split, out, log), "masks"

    def cache_dataset(self, dataset: Any, data: Any, split: str | None, remove: bool) -> list[str]:
        from mnv3.lraspp.data.sets import cache_copies

        return cache_copies(dataset, data, split, remove)

    def row_cost(self, config: Mapping[str, Any], slots: int) -> RowCost:
        from mnv3.lraspp.cost import row_cost

        return row_cost(config)

    def latency(self, config: Mapping[str, Any]) -> dict[str, Callable[[], object]]:
        from mnv3.lraspp.latency import functions

        return functions(config)

    def open_checkpoint(self, source: Source, asked: Mapping[str, Any], use: Use) -> SegmenterPredictor:
        from mnv3.lraspp.predict import open_checkpoint

        return open_checkpoint(source, asked, use.device, use.input_size)

    def open_weights(self, source: str, asked: Mapping[str, Any], use: Use) -> SegmenterPredictor:
        from mnv3.lraspp.predict import open_weights

        return open_weights(source, asked, use.device, use.input_size)

    def open_exported(self, exported: Exported, threads: int | None = None) -> OnnxSegmenter:
        from mnv3.lraspp.export.predictor import OnnxSegmenter

        return OnnxSegmenter(exported, threads)

    def training(self) -> Training:
        from mnv3.lraspp.training import Segmentation

        return Segmentation()

    def scoring(self) -> Scoring:
        from mnv3.lraspp.evaluate import score

        return score

    def exporting(self) -> Exporting:
        from mnv3.lraspp.export import hooks

        return hooks

    def bench(self) -> Bench:
        from mnv3.lraspp.bench import run

        return run


TASK = Lraspp()
