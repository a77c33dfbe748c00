"""The examples of docstrings and of docs/python.md run."""

import doctest
import json
import re
from pathlib import Path

import pytest

from mnv3.cli.python import load, model, results, verbs

PAGE = Path(__file__).parents[3] / "docs" / "python.md"


@pytest.mark.parametrize("module", [load, model, results, verbs], ids=lambda module: module.__name__)
def test_docstrings(module: object, instant: None) -> None:
    done = doctest.testmod(module)  # type: ignore[arg-type]
    assert done.attempted > 2 and done.failed == 0


def test_the_page(instant: None, capsys: pytest.CaptureFixture[str]) -> None:
    metrics = Path("runs/ssdlite/streets/metrics.json")
    metrics.write_text(json.dumps({"AP": 0.25, "AP50": 0.5}))
    blocks = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(), re.DOTALL | re.MULTILINE)
    assert len(blocks) == 5
    names: dict[str, object] = {}
    for block in blocks:
        exec(compile(block, str(PAGE), "exec"), names)
        (stated,) = re.findall(r"print\(mistake\)  # (.*)", block) or [""]
        assert stated in capsys.readouterr().out
