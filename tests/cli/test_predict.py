"""mnv3 predict, from the command line to the files, without a training before it."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from PIL import Image
from pycocotools.coco import COCO

from mnv3.tools.files.ledger import NAME
from mnv3.tools.weights.checkpoint import read_checkpoint, write_checkpoint
from tests.cli.test_eval import boxes  # noqa: F401
from tests.cli.test_eval import run_folder as thin_detector  # noqa: F401
from tests.cli.test_eval_segmentation import run_folder as segmenter_run  # noqa: F401

Call = Callable[..., int]
IDS = {slot: 10 * slot for slot in range(1, 5)}


@pytest.fixture
def detector_run(thin_detector: Path) -> Path:  # noqa: F811
    """Its scores spread over 0..1, and categories by ids that are not their slots."""
    file = thin_detector / "checkpoints" / "best.ckpt"
    checkpoint = read_checkpoint(file)
    torch.manual_seed(0)
    for name, value in checkpoint["state_dict"].items():
        if value.ndim == 4:
            torch.nn.init.kaiming_normal_(value)
        elif ".classes." in name and name.endswith("predict.bias"):
            value.zero_()
    checkpoint["hyper_parameters"]["ids"] = IDS
    write_checkpoint(checkpoint, file)
    return thin_detector


def detections(path: str) -> dict:
    return json.loads(Path(path, "detections.json").read_text())


def test_detections_are_those_of_eval(detector_run: Path, call: Call, tmp_path: Path) -> None:
    assert call("eval", "run=thin", "eval.accelerator=cpu", "eval.out=scored") == 0
    assert call("predict", "boxes", "predict.threshold=0", "predict.out=found", "predict.draw=false") == 0
    truth = COCO(str(next((tmp_path / "boxes").glob("*.json"))))
    wanted = json.loads(Path("scored/predictions/detections.json").read_text())
    found = detections("found")
    assert sorted(path.name for path in Path("found").iterdir()) == [NAME, "detections.json"]
    names = {image["id"]: Path(image["file_name"]).name for image in found["images"]}
    compared = 0
    for image in truth.dataset["images"]:
        one = [row for row in wanted if row["image_id"] == image["id"]]
        two = [row for row in found["annotations"] if names[row["image_id"]] == image["file_name"]]
        assert [row["category_id"] for row in one] == [row["category_id"] for row in two]
        for key, tolerance in (("bbox", 0.011), ("score", 1e-4)):
            np.testing.assert_allclose([row[key] for row in one], [row[key] for row in two], atol=tolerance, rtol=0)
        compared += len(one)
    assert compared > 100
    assert {(row["id"], row["name"]) for row in found["categories"]} == {(10 * k + 10, f"kind {k}") for k in range(4)}


def test_threshold_and_classes_only_leave_out(detector_run: Path, call: Call, tmp_path: Path) -> None:
    assert call("predict", "boxes", "predict.threshold=0", "predict.out=all", "predict.draw=false") == 0
    some = ["predict.threshold=0.6", "predict.classes=[kind 1,Kind 3]", "predict.batch_size=1"]
    assert call("predict", "boxes", *some, "predict.out=some") == 0
    everything, found = detections("all")["annotations"], detections("some")["annotations"]
    kept = [row for row in everything if row["score"] >= 0.6 and row["category_id"] in (20, 40)]
    assert 0 < len(kept) < len(everything)
    assert [(row["image_id"], row["category_id"]) for row in kept] == [
        (row["image_id"], row["category_id"]) for row in found
    ]
    np.testing.assert_allclose([row["bbox"] for row in kept], [row["bbox"] for row in found], atol=0.011)
    drawn = sorted(Path("some").glob("*.jpg"))
    assert [path.stem for path in drawn] == sorted(path.stem for path in (tmp_path / "boxes").glob("*.jpg"))
    assert Image.open(drawn[0]).size == (300, 300)


def test_label_files_are_those_of_eval(segmenter_run: Path, call: Call) -> None:  # noqa: F811
    common = ["task=lraspp", "eval.accelerator=cpu", "data.workers=0", "wandb.mode=disabled", "eval.official=true"]
    assert call("eval", *common) == 0
    assert call("predict", "data/cityscapes/leftImg8bit/val/**/*.png", "predict.out=found") == 0
    written = sorted((segmenter_run / "eval" / "cityscapes-val" / "predictions").glob("*.png"))
    assert len(written) == 5
    values = set()
    for file in written:
        frame = file.name.removesuffix("_pred_labelIds.png")
        (found,) = Path("found/labels").rglob(f"{frame}_leftImg8bit.png")
        one, two = np.array(Image.open(file)), np.array(Image.open(found))
        assert (one != two).mean() < 1e-3  # logits equal to the last bit decide otherwise in folded networks
        values |= {*np.unique(two).tolist()}
        assert next(Path("found").glob(f"*/{frame}_leftImg8bit.jpg")).is_file()
    assert len(values) > 3


def test_the_newest_run_of_either_task(
    segmenter_run: Path,  # noqa: F811
    detector_run: Path,
    call: Call,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert call("predict", "boxes", "predict.out=a") == 0
    said = capsys.readouterr().out
    assert "thin/checkpoints/best.ckpt: SSDLite, 4 classes. It is the newest run" in said
    assert "5 pictures in" in said and "results in a" in said
    assert call("predict", "boxes", "task=lraspp", "predict.out=b", "predict.threshold=0.5") == 0
    said = capsys.readouterr().out
    assert "LR-ASPP, 19 classes" in said and "predict.threshold has no effect" in said
    assert len(list(Path("b/labels").glob("*.png"))) == 5


def test_one_image_into_a_folder_of_its_own_name(
    detector_run: Path, call: Call, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    photo = next((tmp_path / "boxes").glob("*.jpg"))
    for folder in (photo.stem, f"{photo.stem}-2"):
        assert call("predict", str(photo), "predict.threshold=0.5") == 0
        assert {path.name for path in Path("runs/predict", folder).iterdir()} == {photo.name, "detections.json"}
    assert f"{photo}: " in capsys.readouterr().out


def test_nothing_is_written_over_that_predict_did_not_make(
    detector_run: Path, call: Call, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Photographs were drawn over where predict.out= was their folder."""
    photos = sorted((tmp_path / "boxes").glob("*.jpg"))
    before = [photo.read_bytes() for photo in photos]
    assert call("predict", "boxes", "predict.out=boxes", "predict.threshold=0.5") == 2
    assert "predict.out=boxes" in capsys.readouterr().err
    assert [photo.read_bytes() for photo in photos] == before
    for _ in range(2):  # what it made itself it makes again
        assert call("predict", "boxes", "predict.out=found", "predict.threshold=0.5") == 0
    Path("found", photos[0].name).write_bytes(before[0])
    assert call("predict", "boxes", "predict.out=found", "predict.threshold=0.5") == 2
    assert Path("found", photos[0].name).read_bytes() == before[0]
    (tmp_path / "mine").mkdir()
    Path("mine/detections.json").write_text("annotations")
    assert call("predict", "boxes", "predict.out=mine") == 2
    assert [path.name for path in Path("mine").iterdir()] == ["detections.json"]


