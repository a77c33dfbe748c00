"""What comparisons with torchvision are made of in every task: training steps, passes over a loader, contestants."""

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, nn

from mnv3.tools.bench.contestant import Contestant
from mnv3.tools.bench.rounds import Comparison

OURS, THEIRS = "mnv3", "torchvision"
THEIRS_KEEPING = "torchvision, our allocator"

Function = Callable[[], object]
Step = Callable[..., None]
Work = tuple[Callable[..., Function], tuple[Any, ...]]
"""What makes a contestant's function in its process, and the arguments."""


def three_ways(title: str, ours: Work, theirs: Work, **more: Any) -> Comparison:
    """Compare ours, theirs as it comes, and theirs with the allocator set as `mnv3 train` sets it."""
    contestants = {
        OURS: Contestant(*ours, keep_freed=True),
        THEIRS: Contestant(*theirs, keep_freed=False),
        THEIRS_KEEPING: Contestant(*theirs, keep_freed=True),
    }
    return Comparison(title, OURS, contestants, **more)


def finished(result: object = None) -> object:
    """Return `result` when the GPU, if one is used, has done its work."""
    if torch.cuda.is_initialized():
        torch.cuda.synchronize()
    return result


def training_step(network: nn.Module, loss: Callable[..., Tensor], precision: str, device: str) -> Step:
    """Return one step of SGD: a function of what `loss` takes."""
    optimizer = torch.optim.SGD(network.parameters(), lr=1e-4, momentum=0.9, weight_decay=4e-5)
    kind = torch.device(device).type

    def step(*batch: Any) -> None:
        optimizer.zero_grad()
        with torch.autocast(kind, torch.bfloat16, enabled=precision == "bfloat16"):
            value = loss(*batch)
        value.backward()
        optimizer.step()
        finished()

    return step


def batches(loader: Iterable[Any]) -> Iterable[Any]:
    """Return the loader at its next epoch, which has other crops than the last one."""
    sampler: Any = getattr(loader, "sampler", None)
    if hasattr(sampler, "set_epoch"):
        sampler.set_epoch(sampler.epoch + 1)
    return loader


def loading(loader: Iterable[Any], use: Callable[[Any], object] = id) -> Function:
    """Return a pass over a loader without processes, by one core; each batch is given to `use`."""
    torch.set_num_threads(1)

    def load() -> None:
        for batch in batches(loader):
            use(batch)

    return load


def first_step(loader: Iterable[Any], step: Step, prepare: Callable[[Any], tuple[Any, ...]]) -> Function:
    """Return `step` on the first batch, of which `prepare` makes its arguments."""
    arguments = prepare(next(iter(loader)))
    return lambda: step(*arguments)


def epoch(loader: Iterable[Any], step: Step, prepare: Callable[[Any], tuple[Any, ...]]) -> Function:
    """Return a pass over a loader with a step for each batch."""

    def train() -> None:
        for batch in batches(loader):
            step(*prepare(batch))

    return train
