"""The rows of a table of the paper beside what is computed, measured and scored here."""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from mnv3.cli.call.composing import Composer
from mnv3.cli.call.experiments import changes, of_row
from mnv3.cli.tasks import task_of_table
from mnv3.tools.paper.tables import SLOTS, PaperTable, Row
from mnv3.tools.runs.folder import display_path
from mnv3.tools.runs.scores import Score, scores

if TYPE_CHECKING:
    from mnv3.tools.paper.cost import RowCost
    from mnv3.tools.task import Task


class Record(NamedTuple):
    """A row and ours: `cost` (None of a quoted row), `latency` in milliseconds by the paper's keys (empty unless
    measured), the newest `score` on the table's own data set, and the newest on `other` data."""

    row: Row
    cost: "RowCost | None" = None
    latency: Mapping[str, float] = {}
    score: Score | None = None
    other: Score | None = None


class Timed(NamedTuple):
    """How latency is measured: CPU threads, and how often, of which the median counts."""

    threads: int
    rounds: int

    @property
    def words(self) -> str:
        return f"{self.threads} thread{'s' if self.threads > 1 else ''}"

    @property
    def sentence(self) -> str:
        return f"Latency here: batch 1, random weights, CPU, {self.words}, median of {self.rounds} rounds."


def records(compose: Composer, table: PaperTable, runs: Path, timed: Timed | None) -> tuple[list[Record], list[str]]:
    """Every row of `table` with ours, and sentences about runs that are left out."""
    own = [row for row in table.rows if not row.quoted]
    configs = {row.name: of_row(compose, row.name) for row in own}
    task = task_of_table(table.number)
    costs = {row.name: cost(task, configs[row.name], row.slots) for row in own}
    latency = measured(task, configs, timed) if timed else {}
    found, sentences = scores(runs, task, configs)
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
            )
        )
    return result, sentences


def cost(task: "Task", config: Mapping[str, Any], slots: int) -> "RowCost":
    """Cost of the network of `config`; of a detector with parameters by the paper's rule for so many class `slots`."""
    whole = task.row_cost(config, SLOTS)
    return whole if slots == SLOTS else whole._replace(params=task.row_cost(config, slots).params)


def measured(task: "Task", configs: Mapping[str, Mapping[str, Any]], timed: Timed) -> dict[str, dict[str, float]]:
    """Row -> the medians of its times in milliseconds, all rows in turn on this machine's CPU."""
    import torch

    from mnv3.tools.bench.contestant import seconds_of
    from mnv3.tools.bench.rounds import interleave
    from mnv3.tools.machine.allocator import keep_freed_memory

    keep_freed_memory()
    torch.set_num_threads(timed.threads)
    calls = {
        f"{name} {key}": partial(seconds_of, call)
        for name, config in configs.items()
        for key, call in task.latency(config).items()
    }
    result: dict[str, dict[str, float]] = {name: {} for name in configs}
    for both, timing in interleave(calls, timed.rounds).items():
        name, _, key = both.rpartition(" ")
        result[name][key] = timing.median * 1e3
    return result


def _of_the_row(
    row: Row, found: Sequence[Score], experiment: Callable[[str, str], dict[str, Any]]
) -> tuple[list[Score], list[str]]:
    """The scores of networks that still are the row's, and a sentence for each that is not."""
    kept, sentences = [], []
    for score in found:
        config = score.config
        changed = changes(config, experiment(row.name, config["dataset"]["name"]))
        if changed:
            sentences.append(
                f"{display_path(score.checkpoint)} is left out: {', '.join(changed)} is not of {row.name}."
            )
        else:
            kept.append(score)
    return kept, list(dict.fromkeys(sentences))


def _compares(score: Score, table: PaperTable) -> bool:
    """Whether a score can stand beside the paper's: the same data set, its public validation images or the paper's own
    split, all of them, as they are scored there."""
    return score.dataset == table.dataset and score.split in ("val", table.split) and not score.unlike
