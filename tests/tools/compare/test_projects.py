"""W&B projects: read through an object that answers as wandb.Api does, with what our trainings log."""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest

from mnv3.tools.compare import projects
from mnv3.tools.errors import UserError
from tests.tools.compare.made_up import CONFIG, TASKS


class FakeRun:
    """As wandb.apis.public.Run. Trainings log validation and training of an epoch apart, and count from 0."""

    def __init__(self, name: str, job_type: str = "train", state: str = "finished", **config: Any) -> None:
        self.name, self.job_type, self.state = name, job_type, state
        self.url = f"https://server/{name}"
        self.tags = ["table6", "small"]
        own = {"cost": {"madds": 5}, "folder": "/somewhere", **config}
        self.config: dict[str, Any] = {**deepcopy(CONFIG), **own}
        self.summary: dict[str, Any] = {"val/AP": {"max": 0.4}, "best_epoch": 2}

    def scan_history(self) -> Iterator[dict[str, Any]]:
        for epoch, ap in enumerate((0.2, 0.4, 0.3)):
            yield {"_step": 2 * epoch, "epoch": epoch, "val/AP": ap, "val/AP50": 2 * ap, "val/samples": {"count": 8}}
            yield {"_step": 2 * epoch + 1, "epoch": epoch, "train/loss": 3.0 - epoch, "seconds": 9.0 * epoch}
        yield {"_step": 6, "_runtime": 5, "val/confusion": {"path": "x"}}


class FakeApi:
    """As wandb.Api: a list of runs, newest first."""

    def __init__(self, *runs: FakeRun) -> None:
        self.found, self.asked = runs, ()

    def runs(self, path: str, filters: Any = None, order: str = "") -> Any:
        self.asked = (path, filters, order)
        return iter(self.found)


def read(monkeypatch: pytest.MonkeyPatch, api: Any, tag: str | None = None, said: list[str] | None = None) -> list[Any]:
    monkeypatch.setattr(projects, "_api", lambda: api)
    say = (said if said is not None else []).append
    return projects.read_project("me/mnv3", tag, TASKS, lambda config: config, say)


def test_trainings_and_evaluations(monkeypatch: pytest.MonkeyPatch) -> None:
    evaluation = FakeRun(
        "scored", "eval", eval={"split": "test", "flip": True}, checkpoint="runs/boxes/a/checkpoints/last.ckpt"
    )
    evaluation.summary = {"test/AP": 0.25, "test/AP50": 0.5, "test/samples": {"count": 3}}
    api = FakeApi(evaluation, FakeRun("going", state="running"), FakeRun("done"))
    done, going, scored = read(monkeypatch, api, tag="table6,table7")
    assert api.asked == ("me/mnv3", {"tags": {"$in": ["table6", "table7"]}}, "-created_at")
    assert (done.name, done.task, done.place) == ("done", "boxes", "https://server/done")
    assert done.history[1] == {
        "epoch": 2, "val/AP": 0.4, "val/AP50": 0.8, "val/samples.count": 8, "train/loss": 2.0, "seconds": 9.0,
    }  # fmt: skip
    assert len(done.history) == 3 and "table6" in done.tags and "streets" in done.tags
    (score,) = done.scores
    assert (score.figures["AP"], score.epoch, score.final) == (0.4, 2, True) and not going.scores[0].final
    assert set(done.config) <= set(projects.SECTIONS)
    (other,) = scored.scores
    assert (other.figures, other.checkpoint, other.data.split) == ({"AP": 0.25, "AP50": 0.5}, "last.ckpt", "test")
    assert ("flip", "true") in other.data.keys and scored.history == ()


def test_runs_of_something_else_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    other = FakeRun("speech")
    other.config = {"lr": 1}
    empty = FakeRun("begun")
    empty.scan_history = lambda: iter([])
    assert [run.name for run in read(monkeypatch, FakeApi(other, FakeRun("a"), empty), said=said)] == ["a"]
    assert len(said) == 2 and "speech" in said[0] and "begun" in said[1]
    with pytest.raises(UserError, match="with the tag x"):
        read(monkeypatch, FakeApi(other), tag="x")


def test_what_goes_wrong_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken:
        def runs(self, *args: Any, **kwargs: Any) -> Any:
            raise RuntimeError("Could not find project mnv3\nand more")

    with pytest.raises(UserError, match=r"wandb=me/mnv3 cannot be read: Could not find project mnv3.$"):
        read(monkeypatch, Broken())


def test_without_network_or_key(monkeypatch: pytest.MonkeyPatch) -> None:
    def read_it() -> None:
        projects.read_project("me/mnv3", None, TASKS, lambda config: config, print)

    monkeypatch.setenv("WANDB_MODE", "offline")
    with pytest.raises(UserError, match="WANDB_MODE is offline"):
        read_it()
    monkeypatch.delenv("WANDB_MODE")
    monkeypatch.setattr("wandb.login", lambda **options: options["prompt"] or options["verify"])
    with pytest.raises(UserError, match="needs a key"):
        read_it()
