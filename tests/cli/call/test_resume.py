"""resume=DIR makes the saved call again and refuses what would change the run."""

from collections.abc import Callable
from pathlib import Path

import pytest
from omegaconf import OmegaConf

from tests.cli.recorder import Recorder

Call = Callable[..., int]
SAVED = ["backbone=large", "seed=3", "recipe.lr=0.5"]


@pytest.fixture
def run(call: Call, recorder: Recorder) -> Path:
    """A run folder as training leaves it, in a place whose name Hydra's grammar would stumble over."""
    assert call("train", *SAVED, "name=x") == 0
    config = recorder.configs.pop()
    folder = Path("runs/my run, a=b")
    recorder.folders.pop().rename(folder)
    recorder.argvs.clear()
    (folder / "config.yaml").write_text(OmegaConf.to_yaml(config, resolve=True))
    (folder / "overrides.txt").write_text("".join(f"{line}\n" for line in [*SAVED, "name=x"]))
    return folder


def test_the_saved_call_is_made_again_in_its_folder(run: Path, call: Call, recorder: Recorder) -> None:
    assert call("train", f"resume='{run}'", "data.workers=3", "seed=3") == 0
    [config] = recorder.configs
    assert (config.backbone.name, config.seed, config.recipe.lr, config.data.workers) == ("large", 3, 0.5, 3)
    assert config.resume == str(run)
    assert recorder.folders == [run.resolve()]


def test_its_further_processes_do_the_same(run: Path, call: Call, recorder: Recorder) -> None:
    assert call("train", f"resume='{run}'") == 0
    again = recorder.argvs[0][1:]
    assert call(*again) == 0
    assert recorder.configs[0] == recorder.configs[1]


def test_changed_keys_are_refused_by_name(
    run: Path, call: Call, recorder: Recorder, capsys: pytest.CaptureFixture
) -> None:
    assert call("train", f"resume='{run}'", "recipe.lr=0.1", "backbone=small") == 2
    said = capsys.readouterr().err
    assert "recipe.lr was 0.5 when" in said and "is 0.1 now" in said
    assert "backbone.name was large when" in said
    assert not recorder.configs


@pytest.mark.parametrize(
    ("argv", "answer"),
    [
        (["resume=nowhere"], "resume=nowhere: "),
        (["resume=runs"], "has no overrides.txt"),
        (["resume=runs", "-m"], "leave -m out"),
    ],
)
def test_what_cannot_be_resumed(
    argv: list[str], answer: str, run: Path, call: Call, capsys: pytest.CaptureFixture
) -> None:
    assert call("train", *argv) == 2
    assert answer in capsys.readouterr().err


def test_chosen_values_stay(call: Call, recorder: Recorder) -> None:
    """What `auto` became when the run began is in its config.yaml, and counts."""
    chosen = ["recipe=finetune", "backbone.weights=auto", "task.input_size=auto"]
    assert call("train", "dataset=boxes", "dataset.path=cells", "name=x") == 0
    config = recorder.configs.pop()
    folder = recorder.folders.pop()
    config.task.input_size, config.backbone.weights = [480, 640], "tf.safetensors"
    config.backbone.weights_inputs = "symmetric"
    (folder / "config.yaml").write_text(OmegaConf.to_yaml(config, resolve=True))
    (folder / "overrides.txt").write_text("\n".join(["dataset=boxes", "dataset.path=cells", *chosen]))
    assert call("train", f"resume={folder}") == 0
    assert call("train", f"resume={folder}", "task.input_size=[480,640]") == 0
    assert call("train", f"resume={folder}", "task.input_size=[320,320]") == 2
    assert call("train", f"resume={folder}", "backbone.weights=null") == 2
