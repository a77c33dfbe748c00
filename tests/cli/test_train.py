"""mnv3 train as people call it: killed and resumed, in two processes, and dry."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from mnv3.ssdlite.data.coco.annotations import load_coco
from mnv3.ssdlite.evaluate.scorer import score_results
from mnv3.tools.runs.folder import read_metrics
from mnv3.tools.weights.checkpoint import read_checkpoint

REPOSITORY = Path(__file__).parents[2]
SMALL = (
    "task.input_size=[64,96]",
    "backbone.width=0.35",
    "dataset.train=10",
    "dataset.val=5",
    "dataset.height=64",
    "dataset.width=96",
    "recipe.batch_size=4",
    "recipe.warmup_steps=2",
    "trainer.accelerator=cpu",
)


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Path:
    """A folder where a user works; the data set is drawn there once."""
    return tmp_path_factory.mktemp("home")


def start(home: Path, *overrides: str) -> subprocess.Popen:
    environment = {
        **os.environ,
        "PYTHONPATH": str(REPOSITORY),
        "MNV3_DATA": str(home / "data"),
        "WANDB_MODE": "disabled",
        "OMP_NUM_THREADS": "1",
    }
    command = [sys.executable, "-m", "mnv3", "train", *overrides]
    return subprocess.Popen(
        command, cwd=home, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )


def finish(process: subprocess.Popen) -> str:
    output, _ = process.communicate(timeout=300)
    assert process.returncode == 0, output
    return output


def wait_for(path: Path, process: subprocess.Popen) -> None:
    while not path.exists():
        assert process.poll() is None, finish(process)
        time.sleep(0.02)


def test_kill_minus_9_and_resume_give_the_same_weights(home):
    """SIGKILL as soon as the first epoch is saved; `resume=` ends with the weights of the run that was not killed."""
    finish(start(home, *SMALL, "recipe.epochs=6", "name=whole"))
    killed = start(home, *SMALL, "recipe.epochs=6", "name=killed")
    folder = home / "runs" / "ssdlite" / "killed"
    wait_for(folder / "checkpoints" / "last.ckpt", killed)
    killed.send_signal(signal.SIGKILL)
    assert killed.wait() == -signal.SIGKILL
    assert read_checkpoint(folder / "checkpoints" / "last.ckpt")["epoch"] < 5
    output = finish(start(home, f"resume={folder.relative_to(home)}"))
    assert "epoch 6/6" in output and "epoch 1/6" not in output
    for name in ("last.ckpt", "best.ckpt"):
        whole = read_checkpoint(home / "runs" / "ssdlite" / "whole" / "checkpoints" / name)["state_dict"]
        resumed = read_checkpoint(folder / "checkpoints" / name)["state_dict"]
        assert all(torch.equal(whole[key], resumed[key]) for key in whole)
    assert [row["epoch"] for row in read_metrics(folder / "metrics.csv")] == list("123456")


def test_two_processes_share_the_work_and_agree_on_the_score(home):
    """5 validation images over 2 processes: each is scored once, and the report is of all of them."""
    output = finish(start(home, *SMALL, "recipe.epochs=3", "name=two", "trainer.devices=2"))
    assert output.count("epoch 3/3") == 1
    folder = home / "runs" / "ssdlite" / "two"
    assert [row["step"] for row in read_metrics(folder / "metrics.csv")] == ["3", "6", "9"]
    [root] = (home / "data" / "streets").glob("coco-*")
    data = load_coco(root / "annotations" / "instances_val.json", root / "val")
    results = json.loads((folder / "predictions" / "detections.json").read_text())
    keys = [(result["image_id"], tuple(result["bbox"]), result["category_id"], result["score"]) for result in results]
    assert len(keys) == len(set(keys)) and {key[0] for key in keys} == set(data.image_ids.tolist())
    reported = json.loads((folder / "metrics.json").read_text())
    assert reported["AP"] == pytest.approx(score_results(data, results).stats["AP"])
    assert reported["images"] == 5


def test_a_dry_run_tells_the_costs_and_leaves_nothing(tmp_path):
    """Parameters and multiply-adds of the paper's Table 6 (RF2, 91 slots); an empty folder stays empty."""
    output = finish(start(tmp_path, "backbone.rf2=true", "dataset.class_slots=category_id", "dry=true"))
    assert "1,765,279" in output and "162,303,424" in output and "one step" in output and "memory" in output
    assert list(tmp_path.iterdir()) == []


def test_what_a_run_was_called_with_can_be_read_back(home):
    """command.txt and overrides.txt repeat the call; the log has what the console had."""
    finish(start(home, *SMALL, "recipe.epochs=1", "name=call"))
    folder = home / "runs" / "ssdlite" / "call"
    overrides = [*SMALL, "recipe.epochs=1", "name=call"]
    assert (folder / "overrides.txt").read_text().splitlines() == overrides
    assert (folder / "command.txt").read_text().startswith("mnv3 train 'task.input_size=[64,96]' ")
    assert json.loads((folder / "env.json").read_text())["torch"].startswith(torch.__version__)
    assert "epoch 1/1" in (folder / "log.txt").read_text()


@pytest.mark.parametrize("dry", ["false", "true"])
def test_a_batch_that_batch_norm_cannot_train_on_is_refused(home, dry):
    process = start(home, *SMALL, "recipe.batch_size=1", f"dry={dry}", "name=one")
    output, _ = process.communicate(timeout=300)
    assert process.returncode == 2
    assert "recipe.batch_size=1" in output and "give at least recipe.batch_size=2" in output
    assert not (home / "runs" / "ssdlite" / "one").exists()
