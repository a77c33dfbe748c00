"""Counts and IoU against cityscapesscripts, called by hand on files."""

import json
import math
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from cityscapesscripts.evaluation import evalPixelLevelSemanticLabeling as script
from cityscapesscripts.helpers.labels import id2label
from PIL import Image

from mnv3.lraspp.data.classes import CAMVID, CITYSCAPES, CITYSCAPES_IGNORED
from mnv3.lraspp.data.frames import IGNORE, SegClass
from mnv3.lraspp.evaluate.confusion import ConfusionMatrix
from mnv3.lraspp.evaluate.official import by_class
from mnv3.lraspp.evaluate.scores import Scores, score_matrix
from tests.lraspp.evaluate.made_up import cityscapes_data

IDS = 34
ALL_LABELS = [SegClass(id2label[i].name, (0, 0, 0), id2label[i].category, i) for i in range(IDS)]
"""Every label id as a class of its own: what cityscapesscripts counts."""

SCORED = np.array([entry.id for entry in CITYSCAPES], dtype=np.uint8)
THINGS = np.array([24, 25, 26, 27, 28, 31, 32, 33], dtype=np.uint8)


def any_ids(rng: np.random.Generator, size: tuple[int, int]) -> np.ndarray:
    return rng.integers(0, IDS, size, dtype=np.uint8)


CASES = {
    "all ids": (any_ids, any_ids),
    "no void predicted": (any_ids, lambda rng, size: rng.choice(SCORED, size)),
    "everything predicted void": (any_ids, lambda rng, size: rng.choice(np.array(CITYSCAPES_IGNORED, np.uint8), size)),
    "only void true": (lambda rng, size: rng.choice(np.array(CITYSCAPES_IGNORED, np.uint8), size), any_ids),
    "one class": (lambda rng, size: np.full(size, 7, np.uint8), lambda rng, size: np.full(size, 7, np.uint8)),
    "few classes true": (lambda rng, size: rng.choice(np.array([0, 7, 26], np.uint8), size), any_ids),
    "few classes predicted": (any_ids, lambda rng, size: rng.choice(np.array([7, 24], np.uint8), size)),
    "things": (lambda rng, size: rng.choice(THINGS, size), lambda rng, size: rng.choice(THINGS, size)),
    "none in common": (lambda rng, size: np.full(size, 11, np.uint8), lambda rng, size: np.full(size, 33, np.uint8)),
    "mostly right": (
        lambda rng, size: np.sort(any_ids(rng, size), axis=1),
        lambda rng, size: np.sort(any_ids(rng, size), axis=1),
    ),
}


def by_hand(folder: Path, truth: np.ndarray, predicted: np.ndarray) -> dict:
    """What cityscapesscripts says of two label maps; its instances are not wanted here."""
    truth_file, predicted_file = folder / "a_gtFine_labelIds.png", folder / "a_pred.png"
    Image.fromarray(truth).save(truth_file)
    Image.fromarray(predicted).save(predicted_file)
    settings = SimpleNamespace(**vars(script.args))
    settings.quiet, settings.evalInstLevelScore, settings.exportFile = True, False, str(folder / "results.json")
    script.evaluateImgLists([str(predicted_file)], [str(truth_file)], settings)
    return json.loads((folder / "results.json").read_text())


