"""Official results: what is kept, how it is ordered, what of it is exact."""

import json
from pathlib import Path

import numpy as np
import torch

from mnv3.ssdlite.data.coco.annotations import load_coco
from mnv3.ssdlite.evaluate.results import Collector, _merge, _shortest, read_table, write_results
from mnv3.ssdlite.evaluate.scorer import CocoScorer
from mnv3.ssdlite.model.targets import Detections
from tests.mutations import written
from tests.ssdlite.evaluate.made_up import data_set, detections


def one_image(slots: list[int]) -> Detections:
    count = len(slots)
    boxes = torch.tensor([[1.123456, 2.0, 11.987654, 22.5]]).repeat(count, 1)[None]
    return Detections(boxes, torch.linspace(0.9, 0.1, count)[None], torch.tensor([slots]), torch.tensor([count]))


def test_official_form(tmp_path: Path) -> None:
    data = data_set(tmp_path)
    collector = Collector(data)
    collector.add(torch.from_numpy(data.image_ids[3:4]), one_image([2]))
    image_id = int(data.image_ids[3])
    expected = {"image_id": image_id, "category_id": 20, "bbox": [1.12, 2.0, 10.86, 20.5], "score": 0.9}
    assert collector.results() == [expected]


def test_sorted_by_image_then_rank_in_whatever_order_they_come(tmp_path: Path) -> None:
    data = data_set(tmp_path)
    found, ids = detections(data), torch.from_numpy(data.image_ids)
    straight, shuffled = Collector(data), Collector(data)
    straight.add(ids, found)
    for rows in torch.randperm(len(data), generator=torch.Generator().manual_seed(0)).split(3):
        shuffled.add(ids[rows], Detections(*(column[rows] for column in found)))
    assert straight.results() == shuffled.results()
    table = read_table(straight.results())
    assert (np.diff(table.image_ids) >= 0).all()
    assert (np.diff(table.scores)[np.diff(table.image_ids) == 0] <= 0).all()
    assert len(table.scores) == int(found.counts.sum())


def test_padding_unreadable_images_and_slots_without_category_are_left_out(tmp_path: Path) -> None:
    path = data_set(tmp_path).source
    data = load_coco(path, tmp_path, "category_id")  # slots 10, 20, 30, 40 of 91
    collector = Collector(data)
    collector.add(torch.tensor([int(data.image_ids[0])]), one_image([10, 11, 40, -1]))
    collector.add(torch.tensor([-1]), one_image([10, 20, 30, 40]))
    assert [result["category_id"] for result in collector.results()] == [10, 40]


def test_an_image_that_comes_twice_counts_once(tmp_path: Path) -> None:
    data = data_set(tmp_path)
    found, ids = detections(data), torch.from_numpy(data.image_ids)
    once, twice = Collector(data), Collector(data)
    once.add(ids, found)
    for start, stop in ((0, 6), (4, 11)):
        twice.add(ids[start:stop], Detections(*(column[start:stop] for column in found)))
    assert once.results() == twice.results()
    processes = []
    for rank in range(3):  # as DistributedSampler deals 11 images to 3 processes: the first one twice
        rows = torch.tensor([*range(11), 0])[rank::3]
        share = Collector(data)
        share.add(ids[rows], Detections(*(column[rows] for column in found)))
        processes.append(share._own())
    for merged, expected in zip(_merge(processes), read_table(once.results()), strict=True):
        np.testing.assert_array_equal(merged, expected)


def test_scores_are_short_and_exact() -> None:
    scores = np.random.default_rng(0).random(1000).astype(np.float32)
    short = _shortest(scores)
    assert (short.astype(np.float32) == scores).all()
    assert max(len(repr(value)) for value in short.tolist()) <= 14
    assert (np.argsort(short, kind="stable") == np.argsort(scores, kind="stable")).all()


def test_file_is_json_with_a_result_a_line(tmp_path: Path) -> None:
    data = data_set(tmp_path)
    collector = Collector(data)
    collector.add(torch.from_numpy(data.image_ids), detections(data))
    for results in (collector.results(), []):
        write_results(tmp_path / "results.json", results)
        text = (tmp_path / "results.json").read_text()
        assert json.loads(text) == results
        assert len(text.splitlines()) == len(results) + 2


def test_ids_of_any_sign_and_size_are_scored(tmp_path: Path) -> None:
    """A perfect detector's AP50 is 1, whatever the numbers of images and categories."""
    document = json.loads(data_set(tmp_path).source.read_text())
    new = {image["id"]: (image["id"] + 2**62) * (-1) ** n for n, image in enumerate(document["images"])}
    for image in document["images"]:
        image["id"] = new[image["id"]]
    for category in document["categories"]:
        category["id"] *= 10**15
    for annotation in document["annotations"]:
        annotation["image_id"] = new[annotation["image_id"]]
        annotation["category_id"] *= 10**15
    data = load_coco(written(tmp_path / "large.json", document), tmp_path)
    found = Detections(torch.zeros(11, 9, 4), torch.zeros(11, 9), torch.full((11, 9), -1), torch.zeros(11))
    for index in range(len(data)):
        boxes, slots = map(torch.from_numpy, data.training_boxes(index))
        found.boxes[index, : len(slots)], found.slots[index, : len(slots)] = boxes, slots
        found.scores[index, : len(slots)] = 0.9
    scorer = CocoScorer(data)
    scorer.add(torch.from_numpy(data.image_ids), found)
    results = scorer.results()
    assert len(results) == data.trainable.sum() and min(result["image_id"] for result in results) < 0
    scores = scorer.scores(results)
    assert scores.stats["AP50"] == 1 and scores.confusion.trace() == len(results)
