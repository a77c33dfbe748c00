"""The score threshold at which a detector is best: stored with its weights, the default of predictions."""

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

from mnv3.tools.errors import UserError

NO_POINT = 0.3
"""Threshold of networks without an operating point; a common value for SSD."""

FIGURES = ("threshold", "precision", "recall", "F1")


class Point(NamedTuple):
    """Precision, recall and F1 of the boxes that score at least `threshold`, at IoU 0.5."""

    threshold: float
    precision: float
    recall: float
    f1: float

    def plain(self) -> dict[str, float]:
        """Return the figures by name."""
        return dict(zip(FIGURES, self, strict=True))


class OperatingPoint(NamedTuple):
    """The thresholds with the highest F1 on the validation set: one for all classes together, and of each class that
    has one, by name."""

    overall: Point
    per_class: Mapping[str, Point]

    def plain(self) -> dict[str, Any]:
        """Return plain values, for JSON and checkpoints; `read_point` reads them."""
        return {**self.overall.plain(), "per_class": {name: point.plain() for name, point in self.per_class.items()}}


def read_point(plain: Any, where: object) -> OperatingPoint | None:
    """Return the operating point from its plain values, None for None. Raises UserError: the file was altered."""
    if plain is None:
        return None
    try:
        per_class = {name: _point(values) for name, values in plain["per_class"].items() if isinstance(name, str)}
        return OperatingPoint(_point(plain), per_class)
    except (KeyError, TypeError, ValueError, AttributeError):
        raise UserError(
            f"{where}: its operating point is no threshold with its scores; the file was altered."
        ) from None


def default_threshold(point: OperatingPoint | None) -> float:
    """Return the threshold to predict with unless the user gives one."""
    return NO_POINT if point is None else point.overall.threshold


def threshold_words(point: OperatingPoint) -> str:
    """Return a sentence on a default threshold."""
    return f"Threshold {point.overall.threshold:g}: the best F1 of this run on val."


def nothing_words(threshold: float, highest: float | None) -> str:
    """Describe a picture without boxes above the threshold; `highest` score below it, if known."""
    words = f"nothing above {threshold:g}"
    if highest is None:
        return words
    short = f"{highest:.2g}"
    return f"{words}; the highest score is {short if float(short) < threshold else f'{highest:.4g}'}"


def _point(values: Mapping[str, Any]) -> Point:
    numbers = [values[name] for name in FIGURES]
    if not all(type(number) in (int, float) and math.isfinite(number) and 0 <= number <= 1 for number in numbers):
        raise ValueError("not a share of 1")
    return Point(*map(float, numbers))
