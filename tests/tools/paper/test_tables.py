"""The paper's tables as data, against relations that its own text states."""

import pytest

from mnv3.tools.errors import UserError
from mnv3.tools.paper.tables import ROWS, TABLES, row, table_of


def test_tables_have_the_papers_rows() -> None:
    assert {number: len([row for row in table.rows if not row.quoted]) for number, table in TABLES.items()} == {
        6: 11,
        7: 11,
        8: 4,
    }
    assert [row.title for row in TABLES[8].rows if row.quoted] == ["ESPNetv2", "CCC2", "ESPNetv1"]
    assert len(ROWS) == 26


def test_figures_are_in_one_unit() -> None:
    figures = row("table7/v2_raspp").figures
    assert (figures["latency"], figures["half_latency"]) == (3900, 1020)
    assert row("table7/v3_small_rf2_lraspp").figures == {
        "mIoU": 68.38,
        "params": 0.47,
        "madds": 2.90,
        "latency": 1210,
        "half_latency": 327,
    }
    assert row("table6/v2").printed["madds"] == "0.80"  # as printed, the zero too


def test_what_the_text_says_holds_in_the_figures() -> None:
    """Section 6.3 and the abstract: 27 % faster than V2; the trick saves 15 % at no loss; 34 % faster than V2."""
    six, seven = {name: row(f"table6/{name}").figures for name in ("v2", "v3_large_rf2", "v3_large")}, row
    assert 1 - six["v3_large_rf2"]["latency"] / six["v2"]["latency"] == pytest.approx(0.27, abs=0.005)
    assert 1 - six["v3_large_rf2"]["latency"] / six["v3_large"]["latency"] == pytest.approx(0.13, abs=0.005)
    assert six["v3_large_rf2"]["mAP"] == six["v3_large"]["mAP"]
    ours, theirs = (seven(f"table7/{name}").figures["half_latency"] for name in ("v3_large_rf2_lraspp", "v2_raspp"))
    assert 1 - ours / theirs == pytest.approx(0.35, abs=0.01)


@pytest.mark.parametrize("stride_16", ["v3_large", "v3_small"])
def test_rows_that_stand_in_two_tables_agree(stride_16: str) -> None:
    in_7, in_8 = row(f"table7/{stride_16}_rf2_lraspp").figures, row(f"table8/{stride_16}_os16").figures
    assert [in_7[key] for key in ("madds", "latency", "half_latency")] == [
        in_8[key] for key in ("madds", "latency", "half_latency")
    ]


def test_an_unknown_row_names_the_closest_and_all() -> None:
    with pytest.raises(UserError, match=r"Did you mean table6/v3_small_rf2\? There are table6/v1, .*_os32\."):
        row("table6/v3_smal_rf2")
    with pytest.raises(UserError, match=r"no such row\. There are"):
        row("elephant")
    with pytest.raises(UserError):
        row("table8/espnetv2")  # quoted: no experiment


def test_the_table_of_a_row() -> None:
    assert table_of("table8/v3_small_os32").split == "test"
