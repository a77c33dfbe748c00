"""The saved W&B view, as far as it can be looked at without a server."""

import sys

import pytest

from mnv3.tools.paper.tables import TABLES
from mnv3.tools.runs import wandb_view


@pytest.mark.parametrize("number", TABLES)
def test_a_view_groups_a_tables_runs_by_row_and_shows_ours_beside_the_papers(number):
    """Filter, groups and columns, as they are sent."""
    pytest.importorskip("wandb_workspaces")
    view = wandb_view.build(TABLES[number], "team", "mnv3")
    section = view._to_model().model_dump(by_alias=True)["spec"]["section"]
    [runs] = section["runSets"]
    [tags] = runs["filters"]["filters"]
    assert (tags["key"]["name"], tags["value"]) == ("tags", [f"table{number}"])
    assert [key["name"] for key in runs["grouping"]] == ["group"]
    score = TABLES[number].score
    shown = runs["runFeed"]["columnOrder"]
    place = shown.index(f"summary:paper/{score}")
    assert shown[place : place + 3] == [f"summary:paper/{score}", f"summary:ours/{score}", f"summary:delta/{score}"]
    assert ("summary:delta/params" in shown) == (number != 8)  # Table 8 has no parameters
    panels = [panel for part in section["panelBankConfig"]["sections"] for panel in part["panels"]]
    assert {panel["viewType"] for panel in panels} >= {"Scatter Plot", "Bar Chart", "Run History Line Plot"}


def test_what_is_missing_is_said(monkeypatch, capsys):
    """A key first; then the package."""
    monkeypatch.setenv("WANDB_MODE", "offline")
    assert wandb_view.main(["6"]) == 2
    assert "wandb login" in capsys.readouterr().err
    monkeypatch.setitem(sys.modules, "wandb_workspaces.workspaces", None)  # as if it were not installed
    monkeypatch.setenv("WANDB_MODE", "online")
    assert wandb_view.main(["7", "--entity", "team"]) == 2
    assert "pip install wandb-workspaces" in capsys.readouterr().err
