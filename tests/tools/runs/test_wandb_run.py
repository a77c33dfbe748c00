"""W&B without a server: what an offline run has written, read back by W&B's own reader."""

import contextlib
import json
import subprocess
import sys

import numpy as np
import pytest
from lightning.pytorch.loggers import WandbLogger

from mnv3.tools.paper.cost import RowCost
from mnv3.tools.runs.report import Reported, track
from mnv3.tools.runs.wandb_run import boxed_image, finishing, start_run, upload_checkpoint, wandb_mode
from mnv3.tools.runs.wandb_summary import cost_figures, score_figures
from tests.tools.training.tiny_task import fit

SETTINGS = {"mode": "offline", "project": "mnv3", "group": "table6", "tags": ["mine"], "name": None}


@pytest.fixture(autouse=True)
def fresh_machine(tmp_path, monkeypatch):
    """No key, no mode, no settings, no home: as on a machine that has never seen W&B."""
    for name in ("WANDB_MODE", "WANDB_API_KEY", "WANDB_PROJECT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("NETRC", str(tmp_path / "home" / ".netrc"))
    monkeypatch.setenv("WANDB_CONFIG_DIR", str(tmp_path / "home" / "wandb"))


def inspect(folder):
    """Records of the offline runs in `folder`, as `wandb leet inspect --json` prints them."""
    files = sorted(folder.glob("wandb/offline-run-*/*.wandb"))
    assert files
    command = [sys.executable, "-m", "wandb", "leet", "inspect", "--json"]
    outputs = [
        subprocess.run([*command, str(file)], capture_output=True, text=True, check=True).stdout for file in files
    ]
    return [json.loads(line) for output in outputs for line in output.splitlines() if line.startswith("{")]


def begin(folder, **changes):
    return start_run(
        {**SETTINGS, **changes},
        folder,
        job_type="train",
        config={"task": {"name": "tiny"}, "seed": 3},
        tags=["tiny", "mine"],
    )


def test_a_training_is_written_offline_and_a_resumed_one_goes_on_in_it(tmp_path):
    """Group, tags, job type, config, values over epochs, best as summary, boxes; one run id for both parts."""
    for epochs, resume in ((2, None), (3, tmp_path / "run" / "checkpoints" / "last.ckpt")):
        run = begin(tmp_path / "run")
        try:
            fit(tmp_path / "run", epochs=epochs, resume=resume, loggers=[WandbLogger(experiment=run)])
            image = np.zeros((20, 30, 3), np.uint8)
            run.log({"samples": boxed_image(image, [[1, 2, 10, 12]], ["cat"], [0.9], ["dog", "cat"], ([], []))})
            upload_checkpoint(run, tmp_path / "run" / "checkpoints" / "best.ckpt", {})
        finally:
            run.finish()
    text = [json.dumps(record) for record in inspect(tmp_path / "run")]
    everything = "\n".join(text)
    for expected in (
        "table6",
        "mine",
        "tiny",
        '"train"',
        "val/score",
        "train/loss",
        "images_per_s",
        "boxes2D",
        "step/loss",
        "step/lr",
    ):
        assert expected in everything, expected
    starts = [line for line in text if "run_id" in line and "table6" in line]
    ids = {json.loads(line)["run"]["run_id"] for line in starts}
    assert len(starts) == 2 and len(ids) == 1


@pytest.mark.parametrize(("error", "code"), [(None, 0), (RuntimeError("no"), 1), (KeyboardInterrupt(), 1)])
def test_a_run_that_fails_or_is_stopped_is_not_finished(tmp_path, error, code):
    """What W&B calls it is decided by the exit code that it is told."""
    run = begin(tmp_path / "run")
    with contextlib.suppress(RuntimeError, KeyboardInterrupt), finishing(run):
        run.log({"epoch": 1})
        if error is not None:
            raise error
    [end] = [record["exit"] for record in inspect(tmp_path / "run") if record["type"] == "exit"]
    assert end.get("exit_code", 0) == code


def summary(folder):
    """The summary of the only run in `folder`, and the record of its beginning."""
    [file] = folder.glob("wandb/offline-run-*/*.wandb")
    command = [sys.executable, "-m", "wandb", "leet", "inspect", "--json", "--summary", str(file)]
    whole = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    [start] = [record["run"] for record in inspect(folder) if record["type"] == "run" and "run_id" in record["run"]]
    return whole["summary"], start


ROW = "table6/v3_small_rf2"
COST = RowCost(params=1_765_279, params_plain=1_790_000, madds=162_303_424, madds_plain=162_303_424)


def score(folder, *, dataset="coco", row: str | None = ROW, group: str | None = None):
    """An evaluation as W&B gets it."""
    config = {
        "task": {"name": "ssdlite"},
        "backbone": {"name": "small"},
        "dataset": {"name": dataset},
        "eval": {"split": "val"},
        "wandb": {**SETTINGS, "group": group},
        "row": row,
    }
    track(config, folder, "best.ckpt", Reported({"AP": 0.1584}, list, dict), lambda: COST)
    return summary(folder)


def test_a_run_of_a_row_has_the_papers_figures_beside_ours(tmp_path):
    """Group, tags and job type of the row; figures in the paper's units; the score too, because it is COCO's."""
    figures, start = score(tmp_path)
    assert (start["run_group"], start["job_type"]) == (ROW, "eval")
    assert set(start["tags"]) == {"ssdlite", "small", "coco", "val", "table6", ROW, "mine"}
    ours = {name: value for name, value in figures.items() if name.partition("/")[0] in ("paper", "ours", "delta")}
    assert ours == {
        "paper/mAP": 16.1,
        "paper/params": 1.77,
        "paper/madds": 0.16,
        "paper/latency": 43,
        "paper/latency_v1": 56.2,
        "paper/data": "coco test",
        "ours/params": 1.7653,
        "ours/madds": 0.1623,
        "ours/mAP": 15.84,
        "ours/data": "coco val",
        "delta/params": -0.0047,
        "delta/madds": 0.0023,
        "delta/mAP": -0.26,
    }


def test_streets_are_never_held_against_coco(tmp_path):
    """Costs are compared, the score is not; a group of the user's own stands."""
    figures, start = score(tmp_path, dataset="streets", group="mine")
    assert start["run_group"] == "mine" and ROW in start["tags"]
    assert figures["ours/data"] == "streets val" and figures["val/AP"] == 0.1584
    assert {name for name in figures if name.startswith("delta/")} == {"delta/params", "delta/madds"}
    assert "ours/mAP" not in figures


def test_a_run_of_no_row_has_nothing_of_the_paper(tmp_path):
    """The group is of network and data; there are no tags and no figures of a row."""
    figures, start = score(tmp_path, row=None)
    assert start["run_group"] == "ssdlite-small-coco" and set(start["tags"]) == {
        "ssdlite",
        "small",
        "coco",
        "val",
        "mine",
    }
    assert not [name for name in figures if name.startswith(("paper/", "ours/", "delta/"))]


def test_rows_without_parameters_and_with_half_the_size():
    """Table 8 prints no parameters; its half resolution is compared where ours is counted."""
    figures = cost_figures("table8/v3_small_os16", RowCost(470_000, 470_000, 2_900_000_000, 1, 743_000_000))
    assert figures["ours/params"] == 0.47 and "delta/params" not in figures
    assert (figures["paper/half_madds"], figures["ours/half_madds"], figures["delta/half_madds"]) == (
        0.74,
        0.743,
        0.003,
    )
    assert figures["paper/data"] == "cityscapes test"
    assert score_figures("table7/v3_small_rf2_lraspp", "cityscapes", "val", {"mIoU": 0.6838})["delta/mIoU"] == 0
    assert "delta/mIoU" not in score_figures("table7/v3_small_rf2_lraspp", "cityscapes", "train", {"mIoU": 0.9})


def test_a_trial_of_a_sweep_is_the_run_that_its_agent_has_begun(tmp_path, monkeypatch):
    """Its id, also where it is gone on with later; and the score as a plain number, which the search can read."""
    monkeypatch.setenv("WANDB_SWEEP_ID", "sweep1")
    monkeypatch.setenv("WANDB_RUN_ID", "trial1")
    run = begin(tmp_path)
    run.log({"epoch": 1, "val/score": 0.25})
    run.finish()
    figures, start = summary(tmp_path)
    assert start["run_id"] == "trial1" and figures["val/score"] == 0.25
    monkeypatch.delenv("WANDB_SWEEP_ID")
    monkeypatch.delenv("WANDB_RUN_ID")
    resumed = begin(tmp_path)
    resumed.finish()
    assert resumed.id == "trial1"


def test_disabled_writes_nothing(tmp_path):
    """mode=disabled."""
    assert begin(tmp_path / "run", mode="disabled") is None
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("environment", "asked", "mode"),
    [
        (None, None, "offline"),
        (None, "online", "online"),
        ("disabled", "online", "disabled"),
        ("dryrun", None, "offline"),
    ],
)
def test_mode_without_a_key(monkeypatch, environment, asked, mode):
    """A fresh machine is offline, an asked mode counts, and WANDB_MODE wins."""
    if environment:
        monkeypatch.setenv("WANDB_MODE", environment)
    assert wandb_mode(asked) == mode


def test_a_configured_key_means_online(monkeypatch, tmp_path):
    """In a process of its own, because W&B keeps credentials for a process's life."""
    monkeypatch.setenv("WANDB_API_KEY", "0" * 40)
    code = "from mnv3.tools.runs.wandb_run import wandb_mode; print(wandb_mode(None))"
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, stdin=subprocess.DEVNULL
    )
    assert found.stdout.split() == ["online"]
