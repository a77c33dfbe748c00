"""Curves and samples of several runs: every run is in the picture, in its place."""

from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from mnv3.tools.compare.curves import colour, draw_curves, style
from mnv3.tools.compare.pictures import draw_samples
from tests.tools.compare.made_up import draw, entries, make_run


def test_curves_have_all_values_and_a_legend(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    runs = entries(make_run(tmp_path / "a"), make_run(tmp_path / "b", ap=(0.4, 0.5)), make_run(tmp_path / "c", (0.1,)))
    figures: list[Figure] = []
    save = Figure.savefig
    monkeypatch.setattr(Figure, "savefig", lambda self, *args, **kw: (figures.append(self), save(self, *args, **kw)))
    assert draw_curves(tmp_path / "out" / "c.png", [("streets, val", "AP", runs[:2]), ("coco, val", "AP", runs[2:])])
    assert Image.open(tmp_path / "out" / "c.png").width > 1000
    left, right, third, _ = figures[0].axes
    assert left.get_title() == "AP of streets, val" and third.get_title() == "AP of coco, val"
    drawn = {tuple(np.asarray(line.get_ydata()).tolist()) for line in left.lines}
    assert {(0.1, 0.3, 0.2), (0.4, 0.5)} <= drawn
    legend = right.get_legend()
    assert legend is not None and [text.get_text() for text in legend.get_texts()] == ["1 a", "2 b"]


@pytest.mark.filterwarnings("error")
def test_control_characters_of_names_are_escaped(tmp_path: Path) -> None:
    """Matplotlib warns of a letter that no font has, with the letter."""
    runs = entries(make_run(tmp_path / "a\x1b[31m", samples=True))
    assert draw_curves(tmp_path / "c.png", [("val_json=x\x1b.json", "AP", runs)])
    assert draw_samples(tmp_path / "s.jpg", runs[0].run.data, runs) == (True, [])


def test_no_picture_without_epochs(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "a")
    (folder / "metrics.csv").unlink()
    assert not draw_curves(tmp_path / "c.png", [("streets", "AP", entries(folder))])
    assert not (tmp_path / "c.png").exists()


def test_thirty_runs_look_different(tmp_path: Path) -> None:
    (one,) = entries(make_run(tmp_path / "a"))
    many = [one._replace(number=i) for i in range(1, 31)]
    assert len({(colour(entry), style(entry)) for entry in many}) == len({colour(entry) for entry in many}) == 30


def test_the_same_samples_side_by_side(tmp_path: Path) -> None:
    runs = entries(make_run(tmp_path / "a", ap=(0.2,), samples=True), make_run(tmp_path / "b", ap=(0.8,), samples=True))
    draw(tmp_path / "b" / "samples" / "val.jpg", ["b.jpg", "c.jpg"], 204)  # b lacks the first image
    path = tmp_path / "s.png"
    assert draw_samples(path, runs[0].run.data, runs) == (True, [])
    picture = Image.open(path).convert("L")
    assert picture.width == 3 * (480 + 6) + 6

    def grey(row: int, column: int) -> int:
        step = (picture.height - 29 - 6) // 3  # below the heads
        return picture.getpixel((6 + column * 486 + 240, 29 + row * step + step // 2))  # type: ignore[return-value]

    assert [grey(0, column) // 40 for column in range(3)] == [6, 1, 0]  # white truth, dark prediction, nothing
    assert [grey(1, column) // 40 for column in range(3)] == [6, 1, 5]
    assert [grey(2, column) // 40 for column in range(3)] == [6, 0, 5]


def test_sheets_without_a_note_are_told_and_left_out(tmp_path: Path) -> None:
    runs = entries(make_run(tmp_path / "a", samples=True), make_run(tmp_path / "b", samples=True))
    (tmp_path / "a" / "samples" / "val.json").unlink()
    assert draw_samples(tmp_path / "s.jpg", runs[0].run.data, runs) == (True, runs[:1])
    (tmp_path / "b" / "samples" / "val.jpg").write_bytes(b"half a file")
    (tmp_path / "s.jpg").unlink()
    assert draw_samples(tmp_path / "s.jpg", runs[0].run.data, runs) == (False, runs)
    assert not (tmp_path / "s.jpg").exists()
