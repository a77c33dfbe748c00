"""Calls of the command line from end to end, with a verb that only takes notes."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hydra.core.global_hydra import GlobalHydra

from mnv3.cli.call.verbs import VERBS
from mnv3.conf.examples import EXAMPLES, OVERVIEW
from mnv3.tools.errors import UserError
from tests.cli.recorder import Recorder

Call = Callable[..., int]


def test_alone_it_prints_help_with_worked_examples(call: Call, capsys: pytest.CaptureFixture) -> None:
    assert call() == 0
    printed = capsys.readouterr().out
    assert all(verb in printed for verb in VERBS)
    assert all(example[0] in printed for example in OVERVIEW)


@pytest.mark.parametrize("argv", [("--help",), ("-h",), ("help",)])
def test_help_has_three_spellings(argv: tuple[str, ...], call: Call, capsys: pytest.CaptureFixture) -> None:
    assert call(*argv) == 0
    assert "usage: mnv3 VERB" in capsys.readouterr().out


@pytest.mark.parametrize("verb", [verb for verb in VERBS if verb != "help"])
def test_help_of_every_verb(verb: str, call: Call, capsys: pytest.CaptureFixture) -> None:
    assert call(verb, "--help") == 0
    printed = capsys.readouterr().out
    assert VERBS[verb].summary in printed
    assert all(example in printed for example, _ in EXAMPLES[verb])
    assert call("help", verb) == 0
    assert capsys.readouterr().out == printed


def test_help_shows_groups_keys_and_the_values_chosen(call: Call, capsys: pytest.CaptureFixture) -> None:
    assert call("train", "backbone=large", "seed=7", "--help") == 0
    printed = capsys.readouterr().out
    assert "*large mnasnet small v1 v2" in printed
    assert "backbone.name=large" in printed
    assert "seed=7" in printed


def test_a_call_gets_its_configuration_and_a_folder(call: Call, recorder: Recorder) -> None:
    assert call("train", "backbone=large", "backbone.rf2=true", "seed=3") == 0
    [config] = recorder.configs
    assert (config.task.name, config.backbone.name, config.backbone.rf2, config.seed) == ("ssdlite", "large", True, 3)
    [folder] = recorder.folders
    assert folder.parent == Path("runs/ssdlite").resolve()
    assert folder.name.startswith("large-rf2-streets-quick-20")
    assert [file.name for file in folder.iterdir()] == ["log.txt"]


def test_a_name_that_is_taken_gets_a_number(call: Call, recorder: Recorder) -> None:
    for _ in range(3):
        assert call("train", "name=trial") == 0
    assert [folder.name for folder in recorder.folders] == ["trial", "trial-2", "trial-3"]


def test_flags_may_stand_anywhere(call: Call, recorder: Recorder, capsys: pytest.CaptureFixture) -> None:
    assert call("train", "seed=1,2", "-m", "backbone=small,large") == 0
    assert [(cfg.seed, cfg.backbone.name) for cfg in recorder.configs] == [
        (1, "small"),
        (1, "large"),
        (2, "small"),
        (2, "large"),
    ]
    assert len(set(recorder.folders)) == 4
    assert sorted(path.name for path in Path("runs").iterdir()) == ["ssdlite"]
    capsys.readouterr()
    assert call("train", "--cfg", "job", "seed=5", "--package", "wandb") == 0
    assert "project: mnv3" in capsys.readouterr().out
    assert call("train", "--info", "defaults", "seed=5") == 0
    assert "task_recipe/ssdlite_quick" in capsys.readouterr().out


def test_double_dashes_before_a_key_are_forgiven(call: Call, recorder: Recorder) -> None:
    assert call("train", "--seed=4") == 0
    assert recorder.configs[0].seed == 4


def test_further_processes_are_started_with_verb_job_and_folder(call: Call, recorder: Recorder) -> None:
    """Lightning runs sys.argv again: it has to name one job, not the multirun."""
    assert call("train", "seed=1,2", "-m") == 0
    assert recorder.argvs == [["mnv3", "train", "seed=1"], ["mnv3", "train", "seed=2"]]


@pytest.mark.parametrize("multirun", [(), ("-m",)])
def test_a_dry_run_leaves_nothing(multirun: tuple, call: Call, recorder: Recorder, tmp_path: Path) -> None:
    assert call("train", "dry=true", *multirun) == 0
    assert len(recorder.configs) == 1
    assert not recorder.folders[0].exists()
    assert list(tmp_path.iterdir()) == []


def test_a_users_mistake_is_one_line_and_leaves_no_folder(
    call: Call, recorder: Recorder, capsys: pytest.CaptureFixture
) -> None:
    recorder.error = UserError("The data is not there.")
    assert call("train") == 2
    assert capsys.readouterr().err == "mnv3: The data is not there.\n"
    assert not list(Path("runs/ssdlite").iterdir())


def test_a_failure_is_one_line_and_its_traceback_is_in_the_log(
    call: Call, recorder: Recorder, capsys: pytest.CaptureFixture
) -> None:
    recorder.error = RuntimeError("the loss is not finite\nin batch 3")
    assert call("train") == 1
    captured = capsys.readouterr()
    assert captured.err.splitlines() == [
        "mnv3 failed: RuntimeError: the loss is not finite (MNV3_TRACEBACK=1 prints the traceback)"
    ]
    assert "Traceback" not in captured.out
    assert "Traceback" in (recorder.folders[0] / "log.txt").read_text()


@pytest.mark.parametrize("variable", ["MNV3_TRACEBACK", "HYDRA_FULL_ERROR"])
def test_the_traceback_is_shown_when_asked_for(
    variable: str, call: Call, recorder: Recorder, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.delenv("MNV3_TRACEBACK")
    monkeypatch.setenv(variable, "1")
    recorder.error = RuntimeError("no")
    assert call("train") == 1
    assert "Traceback" in capsys.readouterr().err


def test_a_failed_job_does_not_stop_the_others(call: Call, recorder: Recorder, capsys: pytest.CaptureFixture) -> None:
    recorder.error = RuntimeError("no")
    assert call("train", "seed=1,2,3", "-m") == 1
    assert len(recorder.configs) == 3
    assert "3 of 3 runs failed" in capsys.readouterr().err


def test_control_c_ends_with_130(call: Call, recorder: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(recorder, "run", interrupt)
    monkeypatch.setitem(sys.modules, "mnv3.cli.train", recorder)  # type: ignore[arg-type]
    assert call("train") == 130


def test_options_without_effect_are_named(call: Call, recorder: Recorder, capsys: pytest.CaptureFixture) -> None:
    assert call("train", "wandb.mode=disabled", "wandb.project=mine", "dry=true") == 0
    said = capsys.readouterr().out.splitlines()
    assert said == ["wandb.project has no effect: wandb.mode is disabled."]


def test_hydra_is_left_as_it_was(call: Call, recorder: Recorder) -> None:
    assert call("train", "dry=true") == 0
    assert not GlobalHydra.instance().is_initialized()


def test_a_folder_of_own_configuration_files(call: Call, recorder: Recorder, tmp_path: Path) -> None:
    own = tmp_path / "own" / "dataset"
    own.mkdir(parents=True)
    (own / "mine.yaml").write_text("defaults: [coco_json, _self_]\ntrain_json: mine.json\n")
    assert call("train", "dataset=mine", "--config-dir", str(tmp_path / "own"), "dry=true") == 0
    assert recorder.configs[0].dataset.train_json == "mine.json"
    assert recorder.argvs[0] == ["mnv3", "train", "dataset=mine", "dry=true", "--config-dir", str(tmp_path / "own")]
