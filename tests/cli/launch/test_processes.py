"""Two processes, and several runs of two processes, from the console script."""

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]

# The console script with a training verb that only forms a process group and sums a number over it.
PROGRAM = """
import json, sys
from pathlib import Path
from types import SimpleNamespace

def run(cfg):
    import torch
    from hydra.core.hydra_config import HydraConfig
    from lightning.fabric import Fabric

    fabric = Fabric(accelerator="cpu", devices=cfg.trainer.devices, strategy="ddp")
    fabric.launch()
    total = fabric.all_reduce(torch.tensor(10.0**fabric.global_rank), reduce_op="sum")
    note = {"seed": cfg.seed, "sum": total.item(), "processes": fabric.world_size}
    Path(HydraConfig.get().runtime.output_dir, f"rank{fabric.global_rank}.json").write_text(json.dumps(note))
    fabric.barrier()

sys.modules["mnv3.cli.train"] = SimpleNamespace(run=run)
from mnv3.cli.main import main
main()
"""


def test_two_runs_of_two_processes(tmp_path: Path) -> None:
    """Each run has one folder, in which both of its processes wrote; nothing is left over from the first run."""
    program = tmp_path / "mnv3"
    program.write_text(PROGRAM)
    call = ["train", "seed=1,2", "-m", "trainer.devices=2", "trainer.accelerator=cpu"]
    done = subprocess.run(
        [sys.executable, str(program), *call],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    folders = sorted((tmp_path / "runs" / "ssdlite").iterdir())
    assert len(folders) == 2
    for seed, folder in enumerate(folders, start=1):
        notes = [json.loads((folder / f"rank{rank}.json").read_text()) for rank in (0, 1)]
        assert notes == [{"seed": seed, "sum": 11.0, "processes": 2}] * 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mnv3", "runs"]
