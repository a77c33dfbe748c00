"""Detection: the entry point to this package, see `tools.task`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from mnv3.tools.task import Task

if TYPE_CHECKING:
    from pathlib import Path

    from mnv3.ssdlite.data.coco.annotations import CocoData
    from mnv3.ssdlite.export.predictor import OnnxDetector
    from mnv3.ssdlite.predict import DetectorPredictor
    from mnv3.tools.data.reader import Reader
    from mnv3.tools.export.file import Exported
    from mnv3.tools.paper.cost import RowCost
    from mnv3.tools.runs.find import Source
    from mnv3.tools.task import Bench, Exporting, Scoring, Training, Use


class Ssdlite(Task):
    """SSDLite on data in COCO's format."""

    name, title, kind = "ssdlite", "SSDLite", "boxes"
    purpose, caches = "detection", False
    figures = ("AP", "AP50", "AP75", "APs", "APm", "APl")
    headline = ("AP", "AP50")
    tables = (6,)
    table_rule = (
        "Params, as the paper counts: weights and biases of convolutions; trainable: batch norm's too. "
        "MAdds: of convolutions."
    )
    compare_rule = "Parameters and multiply-adds as in the paper's Table 6: convolutions, with 91 class slots."
    keys_without_effect = ("predict.labels", "eval.official", "eval.flip", "eval.scales")
    keys_not_scored = ("class_slots", "max_boxes", "train", "train_json", "train_images")

    def open_dataset(self, dataset: Any, data: Any, split: str, log: Callable[[str], None]) -> CocoData:
        from mnv3.ssdlite.data.sets import open_dataset

        return open_dataset(dataset, data, split, log)

    def readers(self) -> Mapping[str, Reader]:
        from mnv3.ssdlite.data.sets import READERS

        return READERS

    def check_dataset(
        self, dataset: Any, data: Any, split: str | None, out: Path, size: tuple[int, int] | None
    ) -> list[str]:
        from mnv3.ssdlite.data.check import check

        return check(dataset, data, split, out, size)

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
        from mnv3.ssdlite.evaluate.doubts import doubt_labels

        doubt_labels(source, dataset, data, split, out, device, log)

    def convert_dataset(
        self, dataset: Any, data: Any, split: str | None, out: Path, log: Callable[[str], None]
    ) -> tuple[str, str]:
        from mnv3.ssdlite.data.to_coco import convert

        return convert(dataset, data, split, out, log), "boxes"

    def cache_dataset(self, dataset: Any, data: Any, split: str | None, remove: bool) -> list[str]:
        assert self.caches, "a detector sees whole images"
        return []

    def row_cost(self, config: Mapping[str, Any], slots: int) -> RowCost:
        from mnv3.ssdlite.cost import row_cost

        return row_cost(config, slots)

    def latency(self, config: Mapping[str, Any]) -> dict[str, Callable[[], object]]:
        from mnv3.ssdlite.latency import functions

        return functions(config)

    def open_checkpoint(self, source: Source, asked: Mapping[str, Any], use: Use) -> DetectorPredictor:
        from mnv3.ssdlite.predict import open_checkpoint

        return open_checkpoint(source, asked, *use)

    def open_weights(self, source: str, asked: Mapping[str, Any], use: Use) -> DetectorPredictor:
        from mnv3.ssdlite.predict import open_weights

        return open_weights(source, asked, *use)

    def open_exported(self, exported: Exported, threads: int | None = None) -> OnnxDetector:
        from mnv3.ssdlite.export.predictor import OnnxDetector

        return OnnxDetector(exported, threads)

    def training(self) -> Training:
        from mnv3.ssdlite.training import Detection

        return Detection()

    def scoring(self) -> Scoring:
        from mnv3.ssdlite.evaluate import score

        return score

    def exporting(self) -> Exporting:
        from mnv3.ssdlite.export import hooks

        return hooks

    def bench(self) -> Bench:
        from mnv3.ssdlite.bench import run

        return run


TASK = Ssdlite()
