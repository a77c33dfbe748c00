"""mnv3 table 3, 4, 5 and figure7."""

import csv
import io
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from mnv3.backbones.classify.build import build_classifier
from mnv3.backbones.classify.cost import count
from mnv3.backbones.classify.network import Classifier
from mnv3.cli.tables.classifiers import Counted, counted_rows
from mnv3.tools.paper.classifiers.tables import CLASSIFIER_TABLES

Call = Callable[..., int]
Print = pytest.CaptureFixture

COUNTS = {
    "v3_large": (5_458_632, 216_589_760),
    "v3_large_075": (3_974_440, 154_560_624),
    "mnasnet": (3_871_336, 311_596_832),
    "v2": (3_470_760, 300_774_272),
    "v3_small": (2_530_744, 56_510_400),
    "v3_small_075": (2_032_192, 43_399_344),
    "v2_035": (1_663_048, 59_285_808),
}
"""Params and MAdds of Table 3's own rows."""


@pytest.fixture(scope="module")
def counted() -> dict[str, list[Counted]]:
    return {which: counted_rows(table, None) for which, table in CLASSIFIER_TABLES.items()}


def test_counts_of_table_3(counted: dict[str, list[Counted]]) -> None:
    found = {item.row.name.partition("/")[2]: item.cost for item in counted["3"] if item.cost}
    assert {name: (cost.conv_params, cost.madds) for name, cost in found.items()} == COUNTS


def test_costs_are_the_papers_or_have_a_note(counted: dict[str, list[Counted]]) -> None:
    for row, cost, _ in (item for items in counted.values() for item in items if item.cost):
        for key, ours in (("params", cost.conv_params), ("madds", cost.madds)) if cost else ():
            if key in row.printed:
                text = row.printed[key]
                equal = f"{ours / 1e6:.{len(text.partition('.')[2])}f}" == text
                assert equal != (key in row.notes), (row.name, key)
                assert ours / 1e6 == pytest.approx(float(text), rel=0.04)


@pytest.mark.parametrize(
    ("row", "key"),
    [("v3_large", "params"), ("v2", "params"), ("v2_035", "params"), ("v2", "madds"), ("v3_small", "madds")],
)
def test_figures_that_notes_call_cut_off_are(row: str, key: str) -> None:
    text = next(item.printed[key] for item in CLASSIFIER_TABLES["3"].rows if item.name == f"table3/{row}")
    decimals = len(text.partition(".")[2])
    ours = COUNTS[row][key == "madds"] / 1e6
    assert int(ours * 10**decimals) == round(float(text) * 10**decimals)


def test_the_older_hidden_layer_of_small_explains_its_madds() -> None:
    small = build_classifier("small", width=0.75)
    older = Classifier(small.backbone, 1000, 1280)
    assert round(count(older).madds / 1e6) == 44 != round(count(small).madds / 1e6)


def test_resolution_and_width_change_the_costs(counted: dict[str, list[Counted]]) -> None:
    costs = {item.row.name: item.cost for item in counted["figure7"]}
    madds = [cost.madds for name in (96, 128, 160, 192, 224, 256) if (cost := costs[f"figure7/v3_large_{name}"])]
    assert madds == sorted(madds) and len(set(madds)) == 6
    wide = [
        cost.conv_params for name in ("035", "05", "075", "224", "125") if (cost := costs[f"figure7/v3_small_{name}"])
    ]
    assert wide == sorted(wide)
    assert len({item.cost for item in counted["5"]}) == 1  # the paper counts no activation


@pytest.mark.parametrize("which", CLASSIFIER_TABLES)
def test_every_format(which: str, call: Call, capsys: Print, tmp_path: Path) -> None:
    table = CLASSIFIER_TABLES[which]
    assert call("table", which) == 0
    out = capsys.readouterr().out
    assert all(row.title in out for row in table.rows)
    assert call("table", which, "format=csv") == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [row["row"] for row in rows] == [row.name for row in table.rows]
    assert [row["params"] == "" for row in rows] == [row.network is None for row in table.rows]
    assert call("table", which, "format=latex", "out=table.tex") == 0
    assert call("table", which, "format=png") == 0
    assert Image.open(tmp_path / f"runs/table/{table.group}.png").size[0] > 700


def test_quoted_rows_are_marked_and_scores_of_others_named(call: Call, capsys: Print) -> None:
    assert call("table", "3", "format=markdown") == 0
    out = capsys.readouterr().out
    assert "| Proxyless (quoted) | 74.6 |" in out and "| Mnas-small (quoted) | 64.9 |" in out
    for publisher in ("authors", "torchvision", "timm", "Paddle"):
        assert f"top-1 on ImageNet, %: {publisher} |" in out
    assert "| 75.274 (" in out and "first 74.042" in out


def test_latency(monkeypatch: pytest.MonkeyPatch, call: Call, capsys: Print) -> None:
    monkeypatch.setattr("mnv3.tools.bench.rounds.REST", 0)
    assert call("table", "4", "latency=true", "rounds=1") == 0
    out = capsys.readouterr().out
    assert "Pixel 3" in out and "here" in out and "1 thread, median of 1 rounds" in out
