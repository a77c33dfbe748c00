"""mnv3 table ablations: the cost of each idea of the paper, by the option that removes or changes it."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from omegaconf import OmegaConf

from mnv3.cli.call.composing import Composer
from mnv3.cli.tables.rows import Timed, cost, latency_functions, measured
from mnv3.cli.tables.tabular import LEFT, Column, Tabular, difference
from mnv3.cli.tasks import task_of_table
from mnv3.tools.paper.cost import RowCost
from mnv3.tools.paper.tables import ROWS, table_of
from mnv3.tools.text.progress import counted

MINIMALISTIC = "backbone.se=false backbone.hswish=false backbone.max_kernel=3"
BACKBONE = ("backbone.se=false", "backbone.hswish=false", "backbone.max_kernel=3", MINIMALISTIC, "backbone.stem=32")

OPTIONS = {
    "table6/v3_large": ("backbone.rf2=true", *BACKBONE, "backbone.width=0.75", "backbone.width=0.5"),
    "table7/v3_large_rf2_lraspp": (
        "backbone.rf2=false",
        *BACKBONE,
        "backbone.width=0.75",
        "backbone.width=0.5",
        "task.filters=64",
        "task.filters=256",
        "backbone.output_stride=8",
        "backbone.output_stride=32",
        "task.skip=false",
        "task.gate=none",
        "task.head=raspp",
        "task.head=raspp task.filters=256",
    ),
}
"""Row -> options tried on it, one at a time."""


class Tried(NamedTuple):
    """An option applied to a row, "" for the row itself; `latency` as in `cli.tables.rows.Record`."""

    row: str
    option: str
    cost: RowCost
    base: RowCost
    latency: dict[str, float]


def tried(compose: Composer, timed: Timed | None) -> list[Tried]:
    """Return every row of `OPTIONS`, each followed by its options."""
    found = []
    for name, options in OPTIONS.items():
        task = task_of_table(table_of(name).number)
        configs: dict[str, Any] = {}
        costs: dict[str, RowCost] = {}
        for option in counted(("", *options), f"counting {name}", "networks", lines=False):
            composed = compose([f"experiment={name}", *option.split()])
            configs[option] = OmegaConf.to_container(composed, resolve=True)
            costs[option] = cost(task, configs[option], ROWS[name].slots)
        latency = measured(latency_functions(task, configs), timed) if timed else {}
        found += [Tried(name, option, costs[option], costs[""], latency.get(option, {})) for option in configs]
    return found


def tabular(items: Sequence[Tried], timed: Timed | None) -> Tabular:
    """Tabulate costs by the rules of the row's table, and their difference from the row."""
    columns = [
        Column("option", "", tuple(item.option or f"experiment={item.row}" for item in items), LEFT),
        Column("Params", "", tuple(f"{item.cost.params:,}" for item in items)),
        Column("Params", "diff", tuple(_off(item, "params") for item in items)),
        Column("MAdds", "B", tuple(f"{item.cost.madds / 1e9:.4f}" for item in items)),
        Column("MAdds", "diff", tuple(_off(item, "madds") for item in items)),
    ]
    notes = ["Params and MAdds as the row's table counts them. Train one with `mnv3 train experiment=ROW OPTION`."]
    if timed:
        cells = tuple(f"{item.latency['latency']:.1f}" for item in items)
        columns.append(Column("latency, ms", timed.words, cells))
        notes.append(timed.sentence)
    rules = tuple(number for number, item in enumerate(items) if not item.option and number)
    return Tabular("Ablations: options of the networks, one at a time", columns, notes, rules)


def flat(items: Sequence[Tried]) -> list[dict[str, Any]]:
    """Return every figure by name, unrounded, None if there is none."""
    return [
        {
            "row": item.row,
            "option": item.option,
            **item.cost._asdict(),
            **{f"{key}_ms": item.latency.get(key) for key in ("latency", "half_latency")},
        }
        for item in items
    ]


def _off(item: Tried, key: str) -> str:
    return difference(getattr(item.cost, key), getattr(item.base, key)) if item.option else ""
