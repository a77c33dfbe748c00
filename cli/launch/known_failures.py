"""Translate well-known machine failures from libraries' messages into clear ones."""

import errno
import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from mnv3.tools.errors import Failure, UserError
from mnv3.tools.files import write
from mnv3.tools.machine import shared_memory

ONLY_WRITING = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG)
"""System errors that only occur when writing."""


class Known(NamedTuple):
    """A library's message and mnv3's; `mistake`: the same call fails until the user fixes the cause."""

    pattern: str
    sentence: str | Callable[[], str]
    mistake: bool = False


KNOWN = (
    Known(
        r"killed by signal: Bus error|shared memory|/torch_\d+_\d+.*No space left", shared_memory.problem, mistake=True
    ),
    Known(
        r"DataLoader worker \(pid\(?s?\)? ?(?P<what>[\d, ]+)\) (?:is killed by signal|exited unexpectedly)",
        "A loader process (number {what}) was killed, probably because memory ran out: lower data.workers or "
        "recipe.batch_size.",
    ),
    Known(
        r"Too many open files|received \d+ items of ancdata",
        "Too many open files: raise the limit (ulimit -n 1024), or set data.workers=0.",
        mistake=True,
    ),
    Known(
        r"CUDA out of memory|OutOfMemoryError|CUDNN_STATUS_ALLOC_FAILED",
        "The GPU ran out of memory: use a smaller batch (recipe.batch_size, eval.batch_size, predict.batch_size) or "
        "input (task.input_size).",
    ),
    Known(
        r"^MemoryError|can't allocate memory|Cannot allocate memory|std::bad_alloc",
        "Memory ran out: use a smaller batch (recipe.batch_size, eval.batch_size, predict.batch_size) or fewer "
        "data.workers.",
    ),
    Known(
        r"can't start new thread|Resource temporarily unavailable|pthread_create failed",
        "No more processes or threads can be started: raise the limit (ulimit -u), or set data.workers=0.",
        mistake=True,
    ),
    Known(
        r"Connection closed by peer|gloo.*(?:Connection|Timed out)|Connection.*gloo|NCCL.*(?:remote|abort)",
        "Another process of this job ended, or the network to it failed; see its own messages for the reason.",
    ),
)


def translated(error: Exception) -> Exception:
    """Return `error`, or the UserError or Failure that explains it if it is well known."""
    found = _translated(error)
    if found is not error and found.__cause__ is None:
        found.__cause__ = error
    return found


def _translated(error: Exception) -> Exception:
    for each in _chain(error):
        if isinstance(each, UserError | Failure):
            return each
        if isinstance(each, OSError) and each.errno in write.REMEDIES and not isinstance(each, ConnectionError):
            return UserError(_of_the_system(each))
    text = f"{type(error).__name__}: {error}"
    for known in KNOWN:
        if found := re.search(known.pattern, text, re.DOTALL):
            sentence = known.sentence if isinstance(known.sentence, str) else known.sentence()
            sentence = sentence.format(**found.groupdict())
            return UserError(sentence) if known.mistake else Failure(sentence)
    return error


def _chain(error: Exception) -> Iterator[BaseException]:
    """Yield `error` and its causes; OmegaConf's wrapper of errors in resolvers does not set its cause."""
    each: BaseException | None = error
    while each is not None:
        yield each
        hidden = each.__context__ if type(each).__name__ == "InterpolationResolutionError" else None
        each = each.__cause__ or hidden


def _of_the_system(error: OSError) -> str:
    remedy = write.REMEDIES[error.errno or 0]
    name = error.filename2 or error.filename  # of a copy: its target
    if not isinstance(name, str):
        return f"A file cannot be written or opened: {remedy}."
    if error.errno in ONLY_WRITING:
        return f"{name} cannot be written: {remedy}."
    return f"{name} cannot be used: {(error.strerror or remedy).lower()}."
