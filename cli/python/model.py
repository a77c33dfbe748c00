"""A trained network with its pre- and postprocessing, as `mnv3.load` returns it."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Generic, TypeVar, overload

import numpy as np

from mnv3.cli.opening import Opened, with_tiles
from mnv3.cli.python import images
from mnv3.cli.python.results import Detections, LabelMap, Seen
from mnv3.cli.tasks import check_tiles, without_effect
from mnv3.tools.drawing.paint import Colour
from mnv3.tools.errors import UserError
from mnv3.tools.predict.loop import predictions
from mnv3.tools.predict.pictures import Picture, stream
from mnv3.tools.predict.predictor import Boxes
from mnv3.tools.predict.sources import Source

log = logging.getLogger("mnv3")

Result = TypeVar("Result", Detections, LabelMap)


class Model(Generic[Result]):
    """A trained network. `names`, `ids`, `colours`: by class number, see `Detections` and `LabelMap`.

    Annotate a variable to have its results typed: `model: mnv3.Model[mnv3.Detections] = mnv3.load(...)`.
    """

    def __init__(self, opened: Opened) -> None:
        self._opened = opened
        self._predictor = opened.predictor

    @property
    def task(self) -> str:
        return self._predictor.task

    @property
    def names(self) -> Mapping[int, str]:
        return self._predictor.classes

    @property
    def ids(self) -> Mapping[int, int]:
        return self._predictor.ids

    @property
    def colours(self) -> Mapping[int, Colour]:
        return self._predictor.colours

    @property
    def threshold(self) -> float:
        """Least score of boxes if `predict` is given none: the one with the best F1 on the validation set of the
        network's run, else 0.3."""
        return self._opened.threshold(None)

    def __repr__(self) -> str:
        return f"<{self._opened}>"

    @overload
    def predict(
        self,
        source: str | Path,
        threshold: float | None = None,
        batch: int | None = None,
        tiles: int | str | None = None,
    ) -> Any: ...

    @overload
    def predict(
        self,
        source: Sequence[str | Path | images.Pixels],
        threshold: float | None = None,
        batch: int | None = None,
        tiles: int | str | None = None,
    ) -> list[Result]: ...

    @overload
    def predict(
        self,
        source: images.Pixels,
        threshold: float | None = None,
        batch: int | None = None,
        tiles: int | str | None = None,
    ) -> Result: ...

    def predict(
        self, source: Any, threshold: float | None = None, batch: int | None = None, tiles: int | str | None = None
    ) -> Any:
        """Predict on an image, list, folder, pattern or video, as `mnv3 predict` does.

        Args:
            source: the name of an image file, folder, pattern, video or camera ("webcam"); a PIL image; an array
                [height, width, 3] or tensor [3, height, width] of uint8 RGB; or a list of images of these kinds.
            threshold: least score of boxes; None: the model's `threshold`, as in `mnv3 predict`.
            batch: images per batch; None: 4 on a CPU, 16 on a GPU, 1 for a camera.
            tiles: for boxes of small objects in large pictures: "auto", or the number of tiles along the longer side;
                see `mnv3 predict` and its key predict.tiles.

        Returns:
            A result for an image; a list of results for a list, folder or pattern; an iterator of results for a video
            or camera, which is read as it advances. Images of a folder or pattern that cannot be read are left out,
            with a warning.

        Raises:
            UserError: a ValueError; nothing there, not an image, or none that can be read.

        >>> import mnv3
        >>> model = mnv3.load("runs/ssdlite/streets")
        >>> found = model.predict("photo.jpg")
        >>> [len(each) for each in model.predict(["photo.jpg", "photo.jpg"], threshold=1)]
        [0, 0]
        >>> import numpy as np
        >>> model.predict(np.zeros((480, 640, 3), np.uint8), threshold=1)
        <nothing>
        """
        if tiles is not None:
            return self._with_tiles(tiles, batch).predict(source, threshold, batch)
        least, batch_size = self._settings(threshold, batch)
        if isinstance(source, str | Path):
            sources, single = images.find(source)
            if single and sources[0].video:
                return self._of_video(sources[0], least, batch or (1 if sources[0].live else batch_size))
            pictures = stream(sources, 2 * batch_size)
            return self._of_file(pictures, least) if single else self._of_folder(pictures, least, batch_size)
        if isinstance(source, list | tuple):
            skipped: list[str] = []
            pictures = images.of_list(source, 2 * batch_size)
            found = list(self._results(pictures, least, batch_size, skipped))
            if skipped:  # the results would not stand at their images' places
                raise UserError(*skipped)
            return found
        (found,) = self._results(iter([images.in_memory(source)]), least, 1, [])
        return found

    def _settings(self, threshold: float | None, batch: int | None) -> tuple[float, int]:
        """Return the threshold and batch size. Raises UserError."""
        problems = []
        if threshold is not None and not 0 <= threshold <= 1:
            problems.append(f"threshold={threshold}: must be between 0 and 1.")
        if batch is not None and batch < 1:
            problems.append(f"batch={batch}: must be at least 1.")
        if problems:
            raise UserError(*problems)
        if threshold is not None and (why := without_effect(self.task, "predict.threshold")):
            log.warning("threshold has no effect: %s.", why)
        return self._opened.threshold(threshold), batch or self._opened.batch_size

    def _with_tiles(self, tiles: int | str, batch: int | None) -> "Model[Result]":
        """Return a model that also looks at tiles. Raises UserError."""
        self._settings(None, batch)
        check_tiles(self.task, "tiles", tiles)
        if isinstance(tiles, np.integer):
            tiles = int(tiles)
        if tiles != "auto" and (not isinstance(tiles, int) or tiles < 2):
            raise UserError(f'tiles={tiles!r}: must be "auto", a number of at least 2, or None.')
        return Model(with_tiles(self._opened, tiles, batch))

    def _of_file(self, pictures: Iterator[Picture | UserError], least: float) -> Result:
        skipped: list[str] = []
        found = list(self._results(pictures, least, 1, skipped))
        if skipped:
            raise UserError(*skipped)
        return found[0]

    def _of_folder(self, pictures: Iterator[Picture | UserError], least: float, batch_size: int) -> list[Result]:
        skipped: list[str] = []
        found = list(self._results(pictures, least, batch_size, skipped))
        if skipped and not found:
            raise UserError(*skipped)
        for problem in skipped:
            log.warning("Skipped: %s", problem)
        return found

    def _of_video(self, source: Source, least: float, batch_size: int) -> Iterator[Result]:
        frames = stream([source], 2 * batch_size, damaged=log.warning)
        return self._results(frames, least, batch_size, [])

    def _results(
        self, pictures: Iterator[Picture | UserError], least: float, batch_size: int, skipped: list[str]
    ) -> Iterator[Result]:
        for picture, found in predictions(self._predictor, pictures, batch_size, least, {*self.names}, skipped):
            yield self._result(found, _seen(picture))
            del picture

    def _result(self, found: Boxes | np.ndarray, seen: Seen) -> Any:
        if isinstance(found, Boxes):
            return Detections(*found, self.names, self.ids, self.colours, seen)
        return LabelMap(found, self.names, self.ids, self.colours, seen)


def _seen(picture: Picture) -> Seen:
    """Return a note of the picture: a file's pixels are not kept, because a folder's would fill the memory."""
    place = picture.source.place
    if isinstance(place, Path):
        return Seen(place, picture.frame, picture.pixels if picture.source.video else None)
    return Seen(None, picture.frame, picture.pixels)
