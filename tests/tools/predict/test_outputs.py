"""What is written of predictions."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from mnv3.tools.errors import UserError
from mnv3.tools.predict import sources as media_sources
from mnv3.tools.predict.loop import Done, predict_all
from mnv3.tools.predict.outputs import DetectionFile, Drawings, LabelFiles, boxes_painter, in_words, labels_painter
from mnv3.tools.predict.pictures import Picture
from mnv3.tools.predict.predictor import Boxes
from mnv3.tools.predict.sources import Source

COLOURS = {1: (255, 0, 0), 2: (0, 200, 0), 5: (0, 0, 255)}
FOUND = Boxes(
    np.array([[1.004, 2, 30, 40], [5, 5, 25.5, 35]], np.float32), np.array([0.9, 0.1], np.float32), np.array([5, 1])
)


class Fake:
    """A predictor that finds the same in every image; Ctrl-C is pressed in the call behind `calls`."""

    task, classes, ids, colours = "ssdlite", {1: "cat", 2: "dog", 5: "bird"}, {1: 10, 2: 20, 5: 50}, COLOURS

    def __init__(self, calls: int = 99) -> None:
        self.calls = calls
        self.sizes: list[int] = []

    def __call__(self, images: Sequence[np.ndarray]) -> list[Boxes]:
        if len(self.sizes) == self.calls:
            raise KeyboardInterrupt
        self.sizes.append(len(images))
        return [FOUND] * len(images)


PREDICTOR = Fake()


def picture(name: str = "a/b", frame: int | None = None) -> Picture:
    source = Source(name, Path(f"{name}.png"), video=frame is not None)
    return Picture(source, np.full((50, 64, 3), 100, np.uint8), frame, None if frame is None else 10.0)


def test_detections_in_coco_s_form(tmp_path: Path) -> None:
    sink = DetectionFile(tmp_path / "detections.json", PREDICTOR, {"model": "m"})
    sink.add(picture(), FOUND)
    sink.add(picture("clip", frame=7), Boxes(FOUND.boxes[:0], FOUND.scores[:0], FOUND.classes[:0]))
    sink.close(keep=True)
    assert json.loads((tmp_path / "detections.json").read_text()) == {
        "info": {"model": "m"},
        "images": [
            {"id": 1, "file_name": "a/b.png", "width": 64, "height": 50},
            {"id": 2, "file_name": "clip.png", "frame": 7, "width": 64, "height": 50},
        ],
        "categories": [{"id": 10, "name": "cat"}, {"id": 20, "name": "dog"}, {"id": 50, "name": "bird"}],
        "annotations": [
            {"image_id": 1, "category_id": 50, "bbox": [1.0, 2.0, 29.0, 38.0], "score": 0.9},
            {"image_id": 1, "category_id": 10, "bbox": [5.0, 5.0, 20.5, 30.0], "score": 0.1},
        ],
    }


def test_label_files_hold_the_data_set_s_ids(tmp_path: Path) -> None:
    labels = np.repeat(np.array([1, 2, 5, 2], np.uint8), 16)[None].repeat(50, 0)
    for videos in (False, True):
        sink = LabelFiles(tmp_path / str(videos) / "labels", PREDICTOR, videos)
        sink.add(picture(), labels)
        sink.add(picture("clip", frame=7), labels)
        sink.close(keep=True)
    written = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.png")}
    assert written == {"False/labels/a/b.png", "True/labels/a/b.png", "True/labels/clip/000007.png"}
    assert np.unique(np.array(Image.open(tmp_path / "True/labels/clip/000007.png"))).tolist() == [10, 20, 50]


def test_drawings(tmp_path: Path) -> None:
    sink = Drawings(tmp_path, boxes_painter(PREDICTOR))
    sink.add(picture(), FOUND)
    sink.add(picture("c.d"), FOUND)
    pixels = np.asarray(Image.open(tmp_path / "a/b.jpg")).astype(int)
    assert pixels.shape == (50, 64, 3) and (tmp_path / "c.d.jpg").is_file()
    blue, red = (np.abs(pixels - COLOURS[number]).sum(2) < 90 for number in (5, 1))
    assert blue[15:38, 0:4].any() and red[15:30, 4:8].any()


def test_other_classes_than_the_wanted_ones_are_dark() -> None:
    labels = np.ones((50, 64), np.uint8)
    labels[:, 32:] = 2
    drawn = np.asarray(labels_painter(PREDICTOR, {1})(picture(), labels)).astype(int)
    assert drawn.shape[0] > 50, "with a legend"
    assert drawn[25, 10].argmax() == 0 and drawn[25, 10, 0] > 180
    assert (drawn[25, 50] == 45).all()
    nothing = np.full((50, 64), 5, np.uint8)
    assert labels_painter(PREDICTOR, {1})(picture(), nothing).height == 50
    assert labels_painter(PREDICTOR, {1})(picture("v", frame=0), nothing).height == drawn.shape[0]


def test_in_words() -> None:
    everything = PREDICTOR.classes.keys()
    labels = np.array([[1, 1, 1, 5]], np.uint8)
    assert in_words(PREDICTOR.classes, FOUND._replace(classes=np.array([2, 5])), everything) == "1 dog, 1 bird"
    assert (
        in_words(PREDICTOR.classes, Boxes(FOUND.boxes[:0], FOUND.scores[:0], np.zeros(0, int)), everything) == "nothing"
    )
    assert in_words(PREDICTOR.classes, labels, everything) == "cat 75%, bird 25%"
    assert in_words(PREDICTOR.classes, labels, {2}) == "nothing"


class Notes:
    """A sink that fails at the n-th picture."""

    def __init__(self, fails_at: int = 99) -> None:
        self.seen: list[str] = []
        self.kept: bool | None = None
        self.fails_at = fails_at

    def targets(self, source: Source) -> list[Path]:
        return []

    def add(self, picture: Picture, found: Boxes) -> None:
        if len(self.seen) == self.fails_at:
            raise OSError("disk")
        self.seen.append(f"{picture.source.name} {len(found.scores)}")

    def close(self, keep: bool) -> None:
        self.kept = keep


def run(tmp_path: Path, sink: Notes, predictor: Fake | None = None, files: int = 5, **changed: Any) -> Done:
    """Predict on `files` images and, in their middle, one that cannot be read."""
    names = [str(number) for number in range(files)]
    for name in names:
        Image.new("RGB", (4, 4)).save(tmp_path / f"{name}.png")
    (tmp_path / "bad.png").touch()
    names.insert(files // 2, "bad")
    sources = [Source(name, tmp_path / f"{name}.png", video=False) for name in names]
    settings: dict[str, Any] = {"batch_size": 2, "threshold": 0.5, "numbers": {1, 5}, **changed}
    return predict_all(predictor or Fake(), sources, [sink], **settings)


def test_all_pictures_reach_the_sinks_in_order(tmp_path: Path) -> None:
    sink = Notes()
    done = run(tmp_path, sink, predictor := Fake())
    assert predictor.sizes == [2, 2, 1] and sink.kept is True
    assert sink.seen == [f"{number} 1" for number in range(5)]
    assert done.pictures == len(done.lines) == 5 and len(done.skipped) == 1 and not done.stopped
    assert run(tmp_path, Notes(), numbers={1}).lines[0].endswith(": nothing above 0.5; the highest score is 0.1")
    assert run(tmp_path, Notes(), files=12).lines == []


def test_ctrl_c_leaves_whole_files(tmp_path: Path) -> None:
    sink = Notes()
    done = run(tmp_path, sink, Fake(calls=1))
    assert done.stopped and done.pictures == 2 and sink.kept is True and len(sink.seen) == 2


def test_failures_are_raised_and_nothing_is_kept(tmp_path: Path) -> None:
    sink = Notes(fails_at=1)
    with pytest.raises(OSError, match="disk"):
        run(tmp_path, sink)
    sink = Notes()
    with pytest.raises(UserError, match=r"bad\.png is empty"):
        run(tmp_path, sink, files=0)
    assert sink.kept is False and sink.seen == []


def test_a_video_that_does_not_fit_is_not_kept(tmp_path: Path, full_disk: None) -> None:
    """OpenCV does not tell: the file is looked at."""
    sink = Drawings(tmp_path, boxes_painter(PREDICTOR))
    for frame in range(3):
        sink.add(picture("clip", frame), FOUND)
    with pytest.raises(UserError, match=r"clip\.mp4 cannot be written"):
        sink.close(keep=True)
    assert list(tmp_path.iterdir()) == []


def test_a_sink_that_fails_on_the_last_picture_spoils_the_others(tmp_path: Path) -> None:
    """None of them is kept as if it were whole, and all are closed."""

    class Failing:
        def add(self, picture: Picture, found: Boxes) -> None:
            raise UserError("no space")

        def close(self, keep: bool) -> None:
            kept.append(keep)

    kept: list[bool] = []
    Image.new("RGB", (64, 50)).save(tmp_path / "a.png")
    sinks: list[Any] = [DetectionFile(tmp_path / "detections.json", PREDICTOR, {}), Failing()]
    sources = media_sources.find([str(tmp_path / "a.png")])
    with pytest.raises(UserError, match="no space"):
        predict_all(PREDICTOR, sources, sinks, batch_size=1, threshold=0.0, numbers={1})
    assert kept == [False] and not (tmp_path / "detections.json").exists()
