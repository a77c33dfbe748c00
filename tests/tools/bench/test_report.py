"""What a benchmark prints and keeps."""

import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from rich.console import Console

from mnv3.tools.bench.plot import plot_timings
from mnv3.tools.bench.report import record, table, titled
from mnv3.tools.bench.rounds import Comparison, Timing

TIMES = {"mnv3": Timing((0.010, 0.011, 0.030), peak_mib=100.0), "other": Timing((0.020, 0.033, 0.060))}


def found(**more: Any) -> dict[str, Any]:
    return record(Comparison("one image", "mnv3", {}, **more), TIMES)


def printed(value: dict[str, Any]) -> str:
    console = Console(width=100)
    with console.capture() as capture:
        console.print(table(value))
    return capture.get()


def test_a_record_is_plain_and_has_ratios_of_rounds() -> None:
    value = json.loads(json.dumps(found(images=4)))
    ours, other = value["contestants"]["mnv3"], value["contestants"]["other"]
    assert (ours["median"], ours["p90"], ours["peak_mib"], ours["ratio"]) == (0.011, 0.030, 100.0, 1.0)
    assert ours["images_per_second"] == pytest.approx(4 / 0.011)
    assert other["ratio"] == pytest.approx(2.0) and other["seconds"] == [0.020, 0.033, 0.060]


def test_the_table_says_what_is_known() -> None:
    text = printed(found())
    assert "a second" not in text
    ours, other = (line.split() for line in text.splitlines() if line.split()[:1] in (["mnv3"], ["other"]))
    assert ours == ["mnv3", "11.0", "30.0", "100"]
    assert other == ["other", "33.0", "60.0", "2.00"]
    assert "a second" in printed(found(images=4)) and "rested" not in text


def test_first_calls_after_a_rest_have_a_column() -> None:
    times = {"mnv3": Timing((0.010, 0.012), (0.020, 0.030, 0.025)), "other": Timing((0.020, 0.024), (0.05,))}
    text = printed(record(Comparison("one image", "mnv3", {}), times))
    assert "rested" in text
    (ours,) = (line.split() for line in text.splitlines() if line.split()[:1] == ["mnv3"])
    assert ours == ["mnv3", "11.0", "12.0", "25.0"]


def test_titles_tell_the_threads() -> None:
    assert [titled(found(threads=n)) for n in (None, 1, 2)] == [
        "one image",
        "one image, 1 thread",
        "one image, 2 threads",
    ]


def test_the_plot_has_a_panel_a_title(tmp_path: Path) -> None:
    grouped = [found(threads=1), found(threads=2)]
    plot_timings(tmp_path / "one.png", grouped, "a machine")
    plot_timings(tmp_path / "two.png", [*grouped, found() | {"title": "another"}], "a machine")
    one, two = (Image.open(tmp_path / name).size for name in ("one.png", "two.png"))
    assert one[0] == pytest.approx(two[0], abs=30) and two[1] > 1.3 * one[1]
