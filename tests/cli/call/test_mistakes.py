"""Every mistake of a call is found, named, and answered with what was probably meant."""

from collections.abc import Callable

import pytest
from omegaconf import DictConfig

from mnv3.cli.call.composing import composer
from mnv3.tools.text.words import closest
from tests.cli.recorder import Recorder

Call = Callable[..., int]

ONE_MISTAKE = [
    (["recipe.ephocs=3"], "there is no key 'recipe.ephocs'; did you mean recipe.epochs (now {recipe.epochs})?"),
    (["epochs=3"], "there is no key 'epochs'; did you mean recipe.epochs (now {recipe.epochs})?"),
    (["tsak=ssdlite"], "there is no key 'tsak'; did you mean task (now ssdlite)?"),
    (["qqqq=3"], "there is no key 'qqqq'; `mnv3 train --help` lists them."),
    (["dataset=coco", "dataset.height=3"], "there is no key 'dataset.height'"),
    (["+recipe.lrr=3"], "there is no key 'recipe.lrr'; did you mean recipe.lr (now {recipe.lr})?"),
    (["+recipe.lr=3"], "write it without the plus, recipe.lr=3."),
    (["~recipe"], "give recipe another value"),
    (["recipe.epochs=abc"], "must be a whole number or null (now {recipe.epochs})."),
    (["recipe.epochs=2.5"], "must be a whole number or null (now {recipe.epochs})."),
    (["backbone.rf2=perhaps"], "must be true or false (now false)."),
    (["seed=null"], "must be a whole number (now 0)."),
    (["task.input_size=320"], "height and width, like [320,320], or auto (now [320,320])."),
    (["task.input_size=[320]"], "height and width, like [320,320], or auto (now [320,320])."),
    (["task.input_size=[320,0]"], "height and width, like [320,320], or auto (now [320,320])."),
    (["task.input_size=[320,a]"], "height and width, like [320,320], or auto (now [320,320])."),
    (["task.input_size=null"], "height and width, like [320,320], or auto (now [320,320])."),
    (["data.workers=many"], "must be a whole number or auto (now auto)."),
    (["data.workers=-1"], "must be at least 0 (now auto)."),
    (["backbone.hswish=1"], "must be at least 8 (now true)."),
    (["recipe.batch_size=0"], "must be at least 1 (now {recipe.batch_size})."),
    (["task.preset=papr"], "must be paper, torchvision or zoo2018; did you mean task.preset=paper? (now paper)."),
    (["backbone.output_stride=7"], "must be 8, 16 or 32 (now 32)."),
    (["backbone=medium"], "backbone=medium: backbone must be large, "),
    (["dataset=sterets"], "did you mean dataset=streets?"),
    (["dataset=null"], "dataset=null: dataset must be "),
    (["lr"], "'lr' has no value; write recipe.lr=VALUE (now {recipe.lr})."),
    (["name=a=b"], "put quotes around the value: 'name=\"a=b\"'."),
    (["seed=1,2"], "add -m"),
    (["--epochs", "3"], "There is no flag --epochs; did you mean recipe.epochs=3 (now {recipe.epochs})?"),
    (["-m", "--cfg", "job", "seed=1,2"], "-m cannot be combined"),
    (["-m", "seed=1,a"], "seed=a: must be a whole number (now 0)."),
    (["--config-dir", "nowhere"], "there is no folder nowhere."),
    (["hydra.rnu.dir=x"], "hydra.rnu.dir=x: Could not override 'hydra.rnu.dir'."),
]


@pytest.fixture(scope="module")
def usual() -> DictConfig:
    """What `mnv3 train` takes when nothing is said."""
    with composer("train") as compose:
        return compose()


@pytest.mark.parametrize(
    ("argv", "answer"), ONE_MISTAKE, ids=lambda value: " ".join(value) if isinstance(value, list) else ""
)
def test_each_mistake_has_its_sentence(
    argv: list[str], answer: str, usual: DictConfig, call: Call, recorder: Recorder, capsys: pytest.CaptureFixture
) -> None:
    assert call("train", *argv) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert answer.format(recipe=usual.recipe) in line
    assert not recorder.configs


def test_all_mistakes_of_a_call_are_told_together(
    call: Call, recorder: Recorder, capsys: pytest.CaptureFixture
) -> None:
    assert call("trian", "recipe.ephocs=3", "backbone=medium", "seed=abc", "lr", "task.preset=papr", "--foo") == 2
    said = capsys.readouterr().err.splitlines()
    assert said[0] == "mnv3: 7 mistakes:"
    told = "\n".join(said[1:])
    for word in (
        "mnv3 train",
        "recipe.epochs",
        "backbone must be large",
        "seed=abc",
        "'lr'",
        "task.preset=paper",
        "--foo",
    ):
        assert word in told
    assert not recorder.configs


def test_a_mistake_in_one_combination_of_many_is_told_once(call: Call, capsys: pytest.CaptureFixture) -> None:
    assert call("train", "-m", "backbone=small,large", "seed=1,2", "task.preset=paper,papr") == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_a_verb_that_resembles_none_lists_them(call: Call, capsys: pytest.CaptureFixture) -> None:
    assert call("xyzzy") == 2
    assert "There is no verb 'xyzzy'; there are train, eval" in capsys.readouterr().err


def test_words_after_data_are_checked_too(call: Call, capsys: pytest.CaptureFixture) -> None:
    assert call("data", "chekc") == 2
    assert "did you mean action=check? (now list)." in capsys.readouterr().err


@pytest.mark.parametrize(
    ("word", "meant"),
    [("epochs", "recipe.epochs"), ("recipe.seed", "seed"), ("recpie.lr", "recipe.lr"), ("zzz", None)],
)
def test_the_closest_match_looks_at_the_last_part_first(word: str, meant: str | None) -> None:
    assert closest(word, ["recipe.epochs", "recipe.lr", "seed", "dataset.train"]) == meant


@pytest.mark.parametrize("words", [["train", "resume="], ["predict", "x.jpg", "predict.out="], ["eval", "run="]])
def test_a_key_without_a_value_is_a_mistake(call, capsys, words) -> None:
    """Of a shell's empty variable: `resume=` began a new training."""
    assert call(*words) == 2
    assert f"{words[-1]} has no value" in capsys.readouterr().err


def test_what_is_no_number_is_a_mistake(call, capsys) -> None:
    assert call("train", "recipe.lr=nan") == 2
    assert "recipe.lr" in capsys.readouterr().err
