"""Opens a file of `mnv3 export` as a predictor of its task."""

import importlib
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mnv3.tools.predict.predictor import Predictor


def open_exported(path: Path | str, threads: int | None = None) -> "Predictor":
    """The predictor of an exported file, with `threads` threads, None for one a core.

    Raises UserError: no file, a foreign or damaged one; a library that is missing, with the extra that has it.
    """
    from mnv3.tools.export.file import read_exported

    exported = read_exported(path)
    module = importlib.import_module(f"mnv3.{exported.description.task}.export.predictor")
    return module.PREDICTOR(exported, threads)
