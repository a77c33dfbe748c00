"""Failures of machines that libraries tell in their own words, as sentences for people."""

import errno
import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from mnv3.tools.errors import Failure, UserError
from mnv3.tools.files import write
from mnv3.tools.machine import shared_memory

ONLY_WRITING = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG)
"""Errors of the system that reading never meets with."""


class Known(NamedTuple):
    """What a library says, and what we say; `mistake`: the user has to mend it before the same call can work."""

    pattern: str
    sentence: str | Callable[[], str]
    mistake: bool = False


KNOWN = (
    Known(
        r"killed by signal: Bus error|shared memory|/torch_\d+_\d+.*No space left", shared_memory.problem, mistake=True
    ),
    Known(
        r"DataLoader worker \(pid\(?s?\)? ?(?P<what>[\d, ]+)\) (?:is killed by signal|exited unexpectedly)",
        "A loader process (number {what}) was killed, as the system does when memory runs out. Fewer data.workers or a "
        "smaller recipe.batch_size need less.",
    ),
    Known(
        r"Too many open files|received \d+ items of ancdata",
        "Too many files are open at once: raise the limit (ulimit -n 1024), or give data.workers=0.",
        mistake=True,
    ),
    Known(
        r"CUDA out of memory|OutOfMemoryError|CUDNN_STATUS_ALLOC_FAILED",
        "The GPU has not enough memory for this: give a smaller batch (recipe.batch_size, eval.batch_size, "
        "predict.batch_size) or input (task.input_size).",
    ),
    Known(
        r"^MemoryError|can't allocate memory|Cannot allocate memory|std::bad_alloc",
        "Memory ran out: give a smaller batch (recipe.batch_size, eval.batch_size, predict.batch_size) or fewer "
        "data.workers.",
    ),
    Known(
        r"can't start new thread|Resource temporarily unavailable|pthread_create failed",
        "No further process or thread can be started here: raise the limit (ulimit -u), or give data.workers=0.",
        mistake=True,
    ),
    Known(
        r"Connection closed by peer|gloo.*(?:Connection|Timed out)|Connection.*gloo|NCCL.*(?:remote|abort)",
        "Another process of this job has ended, or the network to it is broken; what it said itself tells why.",
    ),
)


def translated(error: Exception) -> Exception:
    """`error`, or, where it is a well-known one, a UserError or Failure that came of it."""
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
    """`error`, and what it says it came of; OmegaConf's wrapper of what our resolvers raise does not say it."""
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
