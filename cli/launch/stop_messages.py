"""Report how far a stopped training came, and how to resume it."""

import logging
import re
import shlex
import sys
from collections.abc import Sequence

from mnv3.cli.call.arguments import quoted
from mnv3.tools.runs.folder import RunFolder

log = logging.getLogger("mnv3")

PLAIN = re.compile(r"[\w./+-]+")
"""Text that Hydra's grammar needs no quotes for."""


def report(folder: RunFolder, call: Sequence[str]) -> None:
    """Log how far the training in `folder` came and how to resume it; `call`: the user's arguments."""
    again = shlex.join(["mnv3", *call])
    if not (folder.path / "overrides.txt").exists():
        log.warning("Stopped before anything was saved. Start again with: %s", again)
        return
    if not any(word.startswith("resume=") for word in call):
        name = str(folder)
        again = shlex.join(["mnv3", "train", f"resume={name if PLAIN.fullmatch(name) else quoted(name)}"])
    if not folder.last.exists():
        log.warning("Stopped before the first epoch was saved. Restart it with: %s", again)
        return
    log.warning("Stopped%s. Resume with: %s", _after(folder), again)


def _after(folder: RunFolder) -> str:
    """Name the saved epoch. Imports nothing, because an import may have been interrupted."""
    checkpoint = sys.modules.get("mnv3.tools.weights.checkpoint")
    if checkpoint is None:
        return ""
    try:
        return f" after epoch {checkpoint.read_checkpoint(folder.last)['epoch'] + 1}"
    except (ValueError, KeyError, TypeError):  # a damaged file: resuming reports it
        return ""
