"""The package: links to the folders beside it, so that only the name `mnv3` is installed, and the Python interface.

The public names are imported on first use, so that `import mnv3` takes no time.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mnv3.cli.python.load import load as load
    from mnv3.cli.python.model import Model as Model
    from mnv3.cli.python.results import Detections as Detections
    from mnv3.cli.python.results import LabelMap as LabelMap
    from mnv3.cli.python.verbs import Outcome as Outcome
    from mnv3.cli.python.verbs import Saved as Saved
    from mnv3.cli.python.verbs import evaluate as evaluate
    from mnv3.cli.python.verbs import export as export
    from mnv3.cli.python.verbs import train as train
    from mnv3.tools.errors import UserError as UserError

_PUBLIC = {
    "load": "cli.python.load",
    "Model": "cli.python.model",
    "Detections": "cli.python.results",
    "LabelMap": "cli.python.results",
    "train": "cli.python.verbs",
    "evaluate": "cli.python.verbs",
    "export": "cli.python.verbs",
    "Outcome": "cli.python.verbs",
    "Saved": "cli.python.verbs",
    "UserError": "tools.errors",
}
"""Public name -> module."""

__all__ = [*_PUBLIC]  # pyright: ignore[reportUnsupportedDunderAll]


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = getattr(importlib.import_module(f"{__name__}.{_PUBLIC[name]}"), name)
    return globals()[name]


def __dir__() -> list[str]:
    return sorted({*globals(), *_PUBLIC})
