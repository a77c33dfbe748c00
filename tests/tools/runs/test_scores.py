"""Scores are found in run folders; what is broken there is told."""

from pathlib import Path

from mnv3.cli.tasks import open_task
from mnv3.tools.runs.scores import scores
from tests.cli.scored import write_metrics, write_run

ROW = "table6/v3_small_rf2"
STREETS = [f"experiment={ROW}", "dataset=streets", "recipe=quick"]


def test_the_newest_score_is_first_and_says_where_it_is_from(tmp_path: Path) -> None:
    folder = write_run(tmp_path, "one", [*STREETS, "seed=3"], {"AP": 0.25, "images": 200})
    write_run(tmp_path, "other", ["dataset=streets"], {"AP": 0.5, "images": 200})  # of no row
    report = {"AP": 0.125, "dataset": "coco", "split": "val", "images": 10, "checkpoint": str(folder / "best.ckpt")}
    write_metrics(folder / "eval/coco-val", report)
    found, sentences = scores(tmp_path, open_task("ssdlite"), [ROW])
    assert sentences == []
    own, elsewhere = sorted(found[ROW], key=lambda score: -score.value)
    assert (own.value, own.data, own.seed, own.unlike) == (0.25, "streets val", 3, ())
    assert own.checkpoint == folder / "checkpoints/best.ckpt"
    assert elsewhere.data == "coco val (10 of 5000 images)"
    assert found[ROW][0].written >= found[ROW][1].written


def test_another_way_of_scoring_is_told(tmp_path: Path) -> None:
    row = "table8/v3_small_os16"
    folder = write_run(tmp_path, "one", [f"experiment={row}"], None)
    how = {"flip": True, "scales": [0.5, 1.0], "input_size": [513, 1025], "frames": 500}
    write_metrics(folder / "eval/a", {"mIoU": 0.5, "checkpoint": "x", "dataset": "cityscapes", "split": "val", **how})
    found, _ = scores(tmp_path, open_task("lraspp"), [row])
    assert found[row][0].unlike == ("input 513 x 1025", "flipped too", "scales 0.5 1")


def test_half_written_folders_are_left_out_with_a_sentence(tmp_path: Path) -> None:
    write_run(tmp_path, "a_unscored", STREETS, None)
    write_run(tmp_path, "b_null", STREETS, {"AP": None})
    (write_run(tmp_path, "c_cut", STREETS, {"AP": 0.1}) / "metrics.json").write_text('{"AP": 0.')
    (tmp_path / "ssdlite/d_empty").mkdir()
    config = write_run(tmp_path, "e_config", STREETS, {"AP": 0.1}) / "config.yaml"
    config.write_text(f"row: {ROW}\ntask: [\n")
    write_run(tmp_path, "f_task", [*STREETS, "task.name=lraspp"], {"AP": 0.1})
    (tmp_path / "lraspp/f_task").rename(tmp_path / "ssdlite/f_task")
    found, sentences = scores(tmp_path, open_task("ssdlite"), [ROW])
    assert found == {ROW: []}
    expected = [
        ("a_unscored", "no metrics.json, so it has no score yet"),
        ("b_null", "has no figure"),
        ("c_cut", "is not whole JSON"),
        ("d_empty", "no config.yaml, so it is not a whole run folder"),
        ("e_config", "its files cannot be read"),
        ("f_task", "its task is lraspp, not ssdlite"),
    ]
    assert len(sentences) == len(expected)
    for sentence, (name, reason) in zip(sorted(sentences), expected, strict=True):
        assert f"ssdlite/{name} is left out: " in sentence
        assert reason in sentence


def test_no_runs_at_all(tmp_path: Path) -> None:
    assert scores(tmp_path / "nowhere", open_task("ssdlite"), [ROW]) == ({}, [])
