"""Output of `mnv3 predict`: detections as JSON, label maps as PNGs, annotated pictures and videos."""

import json
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

import numpy as np
from PIL import Image

from mnv3.tools.drawing.paint import Colour, paint_boxes, paint_labels, paint_legend
from mnv3.tools.files.write import atomic_path, write_encoded
from mnv3.tools.images.label_png import write_label_png
from mnv3.tools.predict.pictures import Picture
from mnv3.tools.predict.predictor import Boxes, Predictor
from mnv3.tools.predict.sources import Source as MediaSource
from mnv3.tools.predict.video import VideoWriter

Found = TypeVar("Found", Boxes, np.ndarray)
PRECISION = 2  # decimals of a pixel in bbox, as in COCO's own annotation files
LEAST = 0.001
"""Share of a picture below which a class is not in its legend."""
MOST_SHARES = 5
"""Most classes of a label map listed in words."""


class Sink(Protocol):
    """Takes pictures and what was found in them, in order."""

    def targets(self, source: MediaSource) -> list[Path]:
        """Return the files that would be written for `source`, or that exist where they would be."""
        ...

    def add(self, picture: Picture, found: Any) -> None: ...

    def close(self, keep: bool) -> None:
        """Finish after the last picture or, without `keep`, after a failure."""
        ...


class DetectionFile:
    """detections.json in COCO's format: `images`, `categories`, and the official results list as `annotations`, best
    first in each image. Image ids count from 1; the frames of a video are images with a number `frame`, from 0."""

    def __init__(self, path: Path, predictor: Predictor, about: Mapping[str, Any]) -> None:
        self.path, self.about, self.ids = path, about, predictor.ids
        self.categories = [{"id": predictor.ids[number], "name": name} for number, name in predictor.classes.items()]
        self.images: list[dict[str, Any]] = []
        self.annotations: list[dict[str, Any]] = []

    def targets(self, source: MediaSource) -> list[Path]:
        return [self.path]

    def add(self, picture: Picture, found: Boxes) -> None:
        """Record an image and its detections."""
        number = len(self.images) + 1
        frame = {} if picture.frame is None else {"frame": picture.frame}
        height, width = picture.pixels.shape[:2]
        self.images.append({"id": number, "file_name": str(picture.source), **frame, "width": width, "height": height})
        self.annotations += coco_results(found, self.ids, number)

    def close(self, keep: bool) -> None:
        """Write the file, one line per image and detection."""
        if not keep:
            return
        with atomic_path(self.path) as temporary, temporary.open("w") as file:
            file.write(f'{{"info": {json.dumps(dict(self.about))}')
            for name in ("images", "categories", "annotations"):
                lines = (json.dumps(row, separators=(",", ":")) for row in getattr(self, name))
                file.write(f',\n"{name}": [\n' + ",\n".join(lines) + "\n]")
            file.write("}\n")


def coco_results(found: Boxes, ids: Mapping[int, int], image_id: int) -> list[dict[str, Any]]:
    """Return boxes as rows of COCO's results list."""
    corners = found.boxes.astype(np.float64)
    boxes = np.concatenate([corners[:, :2], corners[:, 2:] - corners[:, :2]], axis=1).round(PRECISION).tolist()
    scores = found.scores.astype(str).astype(np.float64).tolist()  # shortest decimals of the same float32
    return [
        {"image_id": image_id, "category_id": ids[slot], "bbox": box, "score": score}
        for slot, box, score in zip(found.classes.tolist(), boxes, scores, strict=True)
    ]


class LabelFiles:
    """A PNG of the data set's label ids per picture: <folder>/<name>.png or, of a video,
    <folder>/<name>/<frame>.png."""

    def __init__(self, folder: Path, predictor: Predictor, videos: bool) -> None:
        self.folder, self.videos = folder, videos
        self.table = np.zeros(256, np.uint8)
        self.table[list(predictor.ids)] = list(predictor.ids.values())

    def targets(self, source: MediaSource) -> list[Path]:
        """Return the file of an image, or the existing frames of a video."""
        if source.video:
            return sorted((self.folder / source.name).glob("*.png")) if self.videos else []
        return [self.folder / f"{source.name}.png"]

    def add(self, picture: Picture, found: np.ndarray) -> None:
        name = picture.source.name
        if picture.frame is not None:
            if not self.videos:
                return
            name = f"{name}/{picture.frame:06}"
        write_label_png(self.folder / f"{name}.png", self.table[found])

    def close(self, keep: bool) -> None:
        """Do nothing: all files are written."""


