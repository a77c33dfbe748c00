"""`mnv3 compare` from the words of a call to what is printed and written."""

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from omegaconf import OmegaConf

from mnv3.cli.call.comparing import parse
from mnv3.cli.call.composing import composer
from mnv3.cli.completion import candidates
from mnv3.conf.new_keys import completed
from mnv3.tools.errors import UserError
from mnv3.tools.runs.folder import RunFolder

Call = Callable[..., int]


def make_run(folder: Path, overrides: list[str], figures: dict[str, float]) -> None:
    """A run as training leaves it, without checkpoints and pictures."""
    with composer("train") as compose:
        config: Any = OmegaConf.to_container(compose([*overrides, "dataset.val=16", "data.root=/data"]), resolve=True)
    run = RunFolder(folder)
    run.describe(config, overrides, ["mnv3", "train", *overrides], {})
    with run.metrics_csv.open("w", newline="") as file:
        writer = csv.DictWriter(file, ["epoch", "seconds", "train/loss", *(f"val/{name}" for name in figures)])
        writer.writeheader()
        for epoch in (1, 2):
            values = {f"val/{name}": value * epoch / 2 for name, value in figures.items()}
            writer.writerow({"epoch": epoch, "seconds": 30 * epoch, "train/loss": 3 / epoch, **values})
    cost = {"conv_params": 1, "trainable_params": 2_490_000, "madds": 210_000_000}
    run.facts.write_text(json.dumps({"cost": cost, "classes": 8}))
    (folder / "metrics.json").write_text(json.dumps({**figures, "epoch": 2, "checkpoint": "checkpoints/best.ckpt"}))


@pytest.fixture
def runs(call: Call) -> None:
    """Two runs of detection, one of segmentation, in runs/ of the empty folder that `call` works in."""
    make_run(Path("runs/ssdlite/a"), ["backbone=small"], {"AP": 0.25, "AP50": 0.5})
    make_run(Path("runs/ssdlite/b"), ["backbone=large", "seed=1"], {"AP": 0.35, "AP50": 0.6})
    make_run(Path("runs/lraspp/c"), ["task=lraspp"], {"mIoU": 0.45, "pixel_accuracy": 0.9})


