"""The contestants of the benchmark do the same work; how fast is for the benchmark."""

from typing import Any

import pytest
import torch

from cli.composing import composer
from lraspp import speed
from tools.timing import Contestant


@pytest.fixture
def cfg(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The benchmark's configuration, on a small frame and small crops."""
    monkeypatch.setattr(speed, "FRAME", (96, 160))
    monkeypatch.setattr(speed, "CROP", (65, 65))
    with composer("bench") as make:
        return make(["task=lraspp", "bench.batch_size=2"])


def test_every_contestant_finishes(cfg: Any) -> None:
    """Those of the network; the last comparison, of scoring, has its own tests."""
    comparisons = list(speed.comparisons(cfg, torch.device("cpu")))[:-1]
    assert [len(comparison.contestants) for comparison in comparisons] == [4, 2, 2]
    for comparison in comparisons:
        assert comparison.ours in comparison.contestants
        for contestant in comparison.contestants.values():
            assert isinstance(contestant, Contestant)
            result = contestant.make(*contestant.arguments)()
            assert result is None or (isinstance(result, torch.Tensor) and result.shape == (1, 96, 160))


def test_cost_is_told_as_the_paper_counts(cfg: Any) -> None:
    told = speed.cost(cfg)
    assert told.startswith("1,507,198 parameters; 9,533,209,824 ")
    assert "9,730,551,016 " in told
