"""Batches for one or several processes: sharding, worker counts, and unreadable files."""

import os
from collections.abc import Callable, Iterator
from typing import Any, Protocol, TypeVar

import torch
from torch.utils.data import DataLoader, Sampler

from mnv3.tools.errors import UserError
from mnv3.tools.machine import shared_memory

Key = tuple[int, int]
"""(epoch, index), as samplers yield it: worker processes that outlive an epoch still know which it is."""

MAX_WORKERS = 8
"""Most workers for workers=auto: more help only fast GPUs, and each holds its own batches in memory."""

TRIES = 10
"""Samples tried in training when one cannot be read: it and those after it."""

REPORTS = 10
"""Unreadable images reported by name, before one last line."""

Sample = TypeVar("Sample")


class Batch(Protocol):
    """What `Loader` needs of a batch: its problems, and whether a black image replaces any of its images."""

    @property
    def problems(self) -> tuple[str, ...]: ...

    @property
    def has_gaps(self) -> bool: ...


class TrainingSampler(Sampler[Key]):
    """Process `rank`'s share of a shuffle by (seed, epoch), padded from the start of the shuffle so that all batches
    of all processes have the same size."""

    def __init__(self, images: int, batch_size: int, seed: int, rank: int = 0, world: int = 1) -> None:
        self.images, self.seed, self.rank, self.world = images, seed, rank, world
        self.epoch = 0
        self.length = -(-images // (batch_size * world)) * batch_size

    def set_epoch(self, epoch: int) -> None:
        """Called by Lightning before each epoch, resumed ones included."""
        self.epoch = epoch

    def __len__(self) -> int:
        return self.length

    def __iter__(self) -> Iterator[Key]:
        # Two numbers in one seed: no two seeds of realistic size share a shuffle.
        generator = torch.Generator().manual_seed(self.seed * 1_000_003 + self.epoch)
        order = torch.randperm(self.images, generator=generator).tolist()
        for place in range(self.rank, self.length * self.world, self.world):
            yield self.epoch, order[place % self.images]


class ScoringSampler(Sampler[Key]):
    """Process `rank`'s share of all images, each once; shares may differ by one image."""

    def __init__(self, images: int, rank: int = 0, world: int = 1) -> None:
        self.indices = range(rank, images, world)

    def __len__(self) -> int:
        return len(self.indices)

    def __iter__(self) -> Iterator[Key]:
        return ((0, index) for index in self.indices)


def first_readable(
    read: Callable[[int], Sample], index: int, count: int, tries: int
) -> tuple[Sample | None, tuple[str, ...]]:
    """Return `read(index)` or the next of `count` samples that can be read within `tries`, and the problems of those
    before it."""
    problems: list[str] = []
    for step in range(tries):
        try:
            return read((index + step) % count), tuple(problems)
        except UserError as error:
            problems += error.problems
    return None, tuple(problems)


class Loader(DataLoader[Any]):
    """DataLoader that reports unreadable images from the main process.

    on_error="raise" raises UserError; otherwise each goes to `log`, and training raises UserError if there are too
    many. In training, unreadable images are replaced; otherwise `fate` describes what happens to them.
    """

    def __init__(self, *args, training: bool, fate: str, on_error: str, log: Callable[[str], None], **options) -> None:
        begin = shared_memory.end_without_room
        super().__init__(*args, pin_memory=torch.cuda.is_available(), worker_init_fn=begin, **options)
        self.training, self.fate = training, "Another image is used instead." if training else fate
        self.on_error, self.log, self.reported = on_error, log, set()

    def __iter__(self) -> Iterator[Any]:  # type: ignore[override]  # batches are what the collate function makes
        batches = super().__iter__()
        try:
            for batch in batches:
                if batch.problems:
                    self._report(batch)
                yield batch
        except RuntimeError as error:
            if shared_memory.NO_ROOM in [process.exitcode for process in getattr(batches, "_workers", ())]:
                raise UserError(shared_memory.problem()) from error
            raise

    def _report(self, batch: Batch) -> None:
        if self.on_error == "raise":
            raise UserError(*batch.problems, "To continue without such images: data.on_error=skip.")
        if self.training and batch.has_gaps:
            raise UserError(*batch.problems, "Too many images cannot be read to train on this data set.")
        for problem in set(batch.problems) - self.reported:
            self.reported.add(problem)
            if len(self.reported) <= REPORTS:
                self.log(f"{problem} {self.fate}")
            elif len(self.reported) == REPORTS + 1:
                self.log("More images cannot be read; `mnv3 data check` lists them all.")


def training_loader(
    dataset: Any,
    collate: Callable[[list[Any]], Any],
    *,
    batch_size: int,
    seed: int,
    workers: int | str = "auto",
    on_error: str = "raise",
    rank: int = 0,
    world: int = 1,
    log: Callable[[str], None] = print,
) -> Loader:
    """Shuffled batches of `batch_size` for process `rank` of `world`; all batches are full.

    What an epoch holds depends on (seed, epoch) alone, however many loader processes there are: Lightning sets the
    epoch on `loader.sampler`.
    """
    count = worker_count(workers, world)
    return Loader(
        dataset,
        batch_size=batch_size,
        sampler=TrainingSampler(len(dataset), batch_size, seed, rank, world),
        num_workers=count,
        persistent_workers=count > 0,
        collate_fn=collate,
        training=True,
        fate="",
        on_error=on_error,
        log=log,
    )


def scoring_loader(
    dataset: Any,
    collate: Callable[[list[Any]], Any],
    batches: Callable[[Any], Any],
    fate: str,
    *,
    workers: int | str = "auto",
    on_error: str = "raise",
    rank: int = 0,
    world: int = 1,
    log: Callable[[str], None] = print,
) -> Loader:
    """All images once over all processes. `batches`: batch sampler of a sampler. `fate`: what becomes of an image
    that cannot be read."""
    return Loader(
        dataset,
        batch_sampler=batches(ScoringSampler(len(dataset), rank, world)),
        num_workers=worker_count(workers, world),
        collate_fn=collate,
        training=False,
        fate=fate,
        on_error=on_error,
        log=log,
    )


def worker_count(workers: int | str, world: int) -> int:
    """Return `workers`; for `auto`, the cores of this process (one of `world`) less one for training."""
    return max(1, min(MAX_WORKERS, _own_cores(world) - 1)) if workers == "auto" else int(workers)


def _own_cores(world: int) -> int:
    """Return the number of cores that this process may use and no other process of the run does.

    Slurm binds each task to cores of its own, or states how many it has; with other launchers the processes of a
    machine share its cores.
    """
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    given = {name: int(os.environ.get(name) or 0) for name in ("SLURM_CPUS_PER_TASK", "SLURM_CPUS_ON_NODE")}
    if "SLURM_PROCID" in os.environ and given["SLURM_CPUS_PER_TASK"]:
        return min(allowed, given["SLURM_CPUS_PER_TASK"])
    if "SLURM_PROCID" in os.environ and allowed < given["SLURM_CPUS_ON_NODE"]:
        return allowed
    gpus = torch.cuda.device_count() or world  # one process per GPU, so there are no more on this machine
    return allowed // (int(os.environ.get("LOCAL_WORLD_SIZE") or 0) or min(world, gpus))
