"""The comparison of scoring times: the same work on both sides."""

import pytest

from mnv3.lraspp.evaluate import score_bench


def test_both_sides_score_the_same_predictions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(score_bench, "FRAME", (64, 128))
    monkeypatch.setattr(score_bench, "FRAMES", 2)
    ours = [score_bench.counting(reading)() for reading in (False, True)]
    theirs = [score_bench.official(writing)() for writing in (False, True)]
    assert 0.2 < ours[0].stats["mIoU"] < 1
    assert {ours[0].stats["mIoU"], ours[1].stats["mIoU"]} == {theirs[0].mean_iou, theirs[1].mean_iou}
