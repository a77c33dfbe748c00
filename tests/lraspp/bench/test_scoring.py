"""The comparison of scoring times: the same work on both sides."""

import pytest

from mnv3.lraspp.bench import scoring


def test_both_sides_score_the_same_predictions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scoring, "FRAME", (64, 128))
    monkeypatch.setattr(scoring, "FRAMES", 2)
    ours = [scoring.counting(reading)() for reading in (False, True)]
    theirs = [scoring.official(writing)() for writing in (False, True)]
    assert 0.2 < ours[0].stats["mIoU"] < 1
    assert {ours[0].stats["mIoU"], ours[1].stats["mIoU"]} == {theirs[0].mean_iou, theirs[1].mean_iou}
