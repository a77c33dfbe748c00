"""mnv3 env: what to paste into a report."""

import json
from collections.abc import Callable
from importlib import metadata

import pytest
import torch

from mnv3.tools.machine.environment import environment, table


def test_it_tells_versions_and_machine(call: Callable[..., int], capsys: pytest.CaptureFixture) -> None:
    assert call("env") == 0
    printed = capsys.readouterr().out
    for word in (torch.__version__, "cores", "ram_gib", "python"):
        assert word in printed


def test_it_takes_no_options(call: Callable[..., int], capsys: pytest.CaptureFixture) -> None:
    assert call("env", "seed=3") == 2
    assert "takes no options" in capsys.readouterr().err


def test_it_is_plain_data() -> None:
    assert json.loads(json.dumps(environment())) == environment()


def test_a_requirement_that_is_missing_or_too_old_gets_a_cross(monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = ["rich>=1", "torch>=99", "no-such-library>=1", "pytest>=1; extra == 'dev'"]
    versions = {"mnv3": "1", "rich": "15", "torch": "2.15"}

    def version(name: str) -> str:
        if name not in versions:
            raise metadata.PackageNotFoundError(name)
        return versions[name]

    monkeypatch.setattr(metadata, "requires", lambda name: wanted)
    monkeypatch.setattr(metadata, "version", version)
    values = environment()
    assert {name: found["ok"] for name, found in values["requirements"].items()} == {
        "rich": True,
        "torch": False,
        "no-such-library": False,
    }
    marks = [line.split()[:3] for line in table(values).splitlines()[-3:]]
    assert marks == [["\u2713", "rich", "15"], ["\u2717", "torch", "2.15"], ["\u2717", "no-such-library", "missing"]]
