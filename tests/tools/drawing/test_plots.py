"""Plots: every case that a run can bring draws a whole picture, with what it should say in it."""

import contextlib
import re
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from mnv3.tools.drawing import curves, plots
from mnv3.tools.drawing.style import class_line_colours, line_colour
from mnv3.tools.runs.folder import read_metrics


@pytest.fixture
def texts(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """All texts of the figures that are saved."""
    found: list[str] = []
    save = Figure.savefig

    def record(figure: Figure, *args, **kwargs) -> None:
        for axes in figure.axes:
            found.append(axes.get_title())
            found.extend(text.get_text() for text in axes.texts)
            legend = axes.get_legend()
            found.extend(text.get_text() for text in (legend.get_texts() if legend else ()))
        found.extend(text.get_text() for legend in figure.legends for text in legend.get_texts())
        save(figure, *args, **kwargs)

    monkeypatch.setattr(Figure, "savefig", record)
    return found


def is_picture(path: Path) -> bool:
    with Image.open(path) as image:
        image.load()
        return image.format == "PNG" and min(image.size) > 200 and len(np.unique(np.asarray(image))) > 10


def test_pr_curves_name_classes_by_ap_and_leave_out_absent_ones(tmp_path: Path, texts: list[str]) -> None:
    precision = np.stack([np.full(101, 0.25), np.full(101, 0.75), np.full(101, np.nan)], axis=1)
    curves.plot_pr_curves(
        tmp_path / "pr.png", np.linspace(0, 1, 101), {"IoU 0.50": precision}, ["a", "b", "c"], [1, 2, 3]
    )
    assert texts == ["IoU 0.50", "b  0.750", "a  0.250", "mean of 2  0.500"]
    assert is_picture(tmp_path / "pr.png")


def test_pr_curves_of_many_classes_name_the_best_and_worst(tmp_path: Path, texts: list[str]) -> None:
    precision = np.linspace(0, 1, 80)[None].repeat(101, axis=0)
    names = [f"n{number}" for number in range(80)]
    curves.plot_pr_curves(tmp_path / "pr.png", np.linspace(0, 1, 101), {"x": precision}, names, list(range(80)))
    named = [text.partition("  ")[0] for text in texts[3:]]
    assert named == ["n79", "n78", "n77", "n76", "n3", "n2", "n1", "n0", "mean of 80"]


def test_f1_stands_beside_precision_with_the_best_threshold(tmp_path: Path, texts: list[str]) -> None:
    thresholds, overall = np.linspace(0, 0.8, 9), np.linspace(0.2, 0.6, 9)
    classes = np.stack([overall, np.full(9, np.nan)], axis=1)
    f1 = curves.f1_curves(thresholds, overall, classes, (0.41, 0.6))
    one = {"IoU 0.50": np.full((101, 2), 0.5)}
    curves.plot_pr_curves(tmp_path / "pr.png", np.linspace(0, 1, 101), one, ["a", "b"], [1, 2], f1)
    place = texts.index("F1 at IoU 0.50")
    assert [text.strip() for text in texts[place + 1 :]] == ["0.41", "a  0.600", "all classes together  0.600"]


def test_confusion_shows_counts_and_row_shares(tmp_path: Path, texts: list[str]) -> None:
    plots.plot_confusion(tmp_path / "c.png", np.array([[3, 1], [0, 0]]), ["cell", "background"], "IoU 0.5")
    assert texts == ["counts", "3", "1", "shares of each row", "0.75", "0.25"]
    assert is_picture(tmp_path / "c.png")


def test_confusion_of_many_classes_lists_what_is_confused(tmp_path: Path, texts: list[str]) -> None:
    names = [*(f"a name of forty letters, which is long {number:02}" for number in range(80)), "background"]
    matrix = np.diag(np.full(81, 20))
    matrix[3, 7], matrix[5, 6], matrix[9, -1], matrix[-1, 9] = 30, 10, 500, 600
    plots.plot_confusion(tmp_path / "c.png", matrix, names, "IoU 0.5")
    assert texts[0] == "shares of each row" and len(texts) == 4
    assert [re.findall(r"(\d\d)(?: →|:)", text) for text in texts[2:]] == [["03", "07"], ["05", "06"]]
    assert "30, 60%" in texts[2] and is_picture(tmp_path / "c.png")


def test_confusion_of_pixels_shows_shares_both_ways(tmp_path: Path, texts: list[str]) -> None:
    matrix = np.array([[3_000_000, 1_000_000], [9_000, 9_000_000]])
    plots.plot_confusion(tmp_path / "c.png", matrix, ["road", "car"], "pixels", counts=False)
    assert texts == ["shares of each column", "1.00", "0.10", "0.90", "shares of each row", "0.75", "0.25", "1.00"]


def test_large_confusion_has_no_numbers(tmp_path: Path, texts: list[str]) -> None:
    plots.plot_confusion(tmp_path / "c.png", np.ones((30, 30), dtype=np.int64), ["n"] * 30, "")
    assert texts[0] == "shares of each row"
    assert len(texts) <= 2 + 40 and all("→" in text for text in texts[1:])


def test_class_scores_are_sorted_and_skip_absent_classes(tmp_path: Path, texts: list[str]) -> None:
    scores = {"a": 0.2, "b": 0.6, "c": float("nan")}
    plots.plot_class_scores(tmp_path / "ap.png", scores, "AP", under={"a": 0.4, "b": 0.9, "c": 0.0}, labels="AP|AP50")
    assert texts[:3] == ["AP", "0.200 | 0.400", "0.600 | 0.900"]  # bars are drawn from the bottom up
    assert set(texts[3:]) == {"AP", "AP50", "mean 0.400"}
    assert is_picture(tmp_path / "ap.png")


@pytest.mark.parametrize("scores", [{}, {"a": float("nan")}, {"a": 0.0}])
def test_class_scores_without_anything_to_show(tmp_path: Path, scores: dict[str, float]) -> None:
    plots.plot_class_scores(tmp_path / "ap.png", scores, "AP")
    assert is_picture(tmp_path / "ap.png")


def test_training_curves_skip_empty_cells(tmp_path: Path, texts: list[str]) -> None:
    table = tmp_path / "metrics.csv"
    table.write_text("epoch,step,train/loss,val/AP,lr,val/AP75\n1,5,2.0,,0.1,\n2,10,1.0,0.3,0.05,\n")
    curves.plot_training(tmp_path / "training.png", read_metrics(table))
    assert texts == ["loss", "train/loss", "validation", "val/AP", "learning rate", "lr"]
    assert is_picture(tmp_path / "training.png")


def test_the_headline_is_thick_and_alone_and_no_two_lines_have_one_colour(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    figures: list[Figure] = []
    monkeypatch.setattr(Figure, "savefig", lambda figure, *_, **__: figures.append(figure))
    names = ("train/loss", "train/box_loss", "lr", *(f"val/{name}" for name in ("AP", "AP50", "AR1", "AR10", "AR100")))
    rows = [{"epoch": str(epoch), **dict.fromkeys(names, f"{epoch / 10}")} for epoch in range(1, 4)]
    with contextlib.suppress(FileNotFoundError):  # nothing was written
        curves.plot_training(tmp_path / "training.png", rows, "val/AP")
    first, *others = figures[0].axes
    line, best = first.get_lines()
    assert first.get_title().startswith("AP ") and np.asarray(best.get_xdata()).tolist() == [3]
    assert all(line.get_linewidth() > 2 * other.get_linewidth() for axes in others for other in axes.get_lines())
    lines = [line, *(other for axes in others for other in axes.get_lines())]
    assert len(lines) == len({str(other.get_color()) for other in lines}) == 8


def test_no_two_colours_of_lines_are_the_same() -> None:
    assert len({line_colour(index) for index in range(300)}) == 300
    assert len(set(class_line_colours([1, 25, 49, 2, 26]))) == 5  # the palette repeats every 24


def test_no_epoch_no_training_curves(tmp_path: Path) -> None:
    table = tmp_path / "metrics.csv"
    table.write_text("epoch,train/loss\n")
    curves.plot_training(tmp_path / "training.png", read_metrics(table))
    assert not (tmp_path / "training.png").exists()
