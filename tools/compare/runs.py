"""Runs and scores to compare, and the data that each score is of."""

import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from mnv3.tools.runs.folder import is_finite


class Data(NamedTuple):
    """What a score is of; figures of different data do not belong in one column. `keys`: the data set's keys and any
    unusual way of scoring, as text."""

    dataset: str
    split: str
    keys: tuple[tuple[str, str], ...] = ()


class Score(NamedTuple):
    """Figures by dotted name ("AP", "per_class.car.AP"). `epoch`: of the checkpoint, from 1. `sheet`: drawn samples.
    Not `final`: the best validation of a training that is running or was stopped."""

    data: Data
    figures: dict[str, float]
    checkpoint: str
    epoch: int | None = None
    sheet: Path | None = None
    final: bool = True


@dataclass(frozen=True)
class Run:
    """A run. `history`: a row per epoch, each with "epoch", as in metrics.csv. `data`: what its validations are of.
    `cost`: parameters and multiply-adds of its network at its input size, None if unknown."""

    name: str
    place: str
    config: dict[str, Any]
    tags: frozenset[str]
    data: Data
    scores: tuple[Score, ...]
    history: tuple[dict[str, float], ...]
    command: str = ""
    cost: tuple[float, float] | None = None

    @property
    def task(self) -> str:
        return self.config["task"]["name"]

    @property
    def seconds(self) -> float | None:
        """Training time: a resumed run counts from zero again, so the parts are summed."""
        times = [row["seconds"] for row in self.history if "seconds" in row]
        ends = [now for now, then in pairwise([*times, -math.inf]) if then < now]
        return sum(ends) if ends else None


def cost_of(facts: Mapping[str, Any]) -> tuple[float, float] | None:
    """Return the cost among the facts of a run, None if there is none."""
    found = numbers({"cost": facts.get("cost")})
    try:
        return found["cost.trainable_params"], found["cost.madds"]
    except KeyError:
        return None


def data_of(dataset: Mapping[str, Any], split: str, how: Mapping[str, Any], not_scored: Collection[str]) -> Data:
    """Return what a score is of. `dataset`: that section of a configuration; its keys `not_scored` do not affect
    scores. `how`: `flip`, `scales`, `tiles` and `max_detections` of the evaluation, if any."""
    left_out = ("name", *not_scored)
    keys = {key: as_text(value) for key, value in dataset.items() if key not in left_out and value is not None}
    if how.get("flip"):
        keys["flip"] = "true"
    if how.get("tiles") is not None:
        keys["tiles"] = as_text(how["tiles"])
    if how.get("max_detections") not in (None, 100):  # COCO's number
        keys["max_detections"] = as_text(how["max_detections"])
    if how.get("scales") not in (None, [1], [1.0]):
        keys["scales"] = as_text(how["scales"])
    return Data(str(dataset.get("name")), split, tuple(sorted(keys.items())))


def titles(data: Iterable[Data]) -> dict[Data, str]:
    """Return a unique title for each, such as "streets, val", with further keys where two would be alike."""
    found = {one: f"{one.dataset}, {one.split}" for one in data}
    for title in set(found.values()):
        alike = [one for one in found if found[one] == title]
        rows = {key: [dict(one.keys).get(key, "") for one in alike] for one in alike for key, _ in one.keys}
        distinct = distinguishing(rows)
        for place, one in enumerate(alike):
            own = [f"{key}={_short(rows[key])[place]}" for key in distinct if rows[key][place]]
            found[one] = ", ".join([title, *own])
    return found


def distinguishing(rows: Mapping[str, Sequence[str]], most: int | None = None) -> list[str]:
    """Return the first few keys of `rows` (key -> its value in each of several things) that tell the things apart."""
    distinct: list[str] = []
    groups = 1
    for key in rows:
        finer = len(set(zip(*(rows[name] for name in (*distinct, key)), strict=True)))
        if finer > groups and (most is None or len(distinct) < most):
            groups, distinct = finer, [*distinct, key]
    return distinct


def path_end(value: str, parts: int) -> str:
    """Return the last `parts` of a path; other text unchanged."""
    return "/".join(value.split("/")[-parts:])


def _short(values: Sequence[str]) -> list[str]:
    """Shorten paths to their ends if these are as distinct."""
    short = [path_end(value, 2) for value in values]
    return short if len(set(short)) == len(set(values)) else list(values)


def flat(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield dotted key and value of everything in nested sections."""
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield from flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def numbers(values: Mapping[str, Any]) -> dict[str, float]:
    """Return the finite numbers of nested sections by dotted key."""
    return {key: value for key, value in flat(values) if is_finite(value)}


def as_text(value: Any) -> str:
    """Format a value as on the command line, with whole floats as integers."""
    if value is None:
        return "null"
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(map(as_text, value)) + "]"
    if isinstance(value, float) and value.is_integer():  # W&B does not distinguish 1.0 from 1
        return str(int(value))
    return str(value).lower() if isinstance(value, bool) else str(value)