@pytest.mark.usefixtures("runs")
def test_two_runs(call: Call, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("compare", "a", "runs/ssdlite/b", "--html", "page.html", "out=pictures") == 0
    out = capsys.readouterr().out
    lines = [line.split() for line in out.splitlines()]
    assert ["1", "small", "0", "2.49", "0.210", "2", "of", "12", "0:01:00", "runs/ssdlite/a"] in lines
    assert ["1", "small", "0.250", "0.500", "0.250", "best.ckpt", "2"] in lines
    assert ["2", "large", "0.350", "0.600", "0.350", "best.ckpt", "2"] in lines
    assert ["backbone.name", "small", "large"] in lines and ["seed", "0", "1"] in lines
    assert "data.root" not in out and "dataset.val" not in out
    assert "Curves of score and loss: pictures/curves.png" in out and "Page: page.html" in out
    assert Path("pictures/curves.png").is_file() and not Path("runs/compare").exists()
    page = Path("page.html").read_text()
    assert "0.350" in page and "data:image/png" in page and "mnv3 train backbone=large" in page


@pytest.mark.usefixtures("runs")
def test_two_tasks_and_a_run_on_other_data_have_tables_of_their_own(
    call: Call, capsys: pytest.CaptureFixture[str]
) -> None:
    make_run(Path("runs/ssdlite/d"), ["dataset.seed=5"], {"AP": 0.15})
    assert call("compare", "runs/*/*", "--all") == 0
    out = capsys.readouterr().out
    assert "Scores on streets, val, seed=0" in out and "Scores on streets, val, seed=5" in out
    assert "different data" in out
    assert "mIoU" in out and "its classes and its input size" in out and "All figures" in out
    (written,) = Path("runs/compare").iterdir()
    assert [file.name for file in written.iterdir()] == ["curves.png"]


@pytest.mark.usefixtures("runs")
def test_rows_of_the_paper_are_counted_by_its_rule(call: Call, capsys: pytest.CaptureFixture[str]) -> None:
    """With 91 classes, whatever they were trained on; beside a run of no row, each has what it has."""
    make_run(Path("runs/ssdlite/row"), ["experiment=table6/v3_small_rf2", "dataset=streets"], {"AP": 0.2})
    assert call("compare", "row") == 0
    out = capsys.readouterr().out
    assert "Table 6" in out and ["1.77", "0.162"] in [line.split()[3:5] for line in out.splitlines()]
    assert call("compare", "row", "a") == 0
    out = capsys.readouterr().out
    assert "Table 6" not in out and out.count("2.49") == 2
    Path("runs/ssdlite/a/facts.json").write_text("{}")  # of an older run
    assert call("compare", "a") == 0
    assert ["1", "a", "0", "-", "-"] in [line.split()[:5] for line in capsys.readouterr().out.splitlines()]


@pytest.mark.usefixtures("runs")
def test_filters(call: Call, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("compare", "task=ssdlite", "seed=1") == 0
    out = capsys.readouterr().out
    assert "runs/ssdlite/b" in out and "runs/ssdlite/a" not in out and "runs/lraspp/c" not in out
    assert call("compare", "task=ssdlite", "backbone=tiny") == 2
    assert "backbone is large, small" in capsys.readouterr().err


@pytest.mark.usefixtures("runs")
def test_the_good_ones_are_compared_and_the_others_told(call: Call, capsys: pytest.CaptureFixture[str]) -> None:
    Path("runs/ssdlite/begun").mkdir()
    Path("runs/ssdlite/b/config.yaml").write_text("task: {name:")
    assert call("compare", "a", "b", "begun", "png=c.png") == 0
    out = capsys.readouterr().out
    assert "Note: runs/ssdlite/b/config.yaml cannot be read: it is damaged; " in out
    assert "Note: runs/ssdlite/begun has no config.yaml" in out and "0.250" in out and Path("c.png").is_file()
    assert call("compare", "b", "begun") == 2
    err = capsys.readouterr().err
    assert "2 mistakes" in err and "damaged" in err and "no config.yaml" in err


@pytest.mark.usefixtures("runs")
def test_a_network_that_cannot_be_built_has_dashes_for_costs(call: Call, capsys: pytest.CaptureFixture[str]) -> None:
    file = Path("runs/ssdlite/a/config.yaml")
    file.write_text(file.read_text().replace("name: small", "name: tiny").replace("row: null", "row: table6/v3_small"))
    assert call("compare", "a") == 0
    assert ["1", "a", "0", "-", "-"] in [line.split()[:5] for line in capsys.readouterr().out.splitlines()]


@pytest.mark.parametrize(
    ("argv", "sentence"),
    [
        ([], "No runs are named"),
        (["--html"], "--html needs a value"),
        (["--htlm", "x"], "There is no flag --htlm; did you mean html=?"),
        (["a", "png=c.svg"], "must be the name of a .png file"),
        (["a", "all=perhaps"], "must be true or false"),
        (["a", "out="], "out= has no value"),
        (["zzz"], "There is no run zzz; in runs/ there are"),
        (["wandb=me/mnv3"], "needs a key"),
        (["bakbone=small"], "no run has a key 'bakbone'; did you mean backbone?"),
    ],
)
@pytest.mark.usefixtures("runs")
def test_mistakes(
    call: Call,
    argv: list[str],
    sentence: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("wandb.login", lambda **options: False)
    assert call("compare", *argv) == 2
    assert sentence in capsys.readouterr().err


def test_words_options_and_filters(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("lr=0.1").mkdir()
    asked = parse(["a", "--html=x.html", "--png", "c.png", "tag=table6", "lr=0.1", "recipe.lr=0.1", "--all", "b"])
    assert (asked.words, asked.html, asked.png, asked.all) == (["a", "lr=0.1", "b"], "x.html", "c.png", True)
    assert asked.filters == {"tag": "table6", "recipe.lr": "0.1"}
    with pytest.raises(UserError) as error:
        parse(["--bad", "all=no", "out="])
    assert len(error.value.problems) == 3


@pytest.mark.usefixtures("runs")
def test_completion_and_help(call: Call, capsys: pytest.CaptureFixture[str]) -> None:
    assert candidates("mnv3 compare runs/ssd") == ["runs/ssdlite/a", "runs/ssdlite/b"]
    assert candidates("mnv3 compare a ht") == ["html="] and candidates("mnv3 compare html=p") == ["<file>"]
    assert candidates("mnv3 compare task=s") == ["task=ssdlite"] and candidates("mnv3 compare ../x") == ["<file>"]
    assert call("compare", "--help") == 0
    assert "usage: mnv3 compare [RUN ...] [key=value ...]" in capsys.readouterr().out


def test_keys_younger_than_a_configuration_have_their_defaults() -> None:
    with composer("train") as compose:
        now: Any = OmegaConf.to_container(compose(["data.root=/data"]), resolve=True)
    before = {**now, "backbone": {"name": "small"}}
    del before["init"]
    whole = completed(before)
    assert whole["backbone"]["width"] == 1.0 and whole["backbone"]["rf2"] is False and whole["init"] is None
    assert whole["task"] == now["task"] and set(before["backbone"]) == {"name"}
    assert completed(now) == now
