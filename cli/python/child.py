"""The process in which `cli.python.verbs` runs a command: the console script, which also notes how the call ended."""

import os
from collections.abc import Sequence
from pathlib import Path

from mnv3.cli.launch import cluster, known_failures
from mnv3.cli.main import begin, run
from mnv3.tools.errors import Failure, UserError, first_line
from mnv3.tools.files.write import write_json
from mnv3.tools.runs.folder import display_path

NOTE = "MNV3_NOTE"
"""Variable with the name of the file for the note."""


def _noted(argv: Sequence[str]) -> None:
    """Run the command and note what it wrote, or the mistakes or failure, which the caller raises, instead of printing
    them."""
    try:
        written = run(argv)
        noted: dict[str, object] = {} if written is None else {"written": display_path(written)}
    except Exception as error:
        known = known_failures.translated(error)
        noted = {"problems": known.problems} if isinstance(known, UserError) else {"failure": _sentence(known)}
        if not isinstance(known, UserError | Failure):
            _note(noted)
            raise
    _note(noted)


def _sentence(error: Exception) -> str:
    return str(error) if isinstance(error, Failure) else f"{type(error).__name__}: {first_line(error)}"


def _note(noted: dict[str, object]) -> None:
    if cluster.first():  # the other processes of a job have nothing to add
        write_json(Path(os.environ[NOTE]), noted)


if __name__ == "__main__":
    begin(_noted)
