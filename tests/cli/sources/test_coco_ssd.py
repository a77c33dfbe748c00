"""mnv3 eval of the authors' SSDLite MobileNetV2 of 2018: AP is that of TensorFlow.js' outputs with it."""

import io
import json
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path

import numpy as np
import pytest
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from tests.ssdlite.weights.tfjs_outputs import read_outputs, suppressed


@pytest.fixture
def ten(test_data: Path, tmp_path: Path) -> Path:
    """COCO's folders with the ten images as val2017."""
    outputs, sample = read_outputs(test_data), test_data / "coco_sample"
    content = json.loads((sample / "annotations" / "instances_val2017.json").read_text())
    content["images"] = [image for image in content["images"] if Path(image["file_name"]).stem in outputs]
    ids = {image["id"] for image in content["images"]}
    assert len(ids) == 10
    content["annotations"] = [entry for entry in content["annotations"] if entry["image_id"] in ids]
    for folder in ("annotations", "val2017"):
        (tmp_path / "coco" / folder).mkdir(parents=True)
    (tmp_path / "coco" / "annotations" / "instances_val2017.json").write_text(json.dumps(content))
    for image in content["images"]:
        (tmp_path / "coco" / "val2017" / image["file_name"]).symlink_to(sample / "val2017" / image["file_name"])
    return tmp_path


def test_ap_is_that_of_tensorflow_js(test_data: Path, ten: Path, call: Callable[..., int]) -> None:
    common = ("eval.accelerator=cpu", "data.workers=0", "wandb.mode=disabled", "eval.samples=0")
    outputs, source = read_outputs(test_data), test_data / "elsewhere" / "coco_ssd"
    assert call("eval", f"weights={source}", "dataset=coco", f"data.root={ten}", *common) == 0
    (report,) = (ten / "runs" / "eval").iterdir()
    ours = json.loads((report / "predictions" / "detections.json").read_text())
    truth = ten / "coco" / "annotations" / "instances_val2017.json"
    theirs = []
    for image in json.loads(truth.read_text())["images"]:
        sides = np.array([image["height"], image["width"]] * 2)
        for slot, score, box in suppressed(*outputs[Path(image["file_name"]).stem]):
            y1, x1, y2, x2 = (np.clip(box, 0, 1) * sides).tolist()
            theirs.append(
                {"image_id": image["id"], "category_id": slot, "score": score, "bbox": [x1, y1, x2 - x1, y2 - y1]}
            )
    want = average_precision(truth, theirs)
    assert want > 0.2
    assert average_precision(truth, ours) == pytest.approx(want, abs=1e-3)
    metrics = json.loads((report / "metrics.json").read_text())
    assert metrics["AP"] == pytest.approx(want, abs=1e-3)


def average_precision(truth: Path, detections: list[dict]) -> float:
    with redirect_stdout(io.StringIO()):
        coco = COCO(str(truth))
        evaluation = COCOeval(coco, coco.loadRes(detections), "bbox")  # type: ignore[arg-type]
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    return float(evaluation.stats[0])