def test_true_masks_and_other_frames_stay(segmenter_run: Path, call: Call) -> None:  # noqa: F811
    frames = sorted(Path("data/cityscapes/leftImg8bit/val").rglob("*.png"))
    masks = Path("masks/labels", f"{frames[0].stem}.png")
    masks.parent.mkdir(parents=True)
    masks.write_bytes(b"true")
    assert call("predict", str(frames[0]), "predict.out=masks") == 2
    assert masks.read_bytes() == b"true" and not list(Path("masks").glob("*.jpg"))
    writer = cv2.VideoWriter("clip.avi", cv2.VideoWriter.fourcc(*"MJPG"), 5, (160, 120))
    for _ in range(3):
        writer.write(np.zeros((120, 160, 3), np.uint8))
    writer.release()
    other = Path("masks/labels/clip/000001.png")
    other.parent.mkdir()
    other.write_bytes(b"true")
    assert call("predict", "clip.avi", "predict.out=masks", "predict.labels=true") == 2
    assert other.read_bytes() == b"true" and len(list(other.parent.iterdir())) == 1


def test_a_video_becomes_a_video(detector_run: Path, call: Call) -> None:
    writer = cv2.VideoWriter("clip.avi", cv2.VideoWriter.fourcc(*"MJPG"), 5, (160, 120))
    for value in range(7):
        writer.write(np.full((120, 160, 3), 30 * value, np.uint8))
    writer.release()
    assert call("predict", "clip.avi", "predict.out=found", "predict.frames=6", "predict.batch_size=4") == 0
    found = detections("found")
    assert [image["frame"] for image in found["images"]] == list(range(6))
    video = cv2.VideoCapture("found/clip.mp4")
    assert (video.get(cv2.CAP_PROP_FRAME_COUNT), video.get(cv2.CAP_PROP_FPS)) == (6, 5)
    assert video.get(cv2.CAP_PROP_FRAME_WIDTH) == 160


