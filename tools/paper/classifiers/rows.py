"""What a table of classifiers consists of: figures as the paper prints them, and what others publish."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

PUBLISHERS = {
    "authors": "the README of the authors' checkpoints, MnasNet's in that of its code",
    "torchvision": "its documentation",
    "timm": "its results, at 224 x 224",
    "timm tf_": "the authors' weights as timm scores them",
    "Paddle": "PaddleClas' documentation, own trainings",
}
"""Who publishes trained weights -> where they state their top-1."""


class Network(NamedTuple):
    """A classifier by the keys of the backbone's configuration, and the side of the images in pixels."""

    backbone: str
    width: float = 1.0
    hswish: bool | int = True
    size: int = 224


@dataclass(frozen=True)
class ClassifierRow:
    """A row of a table, or a point of the figure.

    `printed` has the figures as printed: "top1" in percent, "params" and "madds" in millions, "pixel1" to "pixel3" and
    "plain_pixel1" (without an optimised h-swish) in milliseconds. `published`: top-1 by a key of `PUBLISHERS`.
    `notes`: remarks on figures of both. `network` is None for other authors' networks, which the paper quotes.
    """

    name: str
    title: str
    network: Network | None
    printed: Mapping[str, str] = field(default_factory=dict)
    published: Mapping[str, str] = field(default_factory=dict)
    notes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class ClassifierTable:
    """A table of classifiers, called "3" to "5" or "figure7" in `mnv3 table`. `remarks`: lines below it."""

    which: str
    title: str
    rows: tuple[ClassifierRow, ...]
    remarks: tuple[str, ...] = ()

    @property
    def group(self) -> str:
        """First part of its rows' names."""
        return self.which if self.which.startswith("figure") else f"table{self.which}"


def of_publishers(notes: Mapping[str, str], published: Mapping[str, str]) -> dict[str, str]:
    """Return the notes on figures that are `published`."""
    return {key: note for key, note in notes.items() if key in published}
