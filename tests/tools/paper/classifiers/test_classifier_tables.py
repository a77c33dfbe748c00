"""Tables 3, 4 and 5 and Figure 7 as data, against relations that the paper's text states."""

import pytest

from mnv3.tools.paper.classifiers.rows import PUBLISHERS
from mnv3.tools.paper.classifiers.tables import CLASSIFIER_TABLES

ROWS = {row.name: row for table in CLASSIFIER_TABLES.values() for row in table.rows}


def printed(name: str, key: str) -> float:
    return float(ROWS[name].printed[key])


def test_tables_have_the_papers_rows() -> None:
    assert {which: len(table.rows) for which, table in CLASSIFIER_TABLES.items()} == {
        "3": 9,
        "4": 4,
        "5": 4,
        "figure7": 20,
    }
    assert [row.title for row in CLASSIFIER_TABLES["3"].rows if row.network is None] == ["Proxyless", "Mnas-small"]
    assert {name.partition("/")[0] for name in ROWS} == {table.group for table in CLASSIFIER_TABLES.values()}
    assert len(ROWS) == 37


def test_what_the_text_says_holds_in_the_figures() -> None:
    """Abstract: Large is 3.2 % more accurate than V2 and 20 % faster; Small 6.6 % more than a V2 as fast."""
    large, v2 = "table3/v3_large", "table3/v2"
    assert printed(large, "top1") - printed(v2, "top1") == pytest.approx(3.2)
    assert 1 - printed(large, "pixel1") / printed(v2, "pixel1") == pytest.approx(0.20, abs=0.005)
    assert printed("table3/v3_small", "top1") - printed("table3/v2_035", "top1") == pytest.approx(6.6)


def test_rows_that_stand_in_two_tables_agree() -> None:
    for key in ("top1", "params", "madds"):
        assert printed("figure7/v3_small_075", key) == printed("table3/v3_small_075", key)
    assert printed("table5/hswish_80", "top1") == printed("table3/v3_large", "top1")
    assert printed("table5/hswish_80", "pixel1") == pytest.approx(printed("table3/v3_large", "pixel1"), abs=0.5)


def test_notes_are_on_figures() -> None:
    for row in ROWS.values():
        assert set(row.published) <= set(PUBLISHERS)
        assert set(row.notes) <= {*row.printed, *row.published}, row.name
