"""Imports of optional libraries."""

import importlib
from typing import Any

from mnv3.tools.errors import UserError


def require(library: str, extra: str) -> Any:
    """Import a library of an extra. Raises UserError that names the extra."""
    try:
        return importlib.import_module(library)
    except ImportError:
        name = library.partition(".")[0]
        raise UserError(f"This needs {name}, which is not installed: pip install 'mnv3[{extra}]'") from None
