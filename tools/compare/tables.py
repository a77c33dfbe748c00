"""The tables of a comparison as text in cells; the console and the page render them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from mnv3.tools.compare.runs import Data, Run, Score

NONE = "-"
GAP = 3  # characters between columns


@dataclass
class Table:
    """`numbers`: right-aligned columns, from 0. `best`: (row, column) of highlighted cells."""

    title: str
    headings: list[str]
    rows: list[list[str]]
    numbers: set[int] = field(default_factory=set)
    best: set[tuple[int, int]] = field(default_factory=set)

    def parts(self, width: int) -> "list[Table]":
        """Split into tables of at most `width` characters, each with the first column, as far as columns allow."""
        widths = [max(map(len, column)) + GAP for column in zip(self.headings, *self.rows, strict=True)]
        groups: list[list[int]] = [[]]
        for place in range(1, len(widths)):
            if groups[-1] and widths[0] + sum(widths[i] for i in groups[-1]) + widths[place] > width:
                groups.append([])
            groups[-1].append(place)
        more = f"{self.title}, further columns"
        titles = [self.title, *([more] * (len(groups) - 1))]
        return [self._columns(title, [0, *group]) for title, group in zip(titles, groups, strict=True)]

    def _columns(self, title: str, places: Sequence[int]) -> "Table":
        best = {(row, places.index(i)) for row, i in self.best if i in places}
        numbers = {new for new, old in enumerate(places) if old in self.numbers}
        rows = [[row[i] for i in places] for row in self.rows]
        return Table(title, [self.headings[i] for i in places], rows, numbers, best)


class Entry(NamedTuple):
    """A run with its number (from 1), short label and cost: parameters and multiply-adds, if known."""

    number: int
    label: str
    run: Run
    cost: tuple[float, float] | None

    @property
    def title(self) -> str:
        return f"{self.number} {self.label}"


def run_table(entries: Sequence[Entry]) -> Table:
    """Return one row per run: number, label, cost and training time."""
    headings = ["run", "label", "seed", "params, M", "MAdds, B", "epochs", "trained", "folder"]
    rows = [
        [
            str(entry.number),
            entry.label,
            str(entry.run.config.get("seed", NONE)),
            f"{entry.cost[0] / 1e6:.2f}" if entry.cost else NONE,
            f"{entry.cost[1] / 1e9:.3f}" if entry.cost else NONE,
            _epochs(entry.run),
            _clock(entry.run.seconds),
            entry.run.place,
        ]
        for entry in entries
    ]
    return Table("Runs", headings, rows, {0, 2, 3, 4, 5, 6})


def score_table(title: str, data: Data, entries: Sequence[Entry], headline: Sequence[str]) -> Table:
    """Return one row per score of `data`: its main figures, the last epoch's, and the checkpoint."""
    found = [(entry, score) for entry in entries for score in entry.run.scores if score.data == data]
    known = [name for name in headline if any(name in score.figures for _, score in found)]
    rows = [
        [
            entry.title,
            *(_three(score.figures.get(name)) for name in known),
            _last(entry.run, score, headline[0]),
            score.checkpoint,
            str(score.epoch or NONE),
        ]
        for entry, score in found
    ]
    headings = ["run", *(name.rpartition(".")[2] for name in known), f"last {headline[0]}", "checkpoint", "epoch"]
    best: set[tuple[int, int]] = set()
    for column, name in enumerate(known, start=1):
        values = [score.figures.get(name, float("-inf")) for _, score in found]
        best |= {(row, column) for row, value in enumerate(values) if value == max(values) and len(values) > 1}
    return Table(title, headings, rows, {*range(1, len(known) + 2), len(headings) - 1}, best)


def figure_table(title: str, data: Data, entries: Sequence[Entry]) -> Table:
    """Return every figure of the reports, one per row."""
    found = [(entry, score) for entry in entries for score in entry.run.scores if score.data == data]
    names = dict.fromkeys(name for _, score in found for name in score.figures)
    rows = [[name, *(_figure(score.figures.get(name)) for _, score in found)] for name in names]
    headings = ["figure", *(f"{entry.number} {score.checkpoint.removesuffix('.ckpt')}" for entry, score in found)]
    return Table(title, headings, rows, {*range(1, len(headings))})


def difference_table(title: str, rows: Mapping[str, Sequence[str]], entries: Sequence[Entry]) -> Table:
    """Return the differing keys of the configurations, one row per key, one column per run."""
    return Table(title, ["key", *(str(entry.number) for entry in entries)], [[key, *rows[key]] for key in rows])


def _last(run: Run, score: Score, name: str) -> str:
    """Return the figure at the last validation of training, which exists for the training's own data only."""
    values = [row[f"val/{name}"] for row in run.history if f"val/{name}" in row]
    return _three(values[-1] if values and score.data == run.data else None)


def _epochs(run: Run) -> str:
    """Return "8", or "5 of 8" if training is running or was stopped."""
    done = int(run.history[-1]["epoch"]) if run.history else None
    planned: Any = (run.config.get("recipe") or {}).get("epochs")
    if done is None:
        return NONE
    return f"{done} of {planned}" if planned and done < planned else str(done)


def _clock(seconds: float | None) -> str:
    if seconds is None:
        return NONE
    whole = round(seconds)
    return f"{whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02}"


def _three(value: float | None) -> str:
    return NONE if value is None else f"{value:.3f}"


def _figure(value: float | None) -> str:
    return NONE if value is None else f"{value:.4f}" if isinstance(value, float) else str(value)
