"""Rows of the paper's tables with computed costs, measured latency and scores of runs."""

import sys
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from mnv3.cli.call.composing import Composer
from mnv3.cli.call.experiments import changes, of_row
from mnv3.cli.tasks import task_of_table
from mnv3.tools.paper.released import OF_ROWS, Release
from mnv3.tools.paper.tables import SLOTS, PaperTable, Row
from mnv3.tools.runs.folder import display_path
from mnv3.tools.runs.scores import Score, scores, scores_of_weights
from mnv3.tools.text.progress import counted

if TYPE_CHECKING:
    from mnv3.tools.paper.cost import RowCost
    from mnv3.tools.task import Task


Functions = Mapping[str, Callable[[], object]]
"""What is timed of a network, by the paper's keys: "latency", "half_latency"."""


class Record(NamedTuple):
    """A row with mnv3's `cost` (None for quoted rows), `latency` in milliseconds by the paper's keys (empty unless
    measured), and the newest score on the table's data set (`score`) and on `other` data. `released`: the newest score
    of weights like the row's release, preferably on the table's data set."""

    row: Row
    cost: "RowCost | None" = None
    latency: Mapping[str, float] = {}
    score: Score | None = None
    other: Score | None = None
    released: Score | None = None


class Timed(NamedTuple):
    """How latency is measured: CPU threads, and rounds, whose median is reported."""

    threads: int
    rounds: int

    @property
    def words(self) -> str:
        return f"{self.threads} thread{'s' if self.threads > 1 else ''}"

    @property
    def sentence(self) -> str:
        return f"Latency here: batch 1, random weights, CPU, {self.words}, median of {self.rounds} rounds."


def records(compose: Composer, table: PaperTable, runs: Path, timed: Timed | None) -> tuple[list[Record], list[str]]:
    """Return a record per row of `table`, and notes about skipped runs."""
    own = [row for row in table.rows if not row.quoted]
    task, configs, costs = task_of_table(table.number), {}, {}
    for row in counted(own, "counting", "networks", lines=False):
        configs[row.name] = of_row(compose, row.name)
        costs[row.name] = cost(task, configs[row.name], row.slots)
    latency = measured(latency_functions(task, configs), timed) if timed else {}
    found, sentences = scores(runs, task, configs)
    of_weights, more = scores_of_weights(runs, task)
    sentences += more
    experiment = lru_cache(lambda name, dataset: of_row(compose, name, dataset))
    result = []
    for row in table.rows:
        candidates, left_out = _of_the_row(row, found.get(row.name, []), experiment)
        sentences += left_out
        result.append(
            Record(
                row,
                costs.get(row.name),
                latency.get(row.name, {}),
                next((score for score in candidates if _compares(score, table)), None),
                next((score for score in candidates if not _compares(score, table)), None),
                _of_its_release(row, table, of_weights),
            )
        )
    return result, sentences


def cost(task: "Task", config: Mapping[str, Any], slots: int) -> "RowCost":
    """Return the cost of the network of `config`; a detector's parameters are counted for `slots` class slots."""
    whole = task.row_cost(config, SLOTS)
    return whole if slots == SLOTS else whole._replace(params=task.row_cost(config, slots).params)


def latency_functions(task: "Task", configs: Mapping[str, Mapping[str, Any]]) -> dict[str, Functions]:
    """Return what is timed of each row's network, of which `configs` has the configuration."""
    return {name: task.latency(config) for name, config in configs.items()}


def measured(functions: Mapping[str, Functions], timed: Timed) -> dict[str, dict[str, float]]:
    """Return the median times in milliseconds of each row's `functions`, all rows measured in turn on the CPU."""
    import torch

    from mnv3.tools.bench.contestant import seconds_of
    from mnv3.tools.bench.rounds import interleave
    from mnv3.tools.machine.allocator import keep_freed_memory

    keep_freed_memory()
    torch.set_num_threads(timed.threads)
    calls = {
        f"{name} {key}": partial(seconds_of, call) for name, of_row in functions.items() for key, call in of_row.items()
    }
    print(f"Timing {len(calls)} networks, {timed.rounds} rounds ...", file=sys.stderr, flush=True)
    result: dict[str, dict[str, float]] = {name: {} for name in functions}
    for both, timing in interleave(calls, timed.rounds).items():
        name, _, key = both.rpartition(" ")
        result[name][key] = timing.median * 1e3
    return result


def _of_the_row(
    row: Row, found: Sequence[Score], experiment: Callable[[str, str], dict[str, Any]]
) -> tuple[list[Score], list[str]]:
    """Return the scores of networks that match the row, and a note for each that does not."""
    kept, sentences = [], []
    for score in found:
        config = score.config
        changed = changes(config, experiment(row.name, config["dataset"]["name"]))
        if changed:
            sentences.append(
                f"{display_path(score.checkpoint)} is skipped: {', '.join(changed)} differs from {row.name}."
            )
        else:
            kept.append(score)
    return kept, list(dict.fromkeys(sentences))


def _of_its_release(row: Row, table: PaperTable, found: Sequence[Score]) -> Score | None:
    release = OF_ROWS.get(row.name)
    if release is None:
        return None
    fitting = [score for score in found if _is_of(release, score.config["backbone"])]
    return next((score for score in fitting if score.dataset == table.dataset), next(iter(fitting), None))


def _is_of(release: Release, backbone: Mapping[str, Any]) -> bool:
    same = release.fits({f"backbone.{key}": value for key, value in backbone.items()})
    return same and backbone["output_stride"] == release.stride


def _compares(score: Score, table: PaperTable) -> bool:
    """Whether a score is comparable with the paper's: all images of the public validation split or the paper's split of
    the same data set, scored by the same rules."""
    return score.dataset == table.dataset and score.split in ("val", table.split) and not score.unlike
