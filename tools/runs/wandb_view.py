"""Saves a view of a W&B project: a table of the paper with mnv3's runs beside the paper's figures.

    python -m mnv3.tools.runs.wandb_view 6 --project mnv3 --entity TEAM

Runs are grouped by row; the table has scores and costs, the paper's, ours and the difference; below are the curves,
the scores against the costs, and the configurations. Needs wandb-workspaces and a key: `pip install wandb-workspaces`,
`wandb login`.
"""

import argparse
import importlib
import sys
from collections.abc import Sequence
from typing import Any

from mnv3.tools.errors import UserError
from mnv3.tools.paper.tables import TABLES, PaperTable
from mnv3.tools.runs.wandb_run import wandb_mode
from mnv3.tools.runs.wandb_summary import STATS


def compared(table: PaperTable) -> list[str]:
    """Return the figures that both the paper and mnv3's runs have."""
    return [table.score, *(cost for cost in ("params", "madds", "half_madds") if cost in table.rows[0].figures)]


def columns(table: PaperTable) -> list[str]:
    """Return each figure of the paper, ours and the difference, and the data of the scores."""
    beside = [f"summary:{whose}/{figure}" for figure in compared(table) for whose in ("paper", "ours", "delta")]
    return [*beside, "summary:paper/data", "summary:ours/data"]


def build(table: PaperTable, entity: str, project: str) -> Any:
    """Build the view with wandb-workspaces. Raises UserError without that package."""
    try:
        ws = importlib.import_module("wandb_workspaces.workspaces")
        wr = importlib.import_module("wandb_workspaces.reports.v2")
    except ImportError as error:
        raise UserError(
            "Saved views need wandb-workspaces, which is not installed: pip install wandb-workspaces"
        ) from error

    score, curve = table.score, f"val/{STATS[table.score]}"
    beside = [
        wr.ScatterPlot(title=f"{score} by multiply-adds: {whose}", x=f"{whose}/madds", y=f"{whose}/{score}")
        for whose in ("ours", "paper")
    ]
    differences = [
        wr.BarPlot(title=f"{figure}: ours less the paper's", metrics=[f"delta/{figure}"]) for figure in compared(table)
    ]
    return ws.Workspace(
        entity=entity,
        project=project,
        name=f"Table {table.number}: {table.title}",
        settings=ws.WorkspaceSettings(x_axis="epoch", max_runs=20),
        sections=[
            ws.Section(name="Ours beside the paper's", panels=[*beside, *differences], is_open=True),
            ws.Section(
                name="Training",
                panels=[wr.LinePlot(x="epoch", y=[curve]), wr.LinePlot(x="epoch", y=["train/loss"])],
                is_open=True,
            ),
            ws.Section(name="Samples", panels=[wr.MediaBrowser(media_keys=["val/samples"])]),
            ws.Section(name="What differs", panels=[wr.RunComparer(diff_only=True)]),
        ],
        runset_settings=ws.RunsetSettings(
            filters=ws.And(ws.Tags().isin([table.group])),
            groupby=[ws.Metric("Group")],
            order=[ws.Ordering(ws.Metric("Group"), ascending=True)],
            pinned_columns=columns(table),
        ),
    )


def save(table: PaperTable, entity: str | None, project: str) -> str:
    """Save the view in the project and return its URL. Raises UserError: no key, or the server refuses."""
    if wandb_mode(None) != "online":
        raise UserError("W&B is offline here, but views are stored on its server: wandb login, and unset WANDB_MODE.")
    import wandb

    try:
        view = build(table, entity or wandb.Api().default_entity or "", project)
        view.save()
    except (wandb.Error, OSError) as error:
        raise UserError(f"W&B has not saved the view of {entity or 'your'} project {project}: {error}") from error
    return view.url


def main(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m mnv3.tools.runs.wandb_view",
        description="Save a view of a W&B project: a table of the paper with mnv3's runs beside it.",
    )
    parser.add_argument("table", type=int, choices=TABLES)
    parser.add_argument("--project", default="mnv3")
    parser.add_argument("--entity", help="user or team; else your own default")
    given = parser.parse_args(argv)
    try:
        print(save(TABLES[given.table], given.entity, given.project))
    except UserError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
