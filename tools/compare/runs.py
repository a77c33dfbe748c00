"""What is compared: runs, and scores that know what they are of."""

import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from mnv3.tools.runs.folder import is_finite


class Data(NamedTuple):
    """What a score is of: figures of different ones do not belong in one column. `keys`: the data set's own, and how it
    was scored if not the usual way, as text."""

    dataset: str
    split: str
    keys: tuple[tuple[str, str], ...] = ()


class Score(NamedTuple):
    """Figures by dotted name ("AP", "per_class.car.AP"). `epoch`: of the checkpoint, from 1. `sheet`: drawn samples.
    Not `final`: of the best validation of a training that goes on or was stopped."""

    data: Data
    figures: dict[str, float]
    checkpoint: str
    epoch: int | None = None
    sheet: Path | None = None
    final: bool = True


@dataclass(frozen=True)
class Run:
    """A run. `history`: a row an epoch, "epoch" in each, as in metrics.csv. `data`: what its validations are of."""

    name: str
    place: str
    config: dict[str, Any]
    tags: frozenset[str]
    data: Data
    scores: tuple[Score, ...]
    history: tuple[dict[str, float], ...]
    command: str = ""

    @property
    def task(self) -> str:
        return self.config["task"]["name"]

    @property
    def seconds(self) -> float | None:
        """Time of training; a resumed run counts from zero again, so the parts are summed."""
        times = [row["seconds"] for row in self.history if "seconds" in row]
        ends = [now for now, then in pairwise([*times, -math.inf]) if then < now]
        return sum(ends) if ends else None


def data_of(dataset: Mapping[str, Any], split: str, how: Mapping[str, Any], not_scored: Collection[str]) -> Data:
    """`dataset`: that section of a configuration, of which the keys `not_scored` change nothing of what is scored.
    `how`: `flip` and `scales` of a scoring, if it had them."""
    left_out = ("name", *not_scored)
    keys = {key: as_text(value) for key, value in dataset.items() if key not in left_out and value is not None}
    if how.get("flip"):
        keys["flip"] = "true"
    if how.get("scales") not in (None, [1], [1.0]):
        keys["scales"] = as_text(how["scales"])
    return Data(str(dataset.get("name")), split, tuple(sorted(keys.items())))


def titles(data: Iterable[Data]) -> dict[Data, str]:
    """ "streets, val" of each, without repetition; where that says the same of two, what else tells them apart."""
    found = {one: f"{one.dataset}, {one.split}" for one in data}
    for title in set(found.values()):
        alike = [one for one in found if found[one] == title]
        rows = {key: [dict(one.keys).get(key, "") for one in alike] for one in alike for key, _ in one.keys}
        told = telling(rows)
        for place, one in enumerate(alike):
            own = [f"{key}={_short(rows[key])[place]}" for key in told if rows[key][place]]
            found[one] = ", ".join([title, *own])
    return found


def telling(rows: Mapping[str, Sequence[str]], most: int | None = None) -> list[str]:
    """The first few keys of `rows` (key -> its value in each of several things) that tell these apart."""
    told: list[str] = []
    groups = 1
    for key in rows:
        finer = len(set(zip(*(rows[name] for name in (*told, key)), strict=True)))
        if finer > groups and (most is None or len(told) < most):
            groups, told = finer, [*told, key]
    return told


def path_end(value: str, parts: int) -> str:
    """The last `parts` of a path; other text as it is."""
    return "/".join(value.split("/")[-parts:])


def _short(values: Sequence[str]) -> list[str]:
    """The ends of paths, if they tell as much."""
    short = [path_end(value, 2) for value in values]
    return short if len(set(short)) == len(set(values)) else list(values)


def flat(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Dotted key and value of everything in nested sections."""
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield from flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def numbers(values: Mapping[str, Any]) -> dict[str, float]:
    """The finite numbers of nested sections, by dotted key."""
    return {key: value for key, value in flat(values) if is_finite(value)}


def as_text(value: Any) -> str:
    """A value as it is typed on the command line."""
    if value is None:
        return "null"
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(map(as_text, value)) + "]"
    if isinstance(value, float) and value.is_integer():  # W&B does not keep 1.0 apart from 1
        return str(int(value))
    return str(value).lower() if isinstance(value, bool) else str(value)
