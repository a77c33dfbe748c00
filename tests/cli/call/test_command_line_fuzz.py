"""Odd command lines, from seeds: whatever is typed is done, or ends in a sentence with exit code 2."""

import random
import sys
from collections.abc import Callable
from types import SimpleNamespace

import pytest

from mnv3.cli.call.verbs import VERBS
from tests.mutations import generator

Call = Callable[..., int]

GOOD = (
    "train task=lraspp backbone=large recipe.lr=0.1 dry=true",
    "eval run=x eval.flip=true dataset=cityscapes",
    "predict a.jpg b.png weights=x predict.threshold=0.5",
    "export run=r format=onnx",
    "data check dataset=mask_folder dataset.names=n.txt",
    "bench bench.what=engines",
    "table 6 format=csv",
    "compare a b --html=x",
    "train -m backbone=small,large seed=0,1",
    "train --cfg job",
    "train --help task=lraspp",
    "help train",
    "env",
    "train resume=x",
    "eval --info defaults",
    "train --config-dir d",
)
WORDS = (
    *("", "=", "-", "--", "---x", "-m", "-r", "--run", "--resolve", "--multirun", "--hydra-help", "--help", "-h", "-1"),
    *("--cfg", "--cfg=job", "-c", "--info", "--package", "--config-dir", "--config-name=x", "-cn", "--config-path=x"),
    *(
        "--experimental-rerun",
        "--experimental-rerun=x",
        "~",
        "~x",
        "~task",
        "+",
        "+x=1",
        "++x=1",
        "task",
        "task=",
    ),
    *(
        "task=x",
        "=x",
        "a.b=c",
        "a=b=c",
        "'a'=b",
        '"',
        "seed=[",
        "seed={a:1}",
        "seed=${x}",
        "seed=${oc.env:SECRET}",
        "seed='",
    ),
    *("name=${oc.env:SECRET}", "x" * 3000, "a=" + "[" * 200, "\0", "seed=\0", "\udcff", "名=1", "\x1b[31m", "[red]=1"),
    *("seed=1e400", "seed=-1", "seed=" + "9" * 50, "seed=1,2", "recipe.lr=range(1,3)", "experiment=glob(", "init="),
    *("hydra.run.dir=x", "hydra/launcher=x", "hydra.x=1", "+hydra.x=1", "~hydra", "hydra.searchpath=[x]", "--x=1=2"),
    *("hydra/sweeper=optuna", "hydra.sweeper.params={seed:1}", "backbone=[small,large]", "backbone=null"),
    *("dataset@x=coco", "task@_global_=lraspp", "data.root=~", "task.input_size=[1,2,3]", "recipe.class_weights={a:b}"),
)
LETTERS = "=,'[${\\ ./"


def odd(rng: random.Random) -> list[str]:
    """A good call with one to three words, or letters, put in, left out or changed."""
    words: list[str] = list(rng.choice(GOOD).split())
    for _ in range(rng.randint(1, 3)):
        place, way = rng.randint(0 if rng.random() < 0.1 else 1, len(words)), rng.random()
        last = min(place, len(words) - 1)
        if way < 0.55:
            words.insert(place, rng.choice(WORDS))
        elif way < 0.7:
            words[last : last + 1] = []
        elif way < 0.85:
            words[last : last + 1] = [rng.choice(WORDS)]
        else:
            at = rng.randint(0, len(words[last]))
            words[last] = words[last][:at] + rng.choice(LETTERS) + words[last][at + rng.randint(0, 1) :]
        words = words or ["train"]
    return words


@pytest.mark.parametrize("cases", [12, pytest.param(1500, marks=pytest.mark.nightly)])
def test_odd_calls_end_in_a_sentence(
    call: Call, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], cases: int
) -> None:
    monkeypatch.setenv("SECRET", "hunter2")
    for verb in VERBS:
        if VERBS[verb].configured:
            monkeypatch.setitem(sys.modules, f"mnv3.cli.{verb}", SimpleNamespace(run=lambda cfg: None))  # type: ignore[arg-type]
    for number in range(cases):
        words = odd(generator("argv", number))
        try:
            code = call(*words)
        except SystemExit as error:  # of Hydra's own help
            code = error.code
        said = capsys.readouterr().err
        assert code in (0, 2), (words, said)
        assert "Traceback" not in said and "\x1b" not in said and "hunter2" not in said, words
        assert code == 0 or said.startswith(("mnv3: ", "usage: ")), (words, said)


@pytest.mark.parametrize(
    "words",
    [
        "eval -r --info defaults",
        "bench --resolve",
        "train -c task=lraspp",
        "train --experimental-rerun",
        "train --experimental-rerun=x.pickle",
        "train --help bogus=1",
        "train --help task=x",
        "train --help data.root=~",
        "help train ~",
        "help train --config-dir",
        "train hydra.sweeper.params={seed:1} task=x",
        "compare ~nobody_of_that_name/x",
        "eval run=~nobody_of_that_name/x",
    ],
)
def test_calls_that_once_failed(call: Call, words: str, capsys: pytest.CaptureFixture[str]) -> None:
    """With an exception's name, or in the words of another program."""
    assert call(*words.split()) == 2
    assert capsys.readouterr().err.startswith("mnv3: ")
