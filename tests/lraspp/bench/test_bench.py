"""The contestants of the benchmark do the same work; how fast is for the benchmark."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import torch

from mnv3.cli.call.composing import composer
from mnv3.lraspp.bench import engines, network, run, training
from mnv3.lraspp.data.frames import IGNORE
from mnv3.tools.bench.contestant import Contestant
from mnv3.tools.bench.engines import EAGER, ONNX_RUNTIME, OPENVINO

CPU = torch.device("cpu")


@pytest.fixture
def make(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Any]]:
    """Composes the benchmark's configuration, on small frames and crops; the number of threads is kept."""
    for module in (network, training, engines):
        monkeypatch.setattr(module, "FRAME", (96, 160))
    for module in (network, training):
        monkeypatch.setattr(module, "CROP", (65, 65))
    monkeypatch.setattr(training, "BATCHES", 1)
    monkeypatch.setattr(training, "worker_count", lambda *_: 0)
    threads = torch.get_num_threads()
    with composer("bench") as compose:
        yield lambda *words: compose(["task=lraspp", "bench.batch_size=2", *words])
    torch.set_num_threads(threads)


def test_every_contestant_finishes(make: Callable[..., Any]) -> None:
    """Those of the network; the last comparison, of scoring, has its own tests."""
    comparisons = list(run.comparisons(make(), CPU))[:-1]
    assert [len(comparison.contestants) for comparison in comparisons] == [4, 2, 2]
    for comparison in comparisons:
        assert comparison.ours in comparison.contestants
        for contestant in comparison.contestants.values():
            assert isinstance(contestant, Contestant)
            result = contestant.make(*contestant.arguments)()
            assert result is None or (isinstance(result, torch.Tensor) and result.shape == (1, 96, 160))


def test_every_contestant_of_training_finishes(make: Callable[..., Any]) -> None:
    counts = []
    for comparison in run.comparisons(make("bench.what=training"), CPU):
        counts.append(len(comparison.contestants))
        for contestant in comparison.contestants.values():
            assert contestant.make(*contestant.arguments)() in (None, 2)
        if len(counts) == 1:
            cached, where = (comparison.contestants[name].arguments[0] for name in (training.COPIES, "torchvision"))
            assert all(frame.cached for frame in training._open(cached).frames)
            images, labels = next(iter(training._their_loader(where, 2, workers=0)))
            assert images.shape == (2, 3, 65, 65) and images.min() >= -1 and images.max() <= 1
            known = training._known(labels)
            assert known.shape == (2, 65, 65) and all(value < 19 or value == IGNORE for value in known.unique())
    assert counts == [3, 2, 3]


def test_engines_give_the_same_labels(make: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """torch.compile, which takes long, is left to the benchmark."""
    monkeypatch.setattr(engines, "usable", lambda _: ((ONNX_RUNTIME, OPENVINO), ("a note",)))
    comparisons = run.comparisons(make("bench.what=engines", "bench.threads=[1]"), CPU)
    comparison = next(comparisons)
    assert (comparison.threads, comparison.notes) == (1, ("a note",))
    found: dict[str, Any] = {
        name: contestant.make(*contestant.arguments)() for name, contestant in comparison.contestants.items()
    }
    ours = {name: labels for name, (labels,) in found.items() if name.startswith("mnv3")}
    eager = ours[EAGER]
    assert len(ours) == 3 and eager.shape == (96, 160)
    for labels in ours.values():
        assert np.mean(labels == eager) > 0.999
    assert found[engines.THEIRS].shape == (1, 96, 160)
    assert next(comparisons, None) is None


def test_cost_is_told_as_the_paper_counts(make: Callable[..., Any]) -> None:
    told = run.cost(make())
    assert told.startswith("1,507,198 parameters; 9,533,209,824 ")
    assert "9,730,551,016 " in told
