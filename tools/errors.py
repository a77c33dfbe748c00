"""The exceptions that the command line prints as a message, without a traceback."""

from collections.abc import Iterator
from contextlib import contextmanager


class UserError(ValueError):
    """Raised for mistakes the user can fix: one or more clear sentences (what is wrong, where, what to do).
    The command line prints every sentence of `problems` and exits with 2, without a traceback."""

    def __init__(self, *problems: str) -> None:
        assert problems, "a UserError needs at least one sentence"
        super().__init__("\n".join(problems))
        self.problems = problems


class Absent(UserError):
    """The split of a data set does not exist: no mistake if another split is meant."""


class Failure(RuntimeError):
    """Raised for failures on this machine despite a correct call: a process was killed, memory ran out.
    The command line prints the sentence and exits with 1, without a traceback."""


def first_line(error: BaseException) -> str:
    """Return the first line of the error's message."""
    return (str(error).strip() or "no message").splitlines()[0]


@contextmanager
def of_file(path: object) -> Iterator[None]:
    """Blame `path` for errors while something is built from its content, which can be arbitrary.
    Raises UserError: instead of any exception except those of disks and memory."""
    try:
        yield
    except (UserError, OSError, MemoryError):
        raise
    except Exception as error:
        raise UserError(
            f"{path}: its network cannot be built; the file was altered, or is from another version of mnv3."
        ) from error
