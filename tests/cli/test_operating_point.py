"""The threshold stored with a detector: the default of predict, of eval's pictures and of Python; a typed one wins."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mnv3
from mnv3.tools.export.file import read_exported
from mnv3.tools.predict.operating_point import OperatingPoint, Point
from mnv3.tools.weights.checkpoint import read_checkpoint, write_checkpoint
from tests.cli.test_predict import boxes, detector_run, thin_detector  # noqa: F401

Call = Callable[..., int]
BEST = Path("runs/ssdlite/thin/checkpoints/best.ckpt")


def store(threshold: float) -> None:
    checkpoint = read_checkpoint(BEST)
    point = OperatingPoint(Point(threshold, 0.5, 0.5, 0.5), {"kind 1": Point(threshold, 0.5, 0.5, 0.5)})
    checkpoint["hyper_parameters"]["operating_point"] = point.plain()
    write_checkpoint(checkpoint, BEST)


def found(folder: str) -> dict[str, Any]:
    return json.loads(Path(folder, "detections.json").read_text())


@pytest.fixture
def spoken(detector_run: Path, capsys: pytest.CaptureFixture[str]) -> Callable[[], str]:  # noqa: F811
    return lambda: "".join(capsys.readouterr())


def test_predict_takes_the_stored_threshold_and_reports_it(call: Call, spoken: Callable[[], str]) -> None:
    quiet = ["predict.draw=false"]
    assert call("predict", "boxes", *quiet, "predict.out=old") == 0
    assert found("old")["info"]["threshold"] == 0.3 and "Threshold" not in spoken()
    assert call("predict", "boxes", *quiet, "predict.threshold=0", "predict.out=all") == 0
    scores = np.array([row["score"] for row in found("all")["annotations"]])
    store(float(np.quantile(scores, 0.9).round(4)))
    threshold = read_checkpoint(BEST)["hyper_parameters"]["operating_point"]["threshold"]
    spoken()
    assert call("predict", "boxes", *quiet, "predict.out=own") == 0
    assert f"Threshold {threshold:g}" in spoken()
    assert found("own")["info"]["threshold"] == threshold
    kept = sorted(row["score"] for row in found("own")["annotations"])
    assert kept == pytest.approx(sorted(scores[scores >= threshold]), abs=1e-5)
    assert call("predict", "boxes", *quiet, "predict.threshold=0.3", "predict.out=typed") == 0
    assert "Threshold" not in spoken() and found("typed")["annotations"] == found("old")["annotations"]
    model = mnv3.load("thin", accelerator="cpu")
    assert model.threshold == threshold
    assert sum(len(one) for one in model.predict("boxes")) == len(kept)


def test_nothing_found_names_the_highest_score(call: Call, spoken: Callable[[], str]) -> None:
    store(0.9999)
    assert call("predict", "boxes", "predict.out=none", "predict.draw=false") == 0
    said = spoken()
    assert call("predict", "boxes", "predict.threshold=0", "predict.out=all", "predict.draw=false") == 0
    highest = max(row["score"] for row in found("all")["annotations"])
    assert not found("none")["annotations"]
    assert said.count("nothing above 0.9999; the highest score is ") == 6  # each of five pictures, and all
    assert f"In all 5 pictures nothing above 0.9999; the highest score is {highest:.2g}" in said


def test_an_exported_file_carries_it(call: Call, spoken: Callable[[], str]) -> None:
    store(0.47)
    assert call("export", "run=thin", "out=small.onnx") == 0
    description = read_exported("small.onnx").description
    assert description.operating_point and description.operating_point["threshold"] == 0.47
    assert description.operating_point["per_class"]["kind 1"]["F1"] == 0.5
    spoken()
    assert call("predict", "boxes", "model=small.onnx", "predict.out=found") == 0
    assert "Threshold 0.47" in spoken() and found("found")["info"]["threshold"] == 0.47
    assert mnv3.load("small.onnx").threshold == 0.47


def test_eval_draws_with_it_and_reports_the_best_of_its_own_data(call: Call, spoken: Callable[[], str]) -> None:
    store(0.47)
    common = ["eval", "run=thin", "eval.accelerator=cpu", "eval.samples=1"]
    assert call(*common, "eval.out=own") == 0
    assert "Threshold 0.47" in spoken()
    assert "score_threshold: 0.47" in Path("own/config.yaml").read_text()
    assert call(*common, "eval.out=typed", "eval.score_threshold=0.3") == 0
    assert "Threshold" not in spoken()
    reports = [json.loads(Path(folder, "metrics.json").read_text()) for folder in ("own", "typed")]
    assert reports[0]["operating_point"] == reports[1]["operating_point"]
    assert set(reports[0]["operating_point"] or ()) in (set(), {"threshold", "precision", "recall", "F1"})


def test_an_altered_threshold_is_refused(call: Call, spoken: Callable[[], str]) -> None:
    checkpoint = read_checkpoint(BEST)
    checkpoint["hyper_parameters"]["operating_point"] = {"threshold": "low"}
    write_checkpoint(checkpoint, BEST)
    assert call("predict", "boxes", "predict.out=found") == 2
    assert "best.ckpt" in spoken()


def test_more_boxes_than_100_are_scored_if_asked(call: Call, spoken: Callable[[], str]) -> None:
    common = ["eval", "run=thin", "eval.accelerator=cpu", "eval.samples=1"]
    assert call(*common, "eval.out=few") == 0
    spoken()
    assert call(*common, "eval.out=many", "eval.max_detections=250") == 0
    assert "250" in spoken()
    few, many = (json.loads(Path(folder, "metrics.json").read_text()) for folder in ("few", "many"))
    assert few["detections"] == 500 < many["detections"] <= 1250
    assert many["max_detections"] == 250 and "max_detections" not in few
    assert {"AR100", "AR250"} & set(few) == {"AR100"} and {"AR100", "AR250"} & set(many) == {"AR250"}
    assert many["AR250"] >= few["AR100"] and 0 <= many["AP"] <= 1
    assert call(*common, "eval.max_detections=50") == 2
    assert "eval.max_detections" in spoken()
