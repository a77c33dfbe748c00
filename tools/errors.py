"""The two exceptions whose message is all that the user needs."""

from collections.abc import Iterator
from contextlib import contextmanager


class UserError(ValueError):
    """One or more mistakes in what the user gave: each a clear sentence (what is wrong, where, what to do).

    The command line prints every sentence of `problems` and exits with 2, without a traceback.
    """

    def __init__(self, *problems: str) -> None:
        assert problems, "a UserError says at least one thing"
        super().__init__("\n".join(problems))
        self.problems = problems


class Absent(UserError):
    """A split of a data set that is not there at all: no mistake where another split is meant."""


class Failure(RuntimeError):
    """What went wrong on this machine though the call was good, as a sentence: a process was killed, memory ran out.

    The command line prints the sentence and exits with 1, without a traceback.
    """


@contextmanager
def of_file(path: object) -> Iterator[None]:
    """While something is made from what a file says: whatever goes wrong, but for disks and memory, is a mistake of
    that file, which can say anything.

    Raises:
        UserError: in the place of other exceptions.
    """
    try:
        yield
    except (UserError, OSError, MemoryError):
        raise
    except Exception as error:
        raise UserError(
            f"{path}: what it says of its network cannot be; the file was altered, or is of another version of mnv3."
        ) from error
