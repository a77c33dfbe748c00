"""mnv3 train task=lraspp as people call it: killed and resumed, in two processes, and dry."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import torch
from omegaconf import OmegaConf

from mnv3.lraspp.data.sets import open_dataset
from mnv3.lraspp.evaluate.run import segment_all
from mnv3.lraspp.weights.load import load_segmenter
from mnv3.tools.runs.folder import read_metrics
from mnv3.tools.weights.checkpoint import read_checkpoint
from tests.lraspp.conftest import SMALL

REPOSITORY = Path(__file__).parents[2]


def start(home: Path, root: Path, *overrides: str) -> subprocess.Popen:
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY), "MNV3_DATA": str(root), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "mnv3", "train", "task=lraspp", *overrides]
    return subprocess.Popen(
        command, cwd=home, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )


def finish(process: subprocess.Popen) -> str:
    output, _ = process.communicate(timeout=300)
    assert process.returncode == 0, output
    return output


def test_kill_minus_9_and_resume_give_the_same_weights(tmp_path, cityscapes_root):
    """SIGKILL as soon as the first epoch is saved; `resume=` ends with the weights of the run that was not killed."""
    finish(start(tmp_path, cityscapes_root, *SMALL, "recipe.epochs=6", "recipe.lovasz=1", "name=whole"))
    killed = start(tmp_path, cityscapes_root, *SMALL, "recipe.epochs=6", "recipe.lovasz=1", "name=killed")
    runs = tmp_path / "runs" / "lraspp"
    last = runs / "killed" / "checkpoints" / "last.ckpt"
    while not last.exists():
        assert killed.poll() is None, finish(killed)
        time.sleep(0.02)
    killed.send_signal(signal.SIGKILL)
    assert killed.wait() == -signal.SIGKILL
    assert read_checkpoint(last)["epoch"] < 5
    output = finish(start(tmp_path, cityscapes_root, "resume=runs/lraspp/killed"))
    assert "epoch 6/6" in output and "epoch 1/6" not in output
    for name in ("last.ckpt", "best.ckpt"):
        whole, resumed = (
            read_checkpoint(runs / run / "checkpoints" / name)["state_dict"] for run in ("whole", "killed")
        )
        assert all(torch.equal(whole[key], resumed[key]) for key in whole)
    assert [row["epoch"] for row in read_metrics(runs / "killed" / "metrics.csv")] == list("123456")


def test_two_processes_share_the_work_and_agree_on_the_score(tmp_path, cityscapes_root):
    """5 validation frames over 2 processes: each is scored once, and one process finds the very same mIoU."""
    output = finish(start(tmp_path, cityscapes_root, *SMALL, "recipe.lr=0.05", "name=two", "trainer.devices=2"))
    assert output.count("epoch 3/3") == 1 and output.count("scored at") == 1
    folder = tmp_path / "runs" / "lraspp" / "two"
    assert [row["step"] for row in read_metrics(folder / "metrics.csv")] == ["3", "6", "9"]
    loaded = load_segmenter(folder / "checkpoints" / "best.ckpt")
    settings = {"accelerator": "cpu", "devices": 1, "batch_size": None, "precision": "32-true", "flip": False}
    config = {**loaded.config, "eval": {**settings, "scales": [1.0]}}
    data = open_dataset(OmegaConf.create(config["dataset"]), OmegaConf.create(config["data"]), "val")
    scores = segment_all(loaded.segmenter, data, config).scores
    reported = json.loads((folder / "metrics.json").read_text())
    assert reported["mIoU"] == scores.stats["mIoU"] > 0
    assert {name: entry["pixels"] for name, entry in reported["per_class"].items()} == scores.pixels


def test_a_dry_run_tells_the_costs_and_leaves_nothing(tmp_path):
    """The paper's parameters of the small network (Table 7); an empty folder stays empty."""
    output = finish(start(tmp_path, tmp_path / "none", "backbone=small", "recipe.batch_size=2", "dry=true"))
    assert "468,830" in output and "one step" in output and "label maps (2, 360, 480)" in output
    assert list(tmp_path.iterdir()) == []
