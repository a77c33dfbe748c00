"""The report: every file is there and says what the scores say."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from mnv3.lraspp.data.frames import IGNORE, FrameData
from mnv3.lraspp.evaluate.panels import sample_panels, score_tables
from mnv3.lraspp.evaluate.report import metrics, score_table, write_report
from mnv3.lraspp.evaluate.samples import SIDE, draw_samples
from mnv3.lraspp.evaluate.scorer import Maps, Scorer, pick_samples
from mnv3.lraspp.evaluate.scores import Scores
from tests.lraspp.evaluate.made_up import cityscapes_data


@pytest.fixture
def scored(data: FrameData) -> tuple[Maps, Scores]:
    rng = np.random.default_rng(0)
    scorer = Scorer(data, kept=pick_samples(data, 3))
    for index, frame in enumerate(data.frames):
        truth = torch.from_numpy(data.table[np.array(Image.open(str(frame.label)))])[None]
        truth[truth == 5] = IGNORE  # no pole anywhere
        noise = torch.from_numpy(rng.integers(6, 19, truth.shape, dtype=np.uint8))
        found = torch.where(torch.from_numpy(rng.random(truth.shape) < 0.3) | (truth == IGNORE), noise, truth)
        scorer.add(torch.tensor([index]), found, truth)
    return scorer.results(), scorer.scores()


def test_files_and_figures(tmp_path: Path, data: FrameData, scored: tuple[Maps, Scores]) -> None:
    maps, scores = scored
    write_report(tmp_path, data, maps, scores, more={"epoch": 7})
    files = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()}
    plots = {"plots/confusion.png", "plots/per_class_iou.png"}
    assert files == {"metrics.json", "samples/val.jpg", "samples/val.json"} | plots
    figures = json.loads((tmp_path / "metrics.json").read_text())
    assert list(figures) == [*scores.stats, "per_class", "per_category", "frames", "epoch"]
    assert figures["mIoU"] == scores.stats["mIoU"] > 0.3
    assert figures["per_class"]["pole"] == {"IoU": None, "pixels": 0}
    assert figures["per_class"]["car"] == {"IoU": scores.per_class["car"], "pixels": scores.pixels["car"]}
    assert figures["per_category"]["sky"] == scores.per_category["sky"] and figures["frames"] == 7


def test_console_table_has_the_figures(scored: tuple[Maps, Scores]) -> None:
    scores = scored[1]
    lines = score_table(scores).splitlines()
    assert [name in lines[0] for name in ("mIoU", "category mIoU", "pixel accuracy")] == [True] * 3
    assert lines[2].split() == [f"{value:.3f}" for value in scores.stats.values()]
    cells = [line.split() for line in lines]
    assert ["pole", "0.0%", "-"] in [row[:3] for row in cells]
    car = next(row for row in cells if row[0] == "car")
    assert car[2] == f"{scores.per_class['car']:.3f}"
    assert any(row[-2:] == ["human", f"{scores.per_category['human']:.3f}"] for row in cells)


def test_metrics_of_nothing_are_null(data: FrameData) -> None:
    scores = Scorer(data).scores()
    assert math.isnan(scores.stats["mIoU"])
    figures = metrics(data, scores)
    assert figures["mIoU"] is None and figures["pixel_accuracy"] is None
    assert "-" in score_table(scores).splitlines()[2]


def test_samples_are_the_same_ones(data: FrameData, scored: tuple[Maps, Scores]) -> None:
    assert pick_samples(data, 3) == list(scored[0]) == [0, 3, 6]
    assert pick_samples(data, 100) == list(range(7)) and pick_samples(data, 0) == []


def test_pictures_are_image_prediction_truth_and_leave_out_what_cannot_be_read(
    tmp_path: Path, scored: tuple[Maps, Scores]
) -> None:
    own = cityscapes_data(tmp_path, frames=7)
    maps = scored[0]
    whole = draw_samples(own, maps)
    assert whole is not None and whole.picture.shape[2] >= 3 * SIDE
    own.frames[3].image.unlink()
    fewer = draw_samples(own, maps)
    assert fewer is not None and fewer.picture.shape[1] < whole.picture.shape[1]
    assert fewer.picture.shape[2] == whole.picture.shape[2]
    assert draw_samples(own, {3: maps[3]}) is None
    unlabelled = draw_samples(cityscapes_data(tmp_path, "test"), {0: maps[0]})
    assert unlabelled is not None and unlabelled.picture.shape[2] < 3 * SIDE


def test_a_prediction_has_the_colours_of_its_classes(data: FrameData) -> None:
    sky = next(index for index, entry in enumerate(data.classes) if entry.name == "sky")
    sheet = draw_samples(data, {0: torch.full((48, 96), sky, dtype=torch.uint8)})
    assert sheet is not None
    place = next(part for part in sheet.panels if part.part == "prediction")
    panel = sheet.picture[:, place.top : place.bottom, place.left : place.right].float().mean(dim=(1, 2))
    assert panel[2] > panel[1] > panel[0]  # Cityscapes' sky is blue


def test_panels_and_tables_of_w_and_b(data: FrameData, scored: tuple[Maps, Scores]) -> None:
    maps, scores = scored
    panels = sample_panels(data, maps)
    assert len(panels) == 3 and set(panels[0]._masks) == {"predictions", "truth"}
    tables = score_tables(scores)
    assert set(tables) == {"val/per_class", "val/confusion", "val/per_category"}
    assert len(tables["val/per_class"].data) == 19 and len(tables["val/confusion"].data) == 20
