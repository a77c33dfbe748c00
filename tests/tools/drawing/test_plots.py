"""Plots: every case that a run can bring draws a whole picture, with what it should say in it."""

from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from mnv3.tools.drawing import plots
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
    plots.plot_pr_curves(
        tmp_path / "pr.png", np.linspace(0, 1, 101), {"IoU 0.50": precision}, ["a", "b", "c"], [1, 2, 3]
    )
    assert texts == ["IoU 0.50", "b  0.750", "a  0.250", "mean of 2  0.500"]
    assert is_picture(tmp_path / "pr.png")


def test_pr_curves_of_many_classes_name_the_mean_only(tmp_path: Path, texts: list[str]) -> None:
    plots.plot_pr_curves(
        tmp_path / "pr.png", np.linspace(0, 1, 101), {"x": np.ones((101, 80))}, ["n"] * 80, list(range(80))
    )
    assert texts == ["x", "mean of 80  1.000"]


def test_confusion_shows_counts_and_row_shares(tmp_path: Path, texts: list[str]) -> None:
    plots.plot_confusion(tmp_path / "c.png", np.array([[3, 1], [0, 0]]), ["cell", "background"], "IoU 0.5")
    assert texts == ["counts", "3", "1", "shares of each row", "0.75", "0.25"]
    assert is_picture(tmp_path / "c.png")


def test_confusion_of_pixels_shows_shares_both_ways(tmp_path: Path, texts: list[str]) -> None:
    matrix = np.array([[3_000_000, 1_000_000], [9_000, 9_000_000]])
    plots.plot_confusion(tmp_path / "c.png", matrix, ["road", "car"], "pixels", counts=False)
    assert texts == ["shares of each column", "1.00", "0.10", "0.90", "shares of each row", "0.75", "0.25", "1.00"]


def test_large_confusion_has_no_numbers(tmp_path: Path, texts: list[str]) -> None:
    plots.plot_confusion(tmp_path / "c.png", np.ones((30, 30), dtype=np.int64), ["n"] * 30, "")
    assert texts == ["counts", "shares of each row"]


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
    plots.plot_training(tmp_path / "training.png", read_metrics(table))
    assert texts == ["loss", "train/loss", "validation", "val/AP", "learning rate", "lr"]
    assert is_picture(tmp_path / "training.png")


def test_no_epoch_no_training_curves(tmp_path: Path) -> None:
    table = tmp_path / "metrics.csv"
    table.write_text("epoch,train/loss\n")
    plots.plot_training(tmp_path / "training.png", read_metrics(table))
    assert not (tmp_path / "training.png").exists()
