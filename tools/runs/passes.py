"""One pass over a data set to score it, by one process or by several, whatever the task."""

from collections.abc import Callable, Iterable
from itertools import islice
from typing import Any, NamedTuple

import torch

from mnv3.tools.machine.precision import scoring_dtype
from mnv3.tools.machine.processes import Place, choose_devices, run_processes
from mnv3.tools.text.progress import counted


class Pass(NamedTuple):
    """What every process gets: what it is `given`, and how it goes through the data, of so many `images` in all."""

    given: Any
    images: int
    batch_size: int
    dtype: torch.dtype
    workers: int | str
    on_error: str
    one_batch: bool
    show: bool

    def loading(self, place: Place) -> dict[str, Any]:
        """Return options of a loader for the process at `place`."""
        own = {"batch_size": self.batch_size, "workers": self.workers, "on_error": self.on_error}
        return {**own, "rank": place.rank, "world": place.world}

    def batches(self, loader: Iterable[Any], place: Place) -> Iterable[Any]:
        """Return the batches of `loader`; the first process reports how far it is."""
        return limited(loader, self.images, self.one_batch, self.show and place.rank == 0)


def run_pass(
    do: Callable[[Pass, Place], Any],
    given: Any,
    images: int,
    config: dict[str, Any],
    *,
    one_batch: bool,
    show: bool,
    share_cores: bool,
) -> Any:
    """Call `do` in each process, which goes through its share of so many `images`; return what the first one returns.

    Uses the sections `eval` (accelerator, devices, precision, batch_size) and `data` (workers, on_error) of `config`.
    `one_batch`: the first batch alone. `show`: report progress. `share_cores`: see
    `tools.machine.processes.run_processes`. Raises UserError for devices that are not there and for unreadable images.
    """
    settings, data = config["eval"], config["data"]
    kind, world = choose_devices(settings["accelerator"], settings["devices"])
    job = Pass(
        given,
        images,
        settings["batch_size"] or config["recipe"]["batch_size"],
        scoring_dtype(settings["precision"], kind),
        data["workers"],
        data["on_error"],
        one_batch,
        show,
    )
    return run_processes(do, job, kind, 1 if one_batch else min(world, images), share_cores=share_cores)


def limited(items: Iterable[Any], images: int, one: bool, show: bool) -> Iterable[Any]:
    """Return `items`, or the first one alone. If `show`, report how many of the `images` in them are done."""
    if one:
        return islice(items, 1)
    return counted(items, "scoring", "images", total=images) if show else items
