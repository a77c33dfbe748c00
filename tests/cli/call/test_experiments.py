"""experiment=... on the command line: one, several, by a pattern; found again by their row."""

from collections.abc import Callable
from pathlib import Path

import pytest
from omegaconf import OmegaConf

from mnv3.cli.call.arguments import split
from mnv3.cli.call.composing import composer
from mnv3.cli.call.experiments import leave_row_if_changed, with_names
from mnv3.tools.errors import UserError
from mnv3.tools.paper.tables import ROWS
from mnv3.tools.runs.find import find, wanted
from tests.cli.recorder import Recorder
from tests.cli.scored import write_run

Call = Callable[..., int]
Print = pytest.CaptureFixture
SIX = sorted(name for name in ROWS if name.startswith("table6/"))


@pytest.mark.parametrize(
    "text",
    [
        "experiment=glob(table6/*)",
        "experiment='glob(table6/*)'",
        'experiment="glob(table6/*)"',
        "experiment=glob('table6/*')",
        'experiment=glob(["table6/*"])',
    ],
)
def test_a_pattern_is_all_rows_that_it_fits(text: str) -> None:
    [written] = with_names("train", split([text]), None).overrides
    assert written == "experiment=" + ",".join(SIX)


def test_several_patterns() -> None:
    [written] = with_names("train", split(["experiment=glob([table8/*os16, table6/v1])"]), None).overrides
    assert written == "experiment=table8/v3_large_os16,table8/v3_small_os16,table6/v1"
    given = split(["experiment=table6/v1,table6/v2", "seed=1"])
    assert with_names("train", given, None) == given


def test_a_pattern_that_fits_nothing_lists_the_rows(call: Call, capsys: Print) -> None:
    assert call("train", "-m", "experiment=glob(tabel6/*)") == 2
    said = capsys.readouterr().err
    assert "tabel6/*. " in said and ": table6/mnasnet, " in said
    assert "table8/v3_small_os32." in said


def test_an_unknown_experiment_has_a_closest_match_and_all_rows(call: Call, capsys: Print) -> None:
    assert call("train", "experiment=table6/v3_smal_rf2", "recipe.ephocs=3") == 2
    said = capsys.readouterr().err
    assert (
        "there is no such experiment. Did you mean experiment=table6/v3_small_rf2?" in said
        and ": table6/mnasnet," in said
    )
    assert "did you mean recipe.epochs" in said


def test_a_multirun_over_a_pattern_runs_every_row(call: Call, recorder: Recorder) -> None:
    assert call("train", "-m", "experiment=glob(table8/*os16)", "dataset=streets", "recipe=quick") == 0
    assert [config.row for config in recorder.configs] == ["table8/v3_large_os16", "table8/v3_small_os16"]
    assert [config.dataset.name for config in recorder.configs] == ["streets", "streets"]
    names = [folder.name.rpartition("-streets-quick-")[0] for folder in recorder.folders]
    assert names == ["table8-v3_large_os16", "table8-v3_small_os16"]


def test_a_changed_network_leaves_its_row() -> None:
    with composer("train") as compose:
        same = compose(["experiment=table6/v3_small", "backbone.weights=imagenet", "dataset=streets"])
        changed = compose(["experiment=table6/v3_small", "backbone.width=0.5"])
        typed = compose(["row=table6/v3_smal"])
        none = compose()
    assert leave_row_if_changed(same) is None
    assert leave_row_if_changed(none) is None
    assert same.row == "table6/v3_small"
    sentence = leave_row_if_changed(changed)
    assert sentence is not None
    assert sentence.startswith("backbone.width=0.5: ") and "table6/v3_small" in sentence
    assert changed.row is None
    with pytest.raises(UserError, match=r"Did you mean table6/v3_small\?"):
        leave_row_if_changed(typed)


def test_the_newest_run_of_a_row_is_found(tmp_path: Path) -> None:
    overrides = ["experiment=table6/v3_small_rf2", "dataset=streets", "recipe=quick"]
    folder = write_run(tmp_path, "mine", overrides, None)
    write_run(tmp_path, "other", ["experiment=table6/v3_small", "dataset=streets"], None)
    with composer("eval") as compose:
        cfg = compose(["experiment=table6/v3_small_rf2", "dataset=streets"])
        asked = wanted(cfg, ["experiment", "dataset"])
        assert find(tmp_path, "ssdlite", None, None, asked).folder == folder
        nothing = wanted(compose(["experiment=table6/v1"]), ["experiment"])
    with pytest.raises(UserError, match=r"no trained run of experiment=table6/v1 .* `mnv3 train experiment=table6/v1`"):
        find(tmp_path, "ssdlite", None, None, nothing)


def test_a_resumed_run_may_have_left_its_row(call: Call, recorder: Recorder, tmp_path: Path) -> None:
    """config.yaml has no row then, the call that is made again has it."""
    run = tmp_path / "runs/ssdlite/mine"
    run.mkdir(parents=True)
    overrides = ["experiment=table6/v3_small", "backbone.width=0.5"]
    (run / "overrides.txt").write_text("\n".join(overrides))
    with composer("train") as compose:
        config = compose([*overrides, "row=null"])
    (run / "config.yaml").write_text(OmegaConf.to_yaml(config, resolve=True))
    assert call("train", f"resume={run}") == 0
    assert recorder.configs[0].backbone.width == 0.5


def test_experiments_are_completed(monkeypatch: pytest.MonkeyPatch) -> None:
    from mnv3.cli.completion import candidates

    assert candidates("mnv3 train experiment=table8/v3_l") == [
        "experiment=table8/v3_large_os16",
        "experiment=table8/v3_large_os32",
    ]
    assert "experiment=" in candidates("mnv3 train exp")
    assert candidates("mnv3 table ab") == ["ablations"]
    assert candidates("mnv3 table runs=") == ["<file>"]
