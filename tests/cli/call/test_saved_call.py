"""overrides.txt of a saved run is data: values for keys of mnv3 train, options that there are, and nothing else."""

from collections.abc import Callable
from pathlib import Path

import pytest
from omegaconf import OmegaConf

from mnv3.cli.call.saved_call import read
from mnv3.tools.errors import UserError
from mnv3.tools.runs.folder import refuse_links
from tests.cli.recorder import Recorder

Call = Callable[..., int]


@pytest.fixture
def run(call: Call, recorder: Recorder) -> Path:
    assert call("train", "seed=3", "name=x") == 0
    folder = recorder.folders.pop()
    (folder / "config.yaml").write_text(OmegaConf.to_yaml(recorder.configs.pop(), resolve=True))
    (folder / "overrides.txt").write_text("seed=3\nname=x\n")
    return folder


@pytest.mark.parametrize(
    "line",
    [
        "+hydra.callbacks.x={_target_:pathlib.Path.touch,self:{_target_:pathlib.Path,_args_:[boom]}}",
        "hydra.run.dir=outside",
        "hydra.searchpath=[file:///tmp]",
        "hydra/launcher=slurm",
        "hydra/job_logging=console",
        "+x=1",
        "++seed=1",
        "~seed",
        "~dataset",
        "seed=${oc.env:SECRET}",
        "name='${oc.env:SECRET}'",
        "name=\\${oc.env:SECRET}",
        "seed=1,2",
        "seed=range(1,3)",
        "seed=choice(1,2)",
        "dataset=glob(*)",
        "dataset=../../outside",
        "dataset=/etc/passwd",
        "dataset=[coco,streets]",
        "dataset=null",
        "task@dataset=lraspp",
        "backbone@_global_=small",
        "schema/recipe@recipe=ssdlite",
        "recipe.class_weights={_target_:os.system}",
        "recipe.lr={a:1}",
        "-m",
        "--config-dir=outside",
        "--multirun",
        "seed=[1",
        "seed==1",
        "=1",
        "'seed'=1",
        "SEED=1",
        "bogus=1",
        "recipe.bogus=1",
        "data.root=/etc",
        "seed=" + "[" * 3000,
        "\x00",
        "seed",
    ],
)
def test_lines_that_are_refused(line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SECRET", "hunter2")
    Path("overrides.txt").write_text(f"backbone=large\n\n{line}\n")
    with pytest.raises(UserError, match=r"overrides\.txt, line 3: ") as caught:
        read(Path(), [], None)
    assert "hunter2" not in str(caught.value) and len(caught.value.problems) == 1
    assert [path.name for path in Path().iterdir()] == ["overrides.txt"]


def test_all_lines_are_told_at_once_by_their_numbers(run: Path, call: Call, capsys: pytest.CaptureFixture[str]) -> None:
    (run / "overrides.txt").write_text("seed=3\n~x\nname=x\n+y=1\n")
    assert call("train", f"resume={run}") == 2
    said = capsys.readouterr().err
    assert "line 2: '~x'" in said and "line 4: '+y=1'" in said and "line 1" not in said


def test_a_key_of_the_call_stands_for_the_line(run: Path, call: Call, recorder: Recorder) -> None:
    """What a run began with is resolved in its config.yaml; the call can say the same in plain words."""
    (run / "overrides.txt").write_text("seed=${oc.env:SEED}\nname=x\n")
    assert call("train", f"resume={run}", "seed=3") == 0
    assert recorder.configs[0].seed == 3


@pytest.mark.parametrize("content", [b"\xff\xfe", b"seed=3\n" * 100_000])
def test_files_that_no_call_wrote(run: Path, call: Call, content: bytes, capsys: pytest.CaptureFixture[str]) -> None:
    (run / "overrides.txt").write_bytes(content)
    assert call("train", f"resume={run}") == 2
    assert "overrides.txt" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["log.txt", "checkpoints", "samples"])
def test_links_out_of_the_folder_are_not_written_through(
    run: Path, call: Call, recorder: Recorder, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (Path() / "outside").mkdir()
    Path("outside/file").write_text("mine")
    (run / name).unlink(missing_ok=True)
    (run / name).symlink_to(Path("outside/file" if name == "log.txt" else "outside").absolute())
    assert call("train", f"resume={run}") == 2
    assert name in capsys.readouterr().err and not recorder.configs
    assert Path("outside/file").read_text() == "mine"


def test_links_inside_of_it_are_no_matter(run: Path, call: Call) -> None:
    (run / "plots").mkdir()
    (run / "plots/again.txt").symlink_to("../overrides.txt")
    assert call("train", f"resume={run}") == 0


@pytest.mark.parametrize("place", ["wandb", "eval/boxes-test/wandb"])
def test_links_of_wandb_are_no_matter(run: Path, call: Call, place: str, tmp_path: Path) -> None:
    """W&B's own log is in the user's cache: a scored run must resume, and be scored again."""
    logs = run / place / "offline-run-20260101_000000-abc" / "logs"
    logs.mkdir(parents=True)
    (logs / "debug-core.log").symlink_to(tmp_path / "core-debug.log")
    assert call("train", f"resume={run}") == 0
    refuse_links(run / "eval")
