"""Which runs are meant: by path, name, pattern, and by what they have."""

import os
from pathlib import Path

import pytest

from mnv3.tools.compare.choosing import find_folders, matching
from mnv3.tools.errors import UserError
from tests.tools.compare.made_up import make_run, read

RUNS = Path("runs")


@pytest.fixture(autouse=True)
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three runs, b the oldest, and folders that are none."""
    monkeypatch.chdir(tmp_path)
    make_run(RUNS / "boxes" / "a", backbone__width=0.5, seed=1)
    make_run(RUNS / "boxes" / "b", backbone__name="large", recipe__lr=1e-4)
    make_run(RUNS / "masks" / "c", wandb={"tags": ["table6"], "group": None})
    os.utime(RUNS / "boxes" / "b" / "config.yaml", (1, 1))
    for other in ("compare/1", "eval/x", "boxes/empty"):
        (RUNS / other).mkdir(parents=True)


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ([], ["b", "a", "c"]),
        (["runs/boxes/a", "a", f"{RUNS}/boxes/../boxes/a"], ["a"]),
        (["c", "b"], ["c", "b"]),
        (["runs/boxes"], ["b", "a"]),
        (["runs"], ["b", "a", "c"]),
        (["runs/*/*"], ["a", "b", "empty", "c"]),
        (["[bc]"], ["b", "c"]),
        (["boxes/?"], ["a", "b"]),
        (["eval/*"], ["x"]),
    ],
)
def test_words_name_runs(words: list[str], names: list[str]) -> None:
    assert [folder.name for folder in find_folders(words, RUNS)] == names


def test_words_that_name_nothing_are_told_together(tmp_path: Path) -> None:
    make_run(RUNS / "boxes" / "small-streets")
    with pytest.raises(UserError) as error:
        find_folders(["smal-streets", "zzz*", "/nowhere", "a"], RUNS)
    assert len(error.value.problems) == 3
    assert "did you mean small-streets?" in error.value.problems[0]
    assert "'zzz*' matches no folder" in error.value.problems[1]
    assert "small-streets, " in error.value.problems[2]
    with pytest.raises(UserError, match="no run in"):
        find_folders([], tmp_path / "nothing")


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        ({"backbone": "large"}, "b"),
        ({"backbone": "large,small"}, "abc"),
        ({"tag": "table6"}, "c"),
        ({"tag": "large"}, "b"),
        ({"backbone.width": "0.5", "seed": "1"}, "a"),
        ({"backbone.width": "1.0"}, "bc"),
        ({"recipe.lr": "1e-4"}, "b"),
        ({"recipe": "qu*"}, "abc"),
        ({"task.input_size": "[320,320]"}, "abc"),
        ({"backbone.weights": "null"}, "abc"),
    ],
)
def test_filters(filters: dict[str, str], names: str) -> None:
    runs = [read(RUNS / folder) for folder in ("boxes/a", "boxes/b", "masks/c")]
    assert [run.name for run in matching(runs, filters)] == list(names)


def test_a_filter_that_leaves_nothing_tells_what_there_is() -> None:
    runs = [read(RUNS / folder) for folder in ("boxes/a", "boxes/b")]
    with pytest.raises(UserError, match=r"No run has seed=1 backbone=tiny: .* backbone is small"):
        matching(runs, {"seed": "1", "backbone": "tiny"})
    with pytest.raises(UserError) as error:
        matching(runs, {"lr": "1", "bakbone": "x"})
    assert "did you mean recipe.lr?" in error.value.problems[0] and "did you mean backbone?" in error.value.problems[1]
