"""The contestants of the benchmark do the same work; how fast is for the benchmark."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from mnv3.cli.call.composing import composer
from mnv3.ssdlite.bench import engines, run, training
from mnv3.tools.bench.contestant import Contestant
from mnv3.tools.bench.engines import EAGER, ONNX_RUNTIME, OPENVINO
from mnv3.tools.bench.photos import photo
from mnv3.tools.errors import UserError
from mnv3.tools.export.checking import boxes_agree

CPU = torch.device("cpu")


@pytest.fixture
def make(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Any]]:
    """Composes the benchmark's configuration, of steps of two images; the number of threads is kept."""
    monkeypatch.setattr(training, "BATCHES", 1)
    monkeypatch.setattr(training, "worker_count", lambda *_: 0)
    threads = torch.get_num_threads()
    with composer("bench") as compose:
        yield lambda *words: compose(["bench.batch_size=2", "task.input_size=[96,96]", *words])
    torch.set_num_threads(threads)


@pytest.mark.parametrize("what", ["network", "training"])
def test_every_contestant_finishes(make: Callable[..., Any], what: str) -> None:
    count = 0
    for comparison in run.comparisons(make(f"bench.what={what}"), CPU):
        count += 1
        assert list(comparison.contestants) == ["mnv3", "torchvision", "torchvision, our allocator"]
        for name in ("mnv3", "torchvision"):
            contestant = comparison.contestants[name]
            assert isinstance(contestant, Contestant)
            contestant.make(*contestant.arguments)()
    assert count == 4


def test_both_loaders_give_every_file(make: Callable[..., Any], tmp_path: Path) -> None:
    for number in range(3):
        Image.fromarray(photo(number, (60, 80))).save(tmp_path / f"{number}.jpg")
    cfg = make("bench.what=training", f"bench.images={tmp_path}", "bench.batch_size=3")
    comparisons = run.comparisons(cfg, CPU)
    loading = next(comparisons)
    assert loading.images == 3
    file, options, batch, _ = loading.contestants["mnv3"].arguments
    assert Path(file).is_file()  # for as long as the comparisons go on
    ours = next(iter(training._our_loader(file, options, batch, workers=0)))
    images, targets = next(iter(training._their_loader(file, batch, workers=0)))
    assert ours.images.shape == (3, 3, 96, 96) and ours.sizes.tolist() == [[60, 80]] * 3
    assert len(images) == len(targets) == 3 and all(image.dtype == torch.float32 for image in images)


def test_engines_give_the_same_boxes(make: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """torch.compile, which takes long, is left to the benchmark."""
    monkeypatch.setattr(engines, "usable", lambda _: ((ONNX_RUNTIME, OPENVINO), ()))
    comparisons = run.comparisons(make("bench.what=engines", "bench.threads=[1]"), CPU)
    comparison = next(comparisons)
    found: dict[str, Any] = {
        name: contestant.make(*contestant.arguments)() for name, contestant in comparison.contestants.items()
    }
    ours = {name: boxes for name, (boxes, *_) in found.items() if name.startswith("mnv3")}
    eager = ours[EAGER]
    assert len(ours) == 3 and len(eager.scores) == 100
    assert np.ptp(eager.scores) > 0.1  # norms are settled
    for name, boxes in ours.items():
        agreement = boxes_agree([eager], [boxes], least_score=0.0, limit=100, nms_iou=0.6)
        assert agreement.good, f"{name}: {agreement.words}"
    assert len(found[engines.SURE][0]["boxes"]) == 0 < len(found[engines.THEIRS][0]["boxes"])
    assert next(comparisons, None) is None


def test_engines_are_for_the_cpu(make: Callable[..., Any]) -> None:
    with pytest.raises(UserError, match=r"bench\.what=engines compares engines on the CPU"):
        next(run.comparisons(make("bench.what=engines", "bench.accelerator=gpu"), CPU))


@pytest.mark.parametrize("folder", ["gone", "."])
def test_a_folder_without_photos_is_refused(make: Callable[..., Any], tmp_path: Path, folder: str) -> None:
    with pytest.raises(UserError, match=r"bench\.images="):
        next(run.comparisons(make("bench.what=training", f"bench.images={tmp_path / folder}"), CPU))


def test_cost_is_told_as_the_paper_counts(make: Callable[..., Any]) -> None:
    assert run.cost(make("task.input_size=[320,320]")).startswith("3,215,311 parameters (conv weights and biases)")
    assert "506,563,904 multiply-adds" in run.cost(make("task.input_size=[320,320]"))
