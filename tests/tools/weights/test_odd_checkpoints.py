"""Checkpoints of odd structure, and damaged ones: a sentence that names the file, wherever they are given."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import torch
from torch import nn

from mnv3.lraspp.weights import load as masks
from mnv3.ssdlite.weights import load as boxes
from mnv3.tools.errors import UserError
from mnv3.tools.weights.checkpoint import read_checkpoint
from tests.lraspp.weights.test_load import save as save_segmenter
from tests.mutations import ODD, altered, damaged, generator
from tests.ssdlite.weights.test_load import save as save_detector


class Kind(NamedTuple):
    """A task's own ways to read a checkpoint; `part`: under what name its network is in one."""

    task: str
    part: str
    save: Callable[[Path], Any]
    load: Callable[[Path], Any]
    init: Callable[[Any, Path, Mapping[int, str]], Any]
    weights: Callable[[str], Any]

    def network(self, path: Path) -> nn.Module:
        return getattr(self.load(path), self.part)


DETECTOR, SEGMENTER = (
    Kind("ssdlite", "detector", save_detector, boxes.load_detector, boxes.init_detector, boxes.load_weights),
    Kind("lraspp", "segmenter", save_segmenter, masks.load_segmenter, masks.init_segmenter, masks.load_weights),
)


@pytest.fixture(scope="module", params=[DETECTOR, SEGMENTER], ids=lambda kind: kind.task)
def kind(request: pytest.FixtureRequest) -> Kind:
    return request.param


@pytest.fixture(scope="module")
def whole(kind: Kind, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("whole") / "x.ckpt"
    kind.save(path)
    return path


def with_state(content: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """Other values for entries of the state dict."""
    return {**content, "state_dict": {**content["state_dict"], **changes}}


def with_stem(content: dict[str, Any], change: Callable[[torch.Tensor], torch.Tensor]) -> dict[str, Any]:
    """Another stem."""
    (name,) = (name for name in content["state_dict"] if name.endswith(f".{STEM}"))
    return with_state(content, **{name: change(content["state_dict"][name])})


def saying(content: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """Other words about itself."""
    return {**content, "hyper_parameters": {**content["hyper_parameters"], **changes}}


STEM = "backbone.stem.conv.weight"
CHANGES = {
    "hyper_parameters is a number": lambda c: {**c, "hyper_parameters": -1},
    "no hyper_parameters": lambda c: {key: value for key, value in c.items() if key != "hyper_parameters"},
    "no configuration": lambda c: {**c, "hyper_parameters": {}},
    "the configuration is a list": lambda c: saying(c, config=[1]),
    "the task is a list": lambda c: saying(c, config={"task": []}),
    "no backbone": lambda c: saying(c, config={"task": {"name": c["hyper_parameters"]["config"]["task"]["name"]}}),
    "the classes are a number": lambda c: saying(c, classes=5),
    "the classes are numbers": lambda c: saying(c, classes=[1, 2]),
    "no classes": lambda c: saying(c, classes=None),
    "state_dict is a list": lambda c: {**c, "state_dict": [1]},
    "no state_dict": lambda c: {key: value for key, value in c.items() if key != "state_dict"},
    "a tensor without a name": lambda c: {**c, "state_dict": {**c["state_dict"], 5: torch.zeros(1)}},
    "a sparse tensor": lambda c: with_stem(c, torch.Tensor.to_sparse),
    "a complex tensor": lambda c: with_stem(c, lambda x: x.to(torch.complex64)),
    "a tensor of nothing": lambda c: with_stem(c, lambda x: torch.empty(8, 3, 3, 3, device="meta")),
    "a tensor larger than its file": lambda c: with_stem(c, lambda x: torch.zeros(1).expand(10**6, 10**6)),
    "NaN": lambda c: with_stem(c, lambda x: x * float("nan")),
    "infinity in half precision": lambda c: with_stem(c, lambda x: torch.full((8, 3, 3, 3), 1e30).half()),
}


@pytest.mark.parametrize("name", CHANGES)
def test_odd_structures(tmp_path: Path, kind: Kind, whole: Path, name: str) -> None:
    path = tmp_path / "odd.ckpt"
    torch.save(CHANGES[name](read_checkpoint(whole)), path)
    for read in (kind.load, lambda path: kind.weights(str(path))):
        with pytest.raises(UserError, match=r"odd\.ckpt") as caught:
            read(path)
        assert len(caught.value.problems) == 1 and "\n" not in str(caught.value)


def test_other_precisions_are_read(tmp_path: Path, kind: Kind, whole: Path) -> None:
    """Half precision and bfloat16 are what many files have."""
    content = read_checkpoint(whole)
    for dtype in (torch.float16, torch.bfloat16, torch.float64):
        state = {
            name: value.to(dtype) if value.is_floating_point() else value
            for name, value in content["state_dict"].items()
        }
        torch.save({**content, "state_dict": state}, tmp_path / "x.ckpt")
        network = kind.network(tmp_path / "x.ckpt")
        assert all(value.dtype in (torch.float32, torch.int64) for value in network.state_dict().values())


@pytest.mark.parametrize("cases", [24, pytest.param(1000, marks=pytest.mark.nightly)])
def test_altered_and_damaged_checkpoints_end_in_a_sentence(tmp_path: Path, kind: Kind, whole: Path, cases: int) -> None:
    content, target, path, ended = read_checkpoint(whole), kind.network(whole), tmp_path / "x.ckpt", 0
    for number in range(cases):
        rng = generator(f"{kind.task} checkpoint", number)
        if number % 3 == 0:
            path.write_bytes(damaged(whole.read_bytes(), rng))
        elif number % 3 == 1:
            torch.save({**content, "hyper_parameters": altered(content["hyper_parameters"], rng)}, path)
        else:
            name = rng.choice(list(content["state_dict"]))
            torch.save(
                with_state(content, **{name: rng.choice([*ODD, content["state_dict"][name].flatten()[:0]])}), path
            )
        for read in (kind.load, lambda path: kind.init(target, path, {1: "cat"})):
            try:
                read(path)
            except UserError as error:
                ended += 1
                assert all(str(path) in problem and len(problem) < 700 for problem in error.problems), number
    assert ended > cases / 2
