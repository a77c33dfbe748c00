"""Who loads what."""

import numpy as np
import pytest

from mnv3.tools.data.loader import ScoringSampler, TrainingSampler, first_readable, worker_count
from mnv3.tools.errors import UserError


@pytest.mark.parametrize(("images", "batch_size", "world"), [(10, 3, 1), (10, 3, 2), (7, 4, 3), (2, 8, 2), (12, 4, 3)])
def test_training_shares_are_equal_full_batches_of_every_image(images, batch_size, world):
    shares = [list(TrainingSampler(images, batch_size, 0, rank, world)) for rank in range(world)]
    assert {len(share) for share in shares} == {len(TrainingSampler(images, batch_size, 0, 0, world))}
    assert len(shares[0]) % batch_size == 0 and len(shares[0]) * world - images < batch_size * world
    counts = np.bincount([index for share in shares for _, index in share], minlength=images)
    assert counts.min() >= 1 and counts.max() - counts.min() <= 1


def test_two_processes_train_on_the_images_of_one():
    def batches(world, size):
        shares = [list(TrainingSampler(24, size, 3, rank, world)) for rank in range(world)]
        starts = range(0, len(shares[0]), size)
        return [{key for share in shares for key in share[start : start + size]} for start in starts]

    assert batches(1, 8) == batches(2, 4)


@pytest.mark.parametrize("world", [1, 2, 3])
def test_scoring_shares_hold_every_image_once(world):
    shares = [list(ScoringSampler(10, rank, world)) for rank in range(world)]
    assert sorted(index for share in shares for _, index in share) == list(range(10))
    assert [len(share) for share in shares] == [len(ScoringSampler(10, rank, world)) for rank in range(world)]


def test_the_next_readable_sample_takes_the_place():
    def read(index):
        if index in (2, 3, 0):
            raise UserError(f"no {index}")
        return index

    assert first_readable(read, 1, 4, tries=3) == (1, ())
    assert first_readable(read, 2, 4, tries=4) == (1, ("no 2", "no 3", "no 0"))
    assert first_readable(read, 2, 4, tries=2) == (None, ("no 2", "no 3"))


def test_workers_that_are_named_are_taken():
    assert worker_count(0, 2) == 0 and worker_count("3", 1) == 3


@pytest.mark.parametrize(
    ("allowed", "world", "environment", "workers"),
    [
        (8, 1, {}, 7),
        (64, 1, {}, 8),
        (16, 4, {}, 3),
        (16, 4, {"LOCAL_WORLD_SIZE": "2"}, 7),  # torchrun on two machines
        (2, 4, {}, 1),
        (6, 4, {"SLURM_PROCID": "0", "SLURM_CPUS_PER_TASK": "6"}, 5),  # bound to cores of its own
        (24, 4, {"SLURM_PROCID": "0", "SLURM_CPUS_PER_TASK": "6"}, 5),  # not bound
        (6, 8, {"SLURM_PROCID": "0", "SLURM_CPUS_ON_NODE": "24"}, 5),  # bound, two nodes
        (24, 4, {"SLURM_PROCID": "0", "SLURM_CPUS_ON_NODE": "24"}, 5),  # neither bound nor told
        (6, 4, {"SLURM_CPUS_PER_TASK": "3"}, 1),  # of the shell on a login node: no task of Slurm's
    ],
)
def test_workers_have_the_cores_of_their_process(monkeypatch, allowed, world, environment, workers):
    for name in ("LOCAL_WORLD_SIZE", "SLURM_PROCID", "SLURM_CPUS_PER_TASK", "SLURM_CPUS_ON_NODE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("os.sched_getaffinity", lambda _: set(range(allowed)), raising=False)
    monkeypatch.setattr("torch.cuda.device_count", lambda: 0)
    assert worker_count("auto", world) == workers
