"""The tables in the documentation are those that `mnv3 table` prints."""

from pathlib import Path

import pytest

from mnv3.cli.table import readme_markdown

PAGE = Path(__file__).parents[1] / "docs" / "paper.md"


@pytest.mark.parametrize("which", ["3", "4", "5", "6", "7", "8", "figure7"])
def test_the_page_has_the_tables_of_today(which: str) -> None:
    """A table is renewed by `mnv3 table 6 format=markdown runs=none`."""
    _, _, rest = PAGE.read_text().partition(f"<!-- mnv3 table {which} -->\n")
    written, end, _ = rest.partition(f"<!-- /mnv3 table {which} -->")
    assert end
    assert written == readme_markdown(which)
