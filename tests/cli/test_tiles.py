"""mnv3 predict and mnv3 eval with tiles: the same detections, and other ones than without."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pycocotools.coco import COCO

from mnv3.tools.runs.scores import _unlike
from tests.cli.test_eval import boxes  # noqa: F401
from tests.cli.test_eval import run_folder as thin_detector  # noqa: F401
from tests.cli.test_eval_segmentation import run_folder as segmenter_run  # noqa: F401
from tests.cli.test_predict import detector_run  # noqa: F401

Call = Callable[..., int]


def rows_of(path: Path) -> list[dict]:
    content = json.loads(path.read_text())
    return content["annotations"] if isinstance(content, dict) else content


def test_tiles_of_predict_are_those_of_eval(
    detector_run: Path,  # noqa: F811
    call: Call,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Pictures of 300 pixels, a network of 96: three tiles a side."""
    assert call("eval", "run=thin", "eval.accelerator=cpu", "eval.tiles=auto", "eval.out=scored") == 0
    grid = "300 x 300 px: 3 x 3 tiles"
    assert grid in capsys.readouterr().out
    common = ["predict.threshold=0", "predict.draw=false"]
    assert call("predict", "boxes", *common, "predict.tiles=auto", "predict.out=tiled") == 0
    assert grid in capsys.readouterr().out
    assert call("predict", "boxes", *common, "predict.out=plain") == 0
    assert "tiles" not in capsys.readouterr().out
    truth = COCO(str(next((tmp_path / "boxes").glob("*.json"))))
    scored = rows_of(Path("scored/predictions/detections.json"))
    found = json.loads(Path("tiled/detections.json").read_text())
    assert found["info"]["tiles"] == "auto"
    ids = {image["file_name"]: image["id"] for image in truth.dataset["images"]}
    for image in found["images"]:
        one = [row for row in scored if row["image_id"] == ids[Path(image["file_name"]).name]]
        two = [row for row in found["annotations"] if row["image_id"] == image["id"]]
        assert len(one) == len(two) > 20
        assert [row["category_id"] for row in one] == [row["category_id"] for row in two]
        for key, tolerance in (("bbox", 0.011), ("score", 1e-4)):
            np.testing.assert_allclose([row[key] for row in one], [row[key] for row in two], atol=tolerance, rtol=0)
    assert found["annotations"] != rows_of(Path("plain/detections.json"))
    metrics = json.loads(Path("scored/metrics.json").read_text())
    assert metrics["tiles"] == "auto"
    assert [*_unlike(metrics, {"dataset": {"name": "own"}, "task": {"input_size": [96, 96]}})] == ["tiles auto"]


def test_small_pictures_and_a_number_of_tiles(
    detector_run: Path,  # noqa: F811
    call: Call,
    capsys: pytest.CaptureFixture[str],
) -> None:
    Image.fromarray(np.full((90, 140, 3), 99, np.uint8)).save("small.png")
    for name, more in (("a", ["predict.tiles=auto"]), ("b", []), ("c", ["predict.tiles=2"])):
        common = ["predict.threshold=0", f"predict.out={name}"]
        assert call("predict", "small.png", *common, *more) == 0
    assert "140 x 90 px: no tiles" in (printed := capsys.readouterr().out) and "2 x 2 tiles" in printed
    found = {name: json.loads(Path(name, "detections.json").read_text())["annotations"] for name in "abc"}
    assert found["a"] == found["b"] != found["c"]


@pytest.mark.parametrize("tiles", ["off", "1", "big", "0.5"])
def test_mistakes(tiles: str, detector_run: Path, call: Call, capsys: pytest.CaptureFixture[str]) -> None:  # noqa: F811
    assert call("predict", "boxes", f"predict.tiles={tiles}") == 2
    assert "predict.tiles" in capsys.readouterr().err
    assert call("eval", "run=thin", f"eval.tiles={tiles}") == 2
    assert "eval.tiles" in capsys.readouterr().err


def test_boxes_only(segmenter_run: Path, call: Call, capsys: pytest.CaptureFixture[str]) -> None:  # noqa: F811
    assert call("eval", "task=lraspp", "eval.tiles=auto") == 2
    assert "eval.tiles=auto" in (words := capsys.readouterr().err) and "task=ssdlite" in words
    Image.fromarray(np.full((90, 140, 3), 99, np.uint8)).save("small.png")
    assert call("predict", "small.png", "predict.tiles=2") == 2
    assert "predict.tiles=2" in (words := capsys.readouterr().err) and "boxes" in words
    assert not Path("runs/predict").exists()
