"""W&B summary of a run of one of the paper's rows: the paper's figures, ours, and the difference.

A table of grouped runs has them side by side: `paper/params`, `ours/params`, `delta/params`. Units are the paper's, as
in `tools.paper.tables.Row`. The paper's latencies are of the authors' phones, so mnv3 has none beside them. What every
run has besides is added by `tools/training/run.py` and, of eval, `tools/runs/report.py`.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from mnv3.tools.paper.tables import row, table_of

if TYPE_CHECKING:  # imports torch
    from mnv3.tools.paper.cost import RowCost

STATS = {"mAP": "AP", "mIoU": "mIoU"}
"""mnv3's names of the paper's scores; mnv3's are shares of 1."""

DIGITS = 4
"""Decimals: more than the paper prints, few enough for a column."""

Figures = dict[str, float | str]


def row_tags(name: str) -> list[str]:
    """Return the table and the row: table6, table6/v3_small_rf2."""
    return [table_of(name).group, name]


def cost_figures(name: str, cost: "RowCost") -> Figures:
    """Return all figures of the paper's row `name`, and the cost in mnv3."""
    ours = {"params": cost.params / 1e6, "madds": cost.madds / 1e9}
    if cost.half_madds is not None:
        ours["half_madds"] = cost.half_madds / 1e9
    paper = {f"paper/{figure}": value for figure, value in row(name).figures.items()}
    table = table_of(name)
    return {**paper, "paper/data": f"{table.dataset} {table.split}", **_beside(name, ours)}


def score_figures(name: str, dataset: str, split: str, stats: Mapping[str, float]) -> Figures:
    """Return our score's data, and the score if it is on the validation images of the paper's data set."""
    table = table_of(name)
    figures: Figures = {"ours/data": f"{dataset} {split}"}
    if (dataset, split) != (table.dataset, "val"):
        return figures
    return figures | _beside(name, {table.score: 100 * stats[STATS[table.score]]})


def _beside(name: str, ours: Mapping[str, float]) -> Figures:
    """Return `ours/...`, and `delta/...` where the paper has the figure."""
    paper = row(name).figures
    found: Figures = {f"ours/{figure}": round(value, DIGITS) for figure, value in ours.items()}
    deltas = {figure: value - paper[figure] for figure, value in ours.items() if figure in paper}
    return found | {f"delta/{figure}": round(value, DIGITS) for figure, value in deltas.items()}
