"""Texts of data sets in pictures and plots: as they are, whatever they look like."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mnv3.tools.drawing import fonts
from mnv3.tools.drawing.curves import plot_pr_curves
from mnv3.tools.drawing.fonts import as_labels, drawable, fitted, font_for, shortened
from mnv3.tools.drawing.paint import paint_boxes, paint_legend
from mnv3.tools.drawing.plots import plot_class_scores, plot_confusion
from mnv3.tools.text import once

NAMES = ["$5^$", "car [front]", "_hidden", r"\frac{1}", "[/red]", "猫", "قط", "🐈", "a" * 500, "тест", "%s{0}"]


@pytest.fixture
def no_fonts(monkeypatch: pytest.MonkeyPatch):
    """A machine that has matplotlib's own font alone."""
    fonts._covering.cache_clear()
    own = fonts._files()[:1]
    monkeypatch.setattr(fonts, "_files", lambda: own)
    once.forget()
    yield
    fonts._covering.cache_clear()
    once.forget()


def test_plots_of_any_names(tmp_path: Path) -> None:
    """Mathematics that was none stopped the report of a finished training."""
    count = len(NAMES)
    recall, precision = np.linspace(0, 1, 5), np.full((5, count), 0.5)
    plot_pr_curves(tmp_path / "a.png", recall, {"IoU $0.5": precision}, NAMES, range(count))
    plot_confusion(tmp_path / "b.png", np.eye(count, dtype=int), NAMES, "of $^")
    plot_class_scores(tmp_path / "c.png", dict.fromkeys(NAMES, 0.5), "AP of $x_")
    assert all(Image.open(tmp_path / f"{name}.png").width < 5000 for name in "abc")


def test_thousands_of_classes_are_a_picture_that_can_be_written(tmp_path: Path) -> None:
    plot_class_scores(tmp_path / "a.png", {f"class {number}": 0.5 for number in range(3000)}, "AP")
    assert Image.open(tmp_path / "a.png").height < 65536


def test_letters_without_a_font_are_codes(no_fonts, caplog: pytest.LogCaptureFixture) -> None:
    assert drawable(["猫 cat", "тест", "قط", "plain"]) == ["U+732B  cat", "тест", "قط", "plain"]
    assert drawable(["犬"]) == ["U+72AC"]
    assert sum("font" in record.getMessage() for record in caplog.records) == 1


def test_pictures_show_other_scripts(no_fonts) -> None:
    """Pillow's own font draws one box for every letter that it lacks."""
    drawn = [np.asarray(paint_legend([name], [(255, 0, 0)], 200)) for name in ("тест", "сест", "猫", "犬")]
    assert len({image.tobytes() for image in drawn}) == 4
    assert font_for("plain", 12).getlength("plain") > 0
    picture = Image.new("RGB", (90, 60))
    paint_boxes(picture, [[10, 20, 50, 50]], ["قط 猫"])
    assert np.asarray(picture).any()


def test_labels_are_short_and_not_hidden() -> None:
    hidden, long = as_labels(["_hidden", "a" * 500])
    assert not hidden.startswith("_") and "_hidden" in hidden and len(long) <= 40


@pytest.mark.parametrize("width", [60, 120, 400])
def test_a_text_is_shortened_to_its_place(width: int) -> None:
    font, name = font_for("name", 12), "a class name of forty letters, number 17"
    short = fitted(name, font, width)
    assert font.getlength(short) <= width and short.startswith("a c") and short.endswith("17")
    assert (short == name) == (width == 400)


def test_a_shortened_name_has_as_many_letters_as_there_is_room_for() -> None:
    assert shortened("x" * 50, 40) == f"{'x' * 24}...{'x' * 13}" and shortened("short", 40) == "short"


def test_long_names_stay_within_the_legend() -> None:
    """They were cut off at the picture's right edge."""
    legend = np.asarray(paint_legend(["a class name of forty letters, number 17"] * 3, [(255, 0, 0)] * 3, 160))
    assert not (legend[:, -4:] > 128).any()
