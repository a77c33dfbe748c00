"""What is said of a training that ends before its end, and how it goes on."""

import logging
import re
import shlex
import sys
from collections.abc import Sequence

from mnv3.cli.call.arguments import quoted
from mnv3.tools.runs.folder import RunFolder

log = logging.getLogger("mnv3")

PLAIN = re.compile(r"[\w./+-]+")
"""What Hydra's grammar reads as it is."""


def tell(folder: RunFolder, call: Sequence[str]) -> None:
    """Say how far the training in `folder` came, and how to go on; `call`: the words that the user has typed."""
    again = shlex.join(["mnv3", *call])
    if not (folder.path / "overrides.txt").exists():
        log.warning("Stopped before anything was saved. Begin again with: %s", again)
        return
    if not any(word.startswith("resume=") for word in call):
        name = str(folder)
        again = shlex.join(["mnv3", "train", f"resume={name if PLAIN.fullmatch(name) else quoted(name)}"])
    if not folder.last.exists():
        log.warning("Stopped before the first epoch was saved. Begin it again with: %s", again)
        return
    log.warning("Stopped%s. Go on with: %s", _after(folder), again)


def _after(folder: RunFolder) -> str:
    """The epoch that is saved. Nothing is imported for it: what stopped the training may have been in an import."""
    checkpoint = sys.modules.get("mnv3.tools.weights.checkpoint")
    if checkpoint is None:
        return ""
    try:
        return f" after epoch {checkpoint.read_checkpoint(folder.last)['epoch'] + 1}"
    except (ValueError, KeyError, TypeError):  # a damaged file: the next call tells
        return ""