def counted(classes: list[SegClass] | tuple[SegClass, ...], truth: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    """Counts of two maps that come in as several batches."""
    confusion = ConfusionMatrix(classes)
    for rows in (slice(0, 3), slice(3, 4), slice(4, None)):
        confusion.add(torch.from_numpy(predicted[None, rows]), torch.from_numpy(truth[None, rows]))
    return confusion.total()


def assert_same(scores: Scores, theirs: dict) -> None:
    expected = {name: theirs["classScores"][name] for name in scores.per_class}
    expected |= {name: theirs["categoryScores"][name] for name in scores.per_category}
    expected |= {"mIoU": theirs["averageScoreClasses"], "category_mIoU": theirs["averageScoreCategories"]}
    ours = scores.per_class | scores.per_category | scores.stats
    for name, value in expected.items():
        assert ours[name] == value or (math.isnan(ours[name]) and math.isnan(value)), name  # to the last bit


@pytest.mark.parametrize("case", CASES)
def test_same_as_cityscapesscripts(tmp_path: Path, case: str) -> None:
    data = cityscapes_data(tmp_path / "data")
    for seed in range(20):
        rng = np.random.default_rng(seed)
        size = (int(rng.integers(5, 40)), int(rng.integers(1, 40)))
        truth, predicted = (np.ascontiguousarray(draw(rng, size)) for draw in CASES[case])
        theirs = by_hand(tmp_path, truth, predicted)
        official = np.array(theirs["confMatrix"], dtype=np.int64)

        by_id = counted(ALL_LABELS, truth, predicted)
        np.testing.assert_array_equal(by_id[:IDS, :IDS], official)
        assert by_id.sum() == official.sum() == truth.size

        ours = counted(data.classes, data.table[truth], data.table[predicted])
        np.testing.assert_array_equal(ours, by_class(official, data))
        scores = score_matrix(ours, data.classes)
        assert_same(scores, theirs)
        scored_pixels = np.isin(truth, SCORED)
        if scored_pixels.any():
            right = (truth == predicted)[scored_pixels].mean()
            assert scores.stats["pixel_accuracy"] == pytest.approx(right, rel=1e-12)
        else:
            assert math.isnan(scores.stats["pixel_accuracy"]) and math.isnan(scores.stats["mIoU"])


@pytest.mark.parametrize("where", ["truth", "prediction"])
def test_an_id_beyond_the_table_is_refused_by_both(tmp_path: Path, where: str, capsys: pytest.CaptureFixture) -> None:
    good, bad = np.full((6, 6), 7, np.uint8), np.full((6, 6), 7, np.uint8)
    bad[2, 3] = IDS + 1
    truth, predicted = (bad, good) if where == "truth" else (good, bad)
    with pytest.raises((SystemExit, IndexError)):
        by_hand(tmp_path, truth, predicted)
    with pytest.raises(ValueError, match="neither a class index below 34 nor ignored"):
        counted(ALL_LABELS, truth, predicted)


def test_classes_without_categories() -> None:
    rng = np.random.default_rng(0)
    truth, predicted = (rng.integers(0, len(CAMVID), (9, 9), dtype=np.uint8) for _ in range(2))
    truth[0], predicted[1] = IGNORE, IGNORE
    scores = score_matrix(counted(CAMVID, truth, predicted), CAMVID)
    assert list(scores.stats) == ["mIoU", "pixel_accuracy"] and not scores.per_category
    sky = CAMVID[0].name
    both, either = ((truth == 0) & (predicted == 0)).sum(), ((truth == 0) | (predicted == 0))[truth != IGNORE].sum()
    assert scores.per_class[sky] == both / either
    assert scores.pixels[sky] == (truth == 0).sum() and scores.confusion[-1].sum() == 9


def test_most_classes_there_can_be() -> None:
    classes = [SegClass(f"kind {i}", (0, 0, 0), None, i) for i in range(254)]
    values = np.arange(256, dtype=np.uint8)[None].repeat(6, axis=0)
    values[values == 254] = IGNORE
    matrix = counted(classes, values, values)
    assert np.trace(matrix) == matrix.sum() == values.size and matrix[-1, -1] == 12


def test_counts_beyond_32_bits() -> None:
    confusion = ConfusionMatrix(CAMVID)
    confusion._counts[:] = 2**33
    confusion._counts.view(confusion.side, confusion.side)[-1] = 0
    confusion._counts.view(confusion.side, confusion.side)[:, -1] = 0
    labels = torch.zeros(1, 2, 2, dtype=torch.uint8)
    confusion.add(labels, labels)
    assert confusion.total()[0, 0] == 2**33 + 4
    # Sky in 12 columns, ignored ones too, and in 11 rows.
    assert confusion.scores().per_class["Sky"] == (2**33 + 4) / (22 * 2**33 + 4)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")
def test_a_gpu_counts_the_same() -> None:
    rng = np.random.default_rng(0)
    truth, predicted = (torch.from_numpy(rng.integers(0, 12, (2, 64, 64), dtype=np.uint8)) for _ in range(2))
    truth[truth == 11] = IGNORE
    predicted[predicted == 11] = IGNORE
    here, there = ConfusionMatrix(CAMVID), ConfusionMatrix(CAMVID, "cuda")
    here.add(predicted, truth)
    there.add(predicted.cuda(), truth.cuda())
    np.testing.assert_array_equal(here.total(), there.total())
