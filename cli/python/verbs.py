"""`train`, `evaluate` and `export`: the commands of these names, called from Python.

They run in a process of their own. In the caller's, they would change what a notebook needs to stay as it is: the
handlers of signals, the root logger, sys.argv, Hydra's global state, the memory allocator, PyTorch's settings. Several
GPUs need a process that Lightning can start again, loader processes one whose main module can be imported, and one that
runs out of memory takes only itself with it.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mnv3.cli.python import child
from mnv3.tools.errors import Failure, UserError
from mnv3.tools.files.temporaries import scratch_folder
from mnv3.tools.runs.folder import RunFolder, read_figures

ON = ("true", "yes", "on", "1")


@dataclass(frozen=True)
class Outcome:
    """What a call wrote. `folder`: of the run or report, or the exported file's. `figures`: the numbers of metrics.json
    by name, scores first; empty without annotations to score against."""

    folder: Path
    figures: Mapping[str, float]


@dataclass(frozen=True)
class Saved(Outcome):
    """An outcome with a network. `file`: the best checkpoint or the exported file, for `mnv3.load`."""

    file: Path


def train(*overrides: str) -> Saved:
    """Train a network as `mnv3 train` does with the same overrides.

    Returns:
        The run folder, the scores of its best checkpoint, and that checkpoint.

    Raises:
        UserError: a ValueError; mistakes in the call or the data.
        Failure: a RuntimeError; memory ran out, or training diverged.

    >>> import mnv3
    >>> run = mnv3.train("task=ssdlite", "recipe=quick", "name=streets")
    >>> run.figures["AP"]
    0.25
    >>> run.file
    PosixPath('runs/ssdlite/streets/checkpoints/best.ckpt')
    """
    folder = _run("train", overrides)
    return Saved(folder, read_figures(folder), RunFolder(folder).best)


def evaluate(*overrides: str) -> Outcome:
    """Score a network as `mnv3 eval` does with the same overrides.

    Returns:
        The report's folder and the scores. Raises UserError as `train`.

    >>> import mnv3
    >>> mnv3.evaluate("task=ssdlite", "run=streets", "eval.samples=0").figures["AP"]
    0.25
    """
    folder = _run("eval", overrides)
    return Outcome(folder, read_figures(folder))


def export(*overrides: str) -> Saved:
    """Export a network as `mnv3 export` does with the same overrides.

    Returns:
        The exported file, its folder, and the scores of its run. Raises UserError as `train`.

    >>> import mnv3
    >>> exported = mnv3.export("run=streets", "out=small.onnx")
    >>> mnv3.load(exported.file)
    <small.onnx: SSDLite, 8 classes>
    """
    file = _run("export", overrides)
    from mnv3.tools.export.file import read_exported

    return Saved(file.parent, dict(read_exported(file).description.figures), file)


def _run(verb: str, overrides: Sequence[str]) -> Path:
    """Run a command in a process of its own and return what it wrote. Raises UserError and Failure as the command."""
    _check(verb, overrides)
    with scratch_folder("call") as folder:
        note = folder / "note.json"
        code = _call([verb, *overrides], note)
        noted = json.loads(note.read_text()) if note.is_file() else {}
    if "problems" in noted:
        raise UserError(*noted["problems"])
    if "failure" in noted:
        raise Failure(noted["failure"])
    if "written" not in noted:
        raise Failure(f"mnv3 {verb} ended with exit code {code}, without a result; see its output for the reason.")
    return Path(noted["written"])


def _check(verb: str, overrides: Sequence[str]) -> None:
    """Raise UserError for what is no override, and for what has no single result."""
    if odd := [value for value in overrides if not isinstance(value, str)]:
        hint = "; a list goes in with a star: train(*overrides)" if isinstance(odd[0], list | tuple) else ""
        raise UserError(f'{odd[0]!r}: must be text like "recipe.epochs=3"{hint}.')
    problems = [
        f"{text}: only key=value can be given here; flags are for the command line. For several runs call this several "
        "times."
        for text in overrides
        if text.startswith("-")
    ]
    for text in overrides:
        key, _, value = text.partition("=")
        if key == "dry" and value.lower() in ON:
            problems.append(f"{text}: a dry run has no result to return; run `mnv3 {verb} ... dry=true` in a shell.")
    if problems:
        raise UserError(*problems)


def _call(words: Sequence[str], note: Path) -> int:
    """Run a command with its output on this process's, and return the exit code. Ctrl-C stops the command, which saves
    what it has; a second one ends it at once."""
    direct = sys.stdout is sys.__stdout__ and sys.stdout.isatty()  # with progress bars; in notebooks line by line
    with subprocess.Popen(
        [sys.executable, "-m", child.__name__, *words],
        env={"MNV3_TRACEBACK": "1", **os.environ, child.NOTE: str(note), "PYTHONUNBUFFERED": "1"},
        stdout=None if direct else subprocess.PIPE,
        stderr=None if direct else subprocess.STDOUT,
        errors="backslashreplace",
    ) as process:
        try:
            return _pass_on(process)
        except BaseException:
            process.send_signal(signal.SIGINT)
            _pass_on(process)
            raise
        finally:
            process.kill()  # does nothing if it has ended


def _pass_on(process: "subprocess.Popen[str]") -> int:
    """Print what the process prints until it ends, and return its exit code."""
    for line in process.stdout or ():
        print(line, end="", flush=True)
    return process.wait()
