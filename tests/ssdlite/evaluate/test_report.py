"""The report: every file is there and says what the scores say."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from mnv3.ssdlite.data.coco.annotations import CocoData, load_coco
from mnv3.ssdlite.evaluate.report import score_table, write_report, write_submission
from mnv3.ssdlite.evaluate.results import Result
from mnv3.ssdlite.evaluate.samples import draw_samples, pick_samples
from mnv3.ssdlite.evaluate.scorer import STATS, CocoScorer, Scores
from tests.ssdlite.evaluate.made_up import data_set, detections


@pytest.fixture
def scored(tmp_path: Path) -> tuple[CocoData, list[Result], Scores]:
    data = data_set(tmp_path, crowds=0.2)
    for name in data.file_names.tolist():
        Image.new("RGB", (300, 300), (90, 120, 90)).save(tmp_path / name)
    scorer = CocoScorer(data)
    scorer.add(torch.from_numpy(data.image_ids), detections(data))
    results = scorer.results()
    return data, results, scorer.scores(results)


def test_files_and_figures(tmp_path: Path, scored: tuple[CocoData, list[Result], Scores]) -> None:
    data, results, scores = scored
    folder = tmp_path / "report"
    write_report(folder, data, results, scores, more={"epoch": 7})
    files = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    plots = {f"plots/{name}.png" for name in ("pr_curves", "confusion", "per_class_ap")}
    assert files == {"metrics.json", "predictions/detections.json", "samples/val.jpg", "samples/val.json"} | plots
    figures = json.loads((folder / "metrics.json").read_text())
    assert list(figures) == [*STATS, "per_class", "operating_point", "images", "detections", "epoch"]
    assert [figures[name] for name in STATS if figures[name] is not None] == [
        value for value in scores.stats.values() if value == value
    ]
    assert list(figures["per_class"]) == list(scores.names)
    assert json.loads((folder / "predictions" / "detections.json").read_text()) == results


def test_no_ground_truth_of_a_size_is_null_and_a_dash(tmp_path: Path) -> None:
    image = {"id": 1, "file_name": "a.jpg", "height": 300, "width": 300}
    box = {"id": 1, "image_id": 1, "category_id": 1, "bbox": [0, 0, 200, 200], "area": 40000, "iscrowd": 0}
    (tmp_path / "large.json").write_text(
        json.dumps({"images": [image], "annotations": [box], "categories": [{"id": 1, "name": "box"}]})
    )
    data = load_coco(tmp_path / "large.json", tmp_path)
    scores = CocoScorer(data).scores([])
    write_report(tmp_path / "report", data, [], scores)
    figures = json.loads((tmp_path / "report" / "metrics.json").read_text())
    assert (figures["AP"], figures["APs"], figures["APl"]) == (0.0, None, 0.0)
    assert score_table(data, scores).splitlines()[2].split()[3] == "-"


def test_console_table_has_the_figures(scored: tuple[CocoData, list[Result], Scores]) -> None:
    data, _, scores = scored
    lines = score_table(data, scores).splitlines()
    assert lines[0].split() == list(STATS)
    assert lines[2].split() == [f"{value:.3f}" if value == value else "-" for value in scores.stats.values()]
    assert sum(int(line.split()[2]) for line in lines[5:]) == len(data.boxes)


def test_submission_has_the_server_s_name_and_no_score(
    tmp_path: Path, scored: tuple[CocoData, list[Result], Scores]
) -> None:
    content = json.loads(scored[0].source.read_text())
    del content["annotations"]
    path = tmp_path / "image_info_test-dev2017.json"
    path.write_text(json.dumps(content))
    data = load_coco(path, tmp_path)
    assert not data.has_annotations
    file = write_submission(tmp_path / "out", data, scored[1], "some-net", score_threshold=0.3, samples=2)
    assert file == tmp_path / "out" / "predictions" / "detections_test-dev2017_some-net_results.json"
    assert json.loads(file.read_text()) == scored[1]
    assert (tmp_path / "out" / "samples" / "test-dev2017.jpg").is_file()


def test_samples_are_the_same_ones_and_skip_what_cannot_be_read(scored: tuple[CocoData, list[Result], Scores]) -> None:
    data, results, _ = scored
    indices = pick_samples(data, 4)
    assert indices == pick_samples(data, 4) == sorted(set(indices)) and len(indices) == 4
    assert all(data.starts[i + 1] > data.starts[i] for i in indices)
    whole = draw_samples(data, results, indices, 0.3)
    assert whole is not None and len(np.unique(whole.picture)) > 50
    data.path(indices[0]).unlink()
    fewer = draw_samples(data, results, indices[:2], 0.3)
    assert fewer is not None and fewer.picture.shape[2] < whole.picture.shape[2]
    assert draw_samples(data, results, indices[:1], 0.3) is None
