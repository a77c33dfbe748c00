"""W&B without a server: what an offline run has written, read back by W&B's own reader."""

import json
import subprocess
import sys

import numpy as np
import pytest

from tests.tools.tiny_task import fit
from tools.tracking import boxed_image, start_run, upload_checkpoint, wandb_mode

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
        summary={"val/score": "max"},
    )


def test_a_training_is_written_offline_and_a_resumed_one_goes_on_in_it(tmp_path):
    """Group, tags, job type, config, values over epochs, best as summary, boxes; one run id for both parts."""
    for epochs, resume in ((2, None), (3, tmp_path / "run" / "checkpoints" / "last.ckpt")):
        run = begin(tmp_path / "run")
        try:
            fit(tmp_path / "run", epochs=epochs, resume=resume, wandb_run=run)
            image = np.zeros((20, 30, 3), np.uint8)
            run.log({"samples": boxed_image(image, [[1, 2, 10, 12]], ["cat"], [0.9], ["dog", "cat"], ([], []))})
            upload_checkpoint(run, tmp_path / "run" / "checkpoints" / "best.ckpt", {})
        finally:
            run.finish()
    text = [json.dumps(record) for record in inspect(tmp_path / "run")]
    everything = "\n".join(text)
    for expected in ("table6", "mine", "tiny", '"train"', "val/score", "train/loss", "images_per_s", "boxes2D"):
        assert expected in everything, expected
    starts = [line for line in text if "run_id" in line and "table6" in line]
    ids = {json.loads(line)["run"]["run_id"] for line in starts}
    assert len(starts) == 2 and len(ids) == 1
    assert any("val/score" in line and "max" in line.lower() and "metric" in line for line in text)


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
    code = "from tools.tracking import wandb_mode; print(wandb_mode(None))"
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, stdin=subprocess.DEVNULL
    )
    assert found.stdout.split() == ["online"]
