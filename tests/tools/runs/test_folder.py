"""What a run leaves behind can be read again."""

import json
import shlex
from pathlib import Path

import pytest
from lightning.pytorch.callbacks import Callback
from omegaconf import OmegaConf

from mnv3.tools.drawing.curves import plot_training
from mnv3.tools.errors import UserError
from mnv3.tools.runs.folder import RunFolder, is_finite, read_metrics
from tests.tools.training.tiny_task import fit


def test_description_can_be_read_back(tmp_path):
    """config.yaml by OmegaConf, overrides one a line, the command by a shell, env.json by json."""
    folder = RunFolder(tmp_path / "run")
    config = {"task": {"name": "ssdlite", "input_size": [320, 320]}, "init": None, "name": "it's"}
    argv = ["mnv3", "train", "name=it's", "data.root=/my data"]
    folder.describe(config, ["name=it's", "data.root=/my data"], argv, {"torch": "2.11"})
    assert OmegaConf.to_container(OmegaConf.load(folder.config)) == config
    assert (folder.path / "overrides.txt").read_text().splitlines() == argv[2:]
    assert shlex.split((folder.path / "command.txt").read_text()) == argv
    assert json.loads((folder.path / "env.json").read_text()) == {"torch": "2.11"}


def test_one_row_an_epoch_with_all_values(tmp_path):
    """Training and validation values side by side; an epoch that was not validated has an empty cell."""
    trainer, _ = fit(tmp_path, epochs=4, val_every=3)
    rows = read_metrics(tmp_path / "metrics.csv")
    assert [(row["epoch"], row["step"]) for row in rows] == [("1", "5"), ("2", "10"), ("3", "15"), ("4", "20")]
    assert {"train/loss", "val/score", "lr", "images_per_s", "seconds"} < rows[0].keys()
    assert [row["val/score"] == "" for row in rows] == [True, True, False, False]
    assert float(rows[3]["val/score"]) == pytest.approx(float(trainer.callback_metrics["val/score"]), rel=1e-5)


def test_resumed_run_has_each_epoch_once(tmp_path):
    """A kill between an epoch's row and its checkpoint: the epoch is repeated, its row is not."""

    class Killed(RuntimeError):
        pass

    class KillAfterRow(Callback):
        def on_save_checkpoint(self, trainer, pl_module, checkpoint):
            if trainer.current_epoch == 1:
                raise Killed

    fit(tmp_path / "whole", epochs=4)
    with pytest.raises(Killed):
        fit(tmp_path / "cut", epochs=4, callbacks=(KillAfterRow(),))
    assert len(read_metrics(tmp_path / "cut" / "metrics.csv")) == 2
    fit(tmp_path / "cut", epochs=4, resume=tmp_path / "cut" / "checkpoints" / "last.ckpt")
    whole, cut = (read_metrics(tmp_path / run / "metrics.csv") for run in ("whole", "cut"))
    assert [{**row, "images_per_s": 0, "seconds": 0} for row in cut] == [
        {**row, "images_per_s": 0, "seconds": 0} for row in whole
    ]


def test_numbers_of_a_file_are_finite_floats() -> None:
    """Whole numbers of JSON have no limit: one that no float can be stopped a comparison."""
    odd = [10**400, -(10**400), float("nan"), float("inf"), True, "1", None]
    assert [is_finite(value) for value in odd] == [False] * len(odd)
    assert all(map(is_finite, (0, -1, 0.5, 10**300)))


def test_a_run_does_not_write_over_files_of_others(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    folder.refuse_foreign()
    (tmp_path / "log.txt").touch()
    folder.refuse_foreign()
    (tmp_path / "samples").mkdir()
    with pytest.raises(UserError, match="samples"):
        folder.refuse_foreign()
    folder.describe({"seed": 0}, [], ["mnv3", "train"], {})  # as a run does that is queued again
    folder.refuse_foreign()


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        (
            "epoch,loss,AP\n-1,x,y\n1,x,0.5\n2,1.5,\n",
            [{"epoch": "1", "AP": "0.5"}, {"epoch": "2", "loss": "1.5", "AP": ""}],
        ),
        (
            "epoch,loss\n1,nan,7\n2,inf\n3\n",
            [{"epoch": str(i), "loss": x} for i, x in enumerate(("nan", "inf", ""), 1)],
        ),
        ("epoch,loss\n0,1\n1.5,1\n,1\n" + "9" * 5000 + ",1\n3,1e300\n", [{"epoch": "3"}]),
        ("a" * 200_000 + "\n", []),
        ("epoch,loss\n1,2\n" + "a" * 200_000 + "\n", [{"epoch": "1", "loss": "2"}]),
        ("loss\n1\n", []),
    ],
)
def test_what_is_no_number_in_metrics_is_left_out(tmp_path, caplog, text, rows):
    """With one warning; all that is left can be drawn, and a training goes on with it."""
    path = tmp_path / "metrics.csv"
    path.write_text(text)
    assert read_metrics(path) == rows
    (warning,) = caplog.records
    assert "metrics.csv" in warning.message
    plot_training(tmp_path / "x.png", rows)


def test_a_run_goes_on_with_damaged_metrics(tmp_path):
    """Its own rows are as they would be, and the file is whole again."""
    fit(tmp_path, epochs=2)
    (tmp_path / "metrics.csv").write_bytes(b"epoch,loss,AP\n-1,x,y\n1,\xff,0.5\n")
    fit(tmp_path, epochs=3, resume=tmp_path / "checkpoints" / "last.ckpt")
    rows = read_metrics(tmp_path / "metrics.csv")
    assert [(row["epoch"], row["AP"]) for row in rows] == [("1", "0.5"), ("3", "")]
