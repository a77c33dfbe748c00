"""The stored threshold: read back as written, refused when altered, and what a picture without boxes is called."""

from typing import Any

import pytest

from mnv3.tools.errors import UserError
from mnv3.tools.predict.operating_point import (
    NO_POINT,
    OperatingPoint,
    Point,
    default_threshold,
    nothing_words,
    read_point,
)

POINT = OperatingPoint(Point(0.41, 0.9, 0.8, 0.847), {"car": Point(0.38, 1.0, 0.5, 0.667)})


def test_plain_values_are_read_back() -> None:
    assert read_point(POINT.plain(), "x") == POINT and read_point(None, "x") is None
    assert default_threshold(POINT) == 0.41 and default_threshold(None) == NO_POINT == 0.3


@pytest.mark.parametrize(
    "plain",
    [
        0.41,
        [],
        {},
        {**POINT.plain(), "threshold": 1.5},
        {**POINT.plain(), "threshold": float("nan")},
        {**POINT.plain(), "F1": "high"},
        {**POINT.plain(), "per_class": [1]},
        {**POINT.plain(), "per_class": {"car": {}}},
    ],
)
def test_altered_values_are_refused(plain: Any) -> None:
    with pytest.raises(UserError, match=r"best\.ckpt"):
        read_point(plain, "best.ckpt")


@pytest.mark.parametrize(
    ("threshold", "highest", "numbers"),
    [(0.41, 0.0398, "0.41 0.04"), (0.41, 0.4061, "0.41 0.4061"), (0.3, None, "0.3"), (1, 0.9, "1 0.9")],
)
def test_nothing_above_the_threshold(threshold: float, highest: float | None, numbers: str) -> None:
    words = nothing_words(threshold, highest).replace(";", "").split()
    assert [word for word in words if word[0].isdigit()] == numbers.split()
