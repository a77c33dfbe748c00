import os
import sys
from collections.abc import Callable, Iterator
from functools import partial
from itertools import count
from pathlib import Path

import pytest

import mnv3.tools.bench.contestant
from mnv3.tools.bench.contestant import Contestant, apart, seconds_of
from mnv3.tools.bench.rounds import Comparison, Timing, compare, interleave


def test_contestants_take_turns_and_warm_up_is_not_timed() -> None:
    calls = []

    def work(name: str, costs: Iterator[float], count: int) -> list[float]:
        calls.append(name)
        return [next(costs) for _ in range(count)]

    def contestants() -> dict[str, Callable[[int], list[float]]]:
        return {
            "slow": partial(work, "slow", map(float, count(100))),
            "fast": partial(work, "fast", map(float, count())),
        }

    times = interleave(contestants(), rounds=3)
    assert calls == ["slow", "fast"] * 4
    assert times == {"slow": Timing((101.0, 102.0, 103.0)), "fast": Timing((1.0, 2.0, 3.0))}
    times = interleave(contestants(), rounds=2, in_a_row=2)
    assert times["fast"] == Timing((4.0, 5.0, 7.0, 8.0), rested=(3.0, 6.0))


def test_every_call_is_timed_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([10.0, 11.0, 20.0, 23.0])
    done = []
    monkeypatch.setattr(mnv3.tools.bench.contestant, "perf_counter", lambda: next(clock))
    assert seconds_of(lambda: done.append(1), 2) == [1.0, 3.0] and len(done) == 2


def test_ratio_is_that_of_the_rounds_not_of_the_medians() -> None:
    quiet_then_busy = Timing((1.0, 1.0, 5.0, 5.0, 5.0))
    other = Timing((3.0, 3.0, 15.0, 15.0, 8.0))
    assert quiet_then_busy.times_faster_than(other) == pytest.approx(3.0)
    assert quiet_then_busy.median == 5.0


def test_nine_rounds_of_ten_stay_within_p90() -> None:
    assert Timing(tuple(map(float, range(1, 11)))).p90 == 9.0
    assert Timing((3.0, 1.0)).p90 == 3.0
    assert Timing((2.0,)).p90 == 2.0


def count_upwards(start: int, end: int) -> Callable[[], None]:
    numbers = iter(range(start, end))

    def count() -> None:
        with open(os.environ["COUNTED"], "a") as file:
            print(next(numbers), os.getpid(), file=file)

    return count


def test_each_contestant_has_a_process_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COUNTED", str(tmp_path / "calls.txt"))
    contestants = {name: Contestant(count_upwards, (start, 99), False) for name, start in (("a", 0), ("b", 10))}
    times = compare(Comparison("counting", "a", contestants, rounds_factor=2), rounds=1)
    calls = [tuple(map(int, line.split())) for line in (tmp_path / "calls.txt").read_text().splitlines()]
    assert [number for number, _ in calls] == [0, 10, 1, 11, 2, 12, 3, 13]  # two rounds of warm-up, two timed
    assert len({process for _, process in calls} | {os.getpid()}) == 3
    assert [len(timing.seconds) for timing in times.values()] == [2, 2]


def hold(mebibytes: int) -> Callable[[], None]:
    held = b"1" * (mebibytes * 2**20)
    return lambda: print(len(held), end="")


@pytest.mark.skipif(sys.platform not in ("linux", "darwin"), reason="the system does not tell")
def test_the_peak_is_that_of_the_contestants_own_process() -> None:
    contestants = {name: Contestant(hold, (size,), False) for name, size in (("little", 1), ("much", 201))}
    times = compare(Comparison("holding", "little", contestants, warm_up=0), rounds=1)
    little, much = times["little"].peak_mib, times["much"].peak_mib
    assert little is not None and much is not None and 150 < much - little < 250 and little < 200


def test_a_failure_there_is_told_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COUNTED", str(tmp_path / "calls.txt"))
    with apart(Contestant(count_upwards, (0, 1), True)) as call:
        assert len(call(1)) == 1
        with pytest.raises(RuntimeError, match="StopIteration"):
            call(1)


def give_up() -> Callable[[], None]:
    return lambda: os._exit(7)


def test_a_dead_process_is_told_with_its_exit_code() -> None:
    with apart(Contestant(give_up, (), False)) as call, pytest.raises(RuntimeError, match="exit code 7"):
        call(1)
