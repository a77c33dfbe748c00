"""The splits that `mnv3 data check` and `mnv3 data cache` process."""

from collections.abc import Callable, Iterator
from typing import TypeVar

from mnv3.tools.errors import Absent, UserError

T = TypeVar("T")

BOTH = ("train", "val")


def open_splits(split: str | None, open_split: Callable[[str], T], problems: list[str]) -> Iterator[tuple[str, T]]:
    """Yield `split`, or train and val, opened; add to `problems` what is wrong with those that cannot be opened.
    Without `split`, one of train and val may be absent: many users have only one of them."""
    absent: list[UserError] = []
    for name in [split] if split else BOTH:
        try:
            opened = open_split(name)
        except Absent as error:
            absent.append(error)
            continue
        except UserError as error:
            problems += error.problems
            continue
        yield name, opened
    for error in absent:
        if split or len(absent) == len(BOTH):
            problems += error.problems
        else:
            print(f"Left out: {' '.join(error.problems)}")
