"""Progress of long work: when a line is due, what it counts, and that standard output is left alone."""

import sys
from itertools import pairwise

import pytest

from mnv3.tools.text import progress
from mnv3.tools.text.progress import Pace, counted, roughly


@pytest.fixture
def clock(monkeypatch):
    """A clock that stands still unless a test moves it."""
    now = [100.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    return now


def test_first_line_within_seconds_then_less_and_less_often(clock):
    pace, due = Pace(), []
    for second in range(600):
        clock[0] = 100.0 + second
        if pace.due():
            due.append(second)
    assert due[0] <= 5
    gaps = [later - earlier for earlier, later in pairwise(due)]
    assert gaps == sorted(gaps) and gaps[-1] == 60 and len(due) < 15


def test_another_line_begins_the_wait_again(clock):
    pace = Pace()
    clock[0] += 4
    pace.restart()
    clock[0] += 4
    assert not pace.due()


def test_batches_count_as_images(clock, capsys):
    for _ in counted(["a batch", "another", "the last"], "scoring", "images", total=10):
        clock[0] += 50
    out, err = capsys.readouterr()
    assert out == "" and err.splitlines() == [
        "scoring: 3 of 10 images, about 2 min left",
        "scoring: 6 of 10 images, about 67 s left",
    ]


def test_short_work_and_quiet_work_print_nothing(clock, capsys):
    assert list(counted(range(3), "scoring", "images")) == [0, 1, 2]
    for _ in counted(range(3), "counting", "networks", lines=False):
        clock[0] += 50
    assert capsys.readouterr() == ("", "")


def test_bar_on_a_terminal(clock, monkeypatch, capsys):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    shown = []
    monkeypatch.setattr("rich.progress.Progress.update", lambda self, task, **fields: shown.append(fields))
    assert list(counted(range(2), "scoring", "images", total=7)) == [0, 1]
    assert shown == [{"completed": 3}, {"completed": 7}] and capsys.readouterr().out == ""


def test_estimates_are_round():
    assert [roughly(seconds) for seconds in (40.4, 89, 840, 9000)] == ["40 s", "89 s", "14 min", "2.5 h"]
