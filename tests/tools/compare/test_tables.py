from pathlib import Path

import pytest

from mnv3.tools.compare.tables import Table, difference_table, figure_table, run_table, score_table
from tests.tools.compare.made_up import entries, make_run, write_scores


@pytest.fixture
def folders(tmp_path: Path) -> list[Path]:
    first, second = make_run(tmp_path / "a"), make_run(tmp_path / "b", ap=(0.4, 0.5), final=False)
    write_scores(first / "eval" / "coco-val", 0.05, dataset="coco", split="val", checkpoint="last.ckpt")
    return [first, second]


def test_runs_with_costs_and_times(folders: list[Path]) -> None:
    table = run_table(entries(*folders))
    assert table.headings == ["run", "label", "seed", "params, M", "MAdds, B", "epochs", "trained", "folder"]
    assert [row[:-1] for row in table.rows] == [
        ["1", "a", "0", "1.50", "0.200", "3", "0:03:00"],
        ["2", "b", "0", "1.50", "0.200", "2 of 3", "0:02:00"],
    ]
    without = run_table([entry._replace(cost=None) for entry in entries(*folders)])
    assert [row[3:5] for row in without.rows] == [["-", "-"]] * 2


def test_scores_of_other_data_are_in_another_table(folders: list[Path]) -> None:
    both = entries(*folders)
    streets = score_table("t", both[0].run.data, both, ("AP", "AP50", "APs"))
    assert streets.headings == ["run", "AP", "AP50", "last AP", "checkpoint", "epoch"]
    assert streets.rows == [
        ["1 a", "0.300", "0.600", "0.200", "best.ckpt", "2"],
        ["2 b", "0.500", "1.000", "0.500", "best.ckpt", "2"],
    ]
    assert streets.best == {(1, 1), (1, 2)}
    other = next(score.data for score in both[0].run.scores if score.data.dataset == "coco")
    coco = score_table("t", other, both, ("AP", "AP50"))
    assert coco.rows == [["1 a", "0.050", "0.100", "-", "last.ckpt", "-"]] and not coco.best


def test_all_figures(folders: list[Path]) -> None:
    both = entries(*folders)
    table = figure_table("t", both[0].run.data, both)
    assert table.headings == ["figure", "1 best", "2 best"]
    assert ["per_class.car.AP", "0.1500", "-"] in table.rows and ["AP", "0.3000", "0.5000"] in table.rows


def test_a_wide_table_comes_in_parts_that_keep_the_first_column(folders: list[Path]) -> None:
    values = [f"value{i}" for i in range(10)]
    table = Table("t", ["key", *values], [["seed", *values]], {3, 10}, {(0, 10)})
    assert table.parts(1000) == [table]
    parts = table.parts(40)
    assert [heading for part in parts for heading in part.headings[1:]] == values
    assert all(part.rows[0][0] == "seed" and part.headings[1:] == part.rows[0][1:] for part in parts)
    assert all(sum(map(len, part.rows[0])) + 3 * len(part.headings) <= 40 for part in parts)
    assert parts[-1].best == {(0, parts[-1].headings.index("value9"))} == {(0, c) for c in parts[-1].numbers}
    assert len(difference_table("t", {"seed": ["0", "1"]}, entries(*folders)).parts(1)) == 2
