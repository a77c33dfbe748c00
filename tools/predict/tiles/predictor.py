"""A predictor that also looks at the tiles of large pictures."""

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np

from mnv3.tools.drawing.paint import Colour
from mnv3.tools.predict.predictor import Boxes
from mnv3.tools.predict.tiles.grid import Grid, Size, choose, describe
from mnv3.tools.predict.tiles.merge import merge


class Detecting(Protocol):
    """A `tools.predict.predictor.Predictor` of boxes with an input of one size."""

    @property
    def task(self) -> str: ...

    @property
    def classes(self) -> Mapping[int, str]: ...

    @property
    def ids(self) -> Mapping[int, int]: ...

    @property
    def colours(self) -> Mapping[int, Colour]: ...

    @property
    def input_size(self) -> Size:
        """Height and width to which images are resized."""
        ...

    @property
    def max_detections(self) -> int:
        """Most boxes of one image."""
        ...

    def __call__(self, images: Sequence[np.ndarray]) -> list[Boxes]: ...


class TiledPredictor:
    """A `tools.predict.predictor.Predictor` that runs `inner` on each picture and on its tiles, `batch` at a time.

    `tiles` as in `grid.choose`. `grids`: those used so far, by the picture's size (H, W). A picture that is too small
    for tiles has the detections of `inner`.
    """

    def __init__(self, inner: Detecting, tiles: int | str, batch: int) -> None:
        self.inner, self.tiles, self.batch = inner, tiles, batch
        self.task, self.classes, self.ids, self.colours = inner.task, inner.classes, inner.ids, inner.colours
        self.operating_point = getattr(inner, "operating_point", None)
        self.grids: dict[Size, Grid] = {}

    def __call__(self, images: Sequence[np.ndarray]) -> list[Boxes]:
        wholes = self.inner(images)
        return [self._with_tiles(image, whole) for image, whole in zip(images, wholes, strict=True)]

    def words(self) -> str:
        """Describe the grids used so far."""
        return describe([*self.grids.values()], self.inner.max_detections)

    def _with_tiles(self, image: np.ndarray, whole: Boxes) -> Boxes:
        picture: Size = (image.shape[0], image.shape[1])
        if picture not in self.grids:
            self.grids[picture] = choose(picture, self.inner.input_size, self.tiles)
        tiles = self.grids[picture].tiles()
        if len(tiles) == 1:
            return whole
        parts: list[Boxes] = []
        for start in range(0, len(tiles), self.batch):
            few = tiles[start : start + self.batch]
            parts += self.inner([image[tile.top : tile.bottom, tile.left : tile.right] for tile in few])
        return merge(whole, parts, tiles, picture, self.inner.max_detections)