def test_unreadable_images_are_skipped_unless_there_is_no_other(
    detector_run: Path, call: Call, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    whole = next((tmp_path / "boxes").glob("*.jpg")).read_bytes()
    Path("zero.jpg").touch()
    Path("cut.jpg").write_bytes(whole[: len(whole) // 2])
    assert call("predict", "zero.jpg", "cut.jpg", "boxes", "predict.out=found") == 0
    said = capsys.readouterr().out
    assert "Skipped: zero.jpg is empty" in said and "Skipped: Image cut.jpg cannot be read" in said
    assert len(detections("found")["images"]) == 5
    assert call("predict", "zero.jpg", "cut.jpg") == 2
    assert "2 mistakes" in capsys.readouterr().err
    assert not Path("runs/predict/zero").exists()


MISTAKES: tuple[tuple[list[str], list[str]], ...] = (
    ([], ["Nothing to predict on"]),
    (["nothere.jpg", "empty"], ["nothere.jpg: there is no such file", "empty: there is no image or video"]),
    (["boxs"], ["did you mean boxes?"]),
    (["boxes/*.tiff"], ["matches nothing"]),
    (["boxes", "predict.threshold=1.5"], ["must be between 0 and 1"]),
    (["boxes", "predict.threshold=-1"], ["must be at least 0"]),
    (
        ["boxes", "no", "predict.classes=[kin 1,dog]"],
        ["does not know 'kin 1' (did you mean kind 1?) and 'dog'; it knows kind 0, kind 1", "no: there is no such"],
    ),
    (["boxes", "run=thin", "ckpt=x"], ["run= and ckpt="]),
    (["boxes", "ckpt=x"], ["ckpt=x: there is no such file"]),
    (["boxes", "run=other"], ["run=other: there is no such folder"]),
    (["boxes", "run=thin", "task=lraspp"], ["run=thin: there is no such folder"]),
    (["boxes", "run=runs/ssdlite/thin", "task=lraspp"], ["task=ssdlite, not "]),
    (["boxes", "run=thin", "backbone.rf2=true"], ["not what was asked for: it has backbone.rf2=false"]),
    (["boxes", "ckpt=bad.ckpt"], ["refused, because it holds pickled Python objects"]),
    (["cut.mp4"], ["this video cannot be read"]),
    (["none.mp4"], ["this video is empty"]),
    (["boxes", "predict.thresold=0.5"], ["did you mean predict.threshold"]),
    (["boxes", "task.input_size=[3]"], ["task.input_size", "height and width"]),
)


def test_mistakes(detector_run: Path, call: Call, capsys: pytest.CaptureFixture[str]) -> None:
    Path("empty").mkdir()
    Path("none.mp4").touch()
    Path("cut.mp4").write_bytes(b"\x00\x00\x00\x1cftypisom" + bytes(2000))
    torch.save({"state_dict": Path("code")}, "bad.ckpt")
    for given, sentences in MISTAKES:
        assert call("predict", *given) == 2
        said = capsys.readouterr().err
        assert all(sentence in said for sentence in sentences), said
    assert not Path("runs/predict").exists()


def test_no_run_yet(call: Call, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    Image.new("RGB", (9, 9)).save("photo.png")
    assert call("predict", "photo.png") == 2
    assert "There is no trained run in runs. Train one with `mnv3 train`" in capsys.readouterr().err


def test_without_opencv(
    detector_run: Path, call: Call, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "cv2", None)
    assert call("predict", "webcam") == 2
    assert "pip install 'mnv3[video]'" in capsys.readouterr().err
    assert call("predict", "boxes", "predict.out=found") == 0