class Drawings(Generic[Found]):
    """Pictures drawn by `paint`: <folder>/<name>.jpg, or <name>.mp4 of a video."""

    def __init__(self, folder: Path, paint: Callable[[Picture, Found], Image.Image]) -> None:
        self.folder, self.paint = folder, paint
        self._video: VideoWriter | None = None
        self._source: Any = None

    def targets(self, source: MediaSource) -> list[Path]:
        """Return the file in the one output folder, whatever the source's folder."""
        return [self.folder / f"{source.name}{'.mp4' if source.video else '.jpg'}"]

    def add(self, picture: Picture, found: Found) -> None:
        drawn, (path,) = self.paint(picture, found), self.targets(picture.source)
        if picture.fps is None:
            write_encoded(path, drawn.save, quality=92, subsampling=0)
            return
        if picture.source != self._source:
            self.close(keep=True)
            self._source = picture.source
            self._video = VideoWriter(path, picture.fps, (drawn.height, drawn.width))
        assert self._video is not None
        self._video.write(np.asarray(drawn))

    def close(self, keep: bool) -> None:
        """Finish the current video, or remove it."""
        if self._video is not None:
            self._video.close(keep)
            self._video = None


def boxes_painter(predictor: Predictor) -> Callable[[Picture, Boxes], Image.Image]:
    """Return a painter of boxes with class and score."""

    def paint(picture: Picture, found: Boxes) -> Image.Image:
        return draw_boxes(picture.pixels, found, predictor.classes, predictor.colours)

    return paint


def draw_boxes(
    pixels: np.ndarray, found: Boxes, names: Mapping[int, str], colours: Mapping[int, Colour]
) -> Image.Image:
    """Return the picture with boxes, their class and score."""
    drawn, numbers = Image.fromarray(pixels), found.classes.tolist()
    texts = [f"{names[number]} {score:.2f}" for number, score in zip(numbers, found.scores.tolist(), strict=True)]
    paint_boxes(drawn, found.boxes.tolist(), texts, [colours[number] for number in numbers])
    return drawn


def labels_painter(predictor: Predictor, numbers: set[int]) -> Callable[[Picture, np.ndarray], Image.Image]:
    """Return a painter of the classes `numbers` in their colours, all else darkened, with a legend of those in the
    picture or, for a video, of all, because its frames have one size."""
    colours: dict[int, Colour] = {
        number: predictor.colours[number] for number in predictor.classes if number in numbers
    }

    def paint(picture: Picture, found: np.ndarray) -> Image.Image:
        return draw_labels(picture.pixels, found, predictor.classes, colours, every=picture.fps is not None)

    return paint


def draw_labels(
    pixels: np.ndarray, found: np.ndarray, names: Mapping[int, str], colours: Mapping[int, Colour], *, every: bool
) -> Image.Image:
    """Return the picture in the `colours` of its label map, all else darkened, with a legend of the classes in it, or
    of `every` one."""
    drawn = paint_labels(Image.fromarray(pixels), found, colours)
    counts = np.bincount(found.ravel(), minlength=256)
    least = 0 if every else LEAST * found.size
    named = {number: colour for number, colour in colours.items() if counts[number] >= least}
    if not named:
        return drawn
    legend = paint_legend([names[number] for number in named], list(named.values()), drawn.width)
    sheet = Image.new("RGB", (drawn.width, drawn.height + legend.height))
    sheet.paste(drawn)
    sheet.paste(legend, (0, drawn.height))
    return sheet


def in_words(names: Mapping[int, str], found: Any, numbers: Collection[int], nothing: str = "nothing") -> str:
    """Describe the classes `numbers` in a picture: "3 car, 1 person", or "road 41%, sky 20%", most frequent first;
    `nothing` if there is no box."""
    if isinstance(found, Boxes):
        counts = np.bincount(found.classes, minlength=max(numbers, default=0) + 1)
        words = [f"{counts[number]} {names[number]}" for number in _commonest(counts, numbers)]
    else:
        counts = np.bincount(found.ravel(), minlength=256)
        commonest = _commonest(counts, numbers)[:MOST_SHARES]
        words = [f"{names[number]} {counts[number] / found.size:.0%}" for number in commonest]
    return ", ".join(words) or (nothing if isinstance(found, Boxes) else "nothing")


def _commonest(counts: np.ndarray, numbers: Collection[int]) -> list[int]:
    """Return those of `numbers` that occur, most frequent first."""
    return sorted((number for number in numbers if counts[number]), key=lambda number: (-counts[number], number))
