"""Seeded damage to files and values, for tests that whatever is read ends in a sentence."""

import json
import random
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from mnv3.tools.errors import UserError

ODD: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2, 0.5, -0.0, 1e-300, 1e300, float("nan"), float("inf"), 2**31, 2**63, -(2**63), 2**64,
    10**400, "", "0", "x", "\0", "\x1b[31m", "\ud800", "\u202ename", "a" * 3000, "../../outside", "/", "a\\b", "[red]",
    "$x$", "名前", "${oc.env:SECRET}", [], [0], [[]], [1, "a", None], {}, {"id": 1}, {"_target_": "os.system"},
)  # fmt: skip
"""What may stand in the place of any value."""


def generator(name: str, number: int) -> random.Random:
    """The random numbers of case `number` of the test `name`, the same in every run."""
    return random.Random(zlib.crc32(name.encode()) + number)


def flipped(content: bytes, rng: random.Random) -> bytes:
    """`content` with one bit changed."""
    changed, at = bytearray(content), rng.randrange(8 * len(content))
    changed[at // 8] ^= 1 << at % 8
    return bytes(changed)


def _cut(content: bytes, rng: random.Random) -> bytes:
    return content[: rng.randrange(len(content))]


def _overwritten(content: bytes, rng: random.Random) -> bytes:
    at, length = rng.randrange(len(content)), rng.choice((1, 4, 16, 200))
    value = rng.choice((b"\xff", b"\x00", b"\x80", b"\x7f")) * length
    return content[:at] + value + content[at + length :]


def _repeated(content: bytes, rng: random.Random) -> bytes:
    first, last = sorted(rng.randrange(len(content)) for _ in range(2))
    return content[:last] + content[first:last] * rng.choice((1, 3)) + content[last:]


def _without(content: bytes, rng: random.Random) -> bytes:
    first, last = sorted(rng.randrange(len(content)) for _ in range(2))
    return content[:first] + content[last:]


def _noise(content: bytes, rng: random.Random) -> bytes:
    return content[: rng.choice((0, 4, 16))] + rng.randbytes(rng.choice((0, 1, 50, 5000)))


DAMAGES: tuple[Callable[[bytes, random.Random], bytes], ...] = (
    flipped, _cut, _overwritten, _repeated, _without, _noise,
)  # fmt: skip


def damaged(content: bytes, rng: random.Random) -> bytes:
    """`content` damaged in one to three ways."""
    for _ in range(rng.randint(1, 3)):
        content = rng.choice(DAMAGES)(content or b"\0", rng)
    return content


def altered(value: Any, rng: random.Random) -> Any:
    """A copy of nested dictionaries and lists with one to three parts left out, or with an odd value in their place."""
    copy = _copy(value)
    for _ in range(rng.randint(1, 3)):
        places = list(_places(copy))
        if not places:
            break
        parent, key = rng.choice(places)
        if isinstance(parent, dict) and rng.random() < 0.25:
            del parent[key]
        else:
            parent[key] = _copy(rng.choice(ODD))
    return copy


def _copy(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _copy(one) for key, one in value.items()}
    return [_copy(one) for one in value] if isinstance(value, (list, tuple)) else value


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every dictionary or list with each of its keys or indices."""
    inside = (
        list(value.items()) if isinstance(value, dict) else list(enumerate(value)) if isinstance(value, list) else []
    )
    for key, one in inside:
        yield value, key
        yield from _places(one)


def survives(read: Callable[[], Any]) -> bool:
    """Whether `read` returns; False if it raises a UserError that can be printed. Other exceptions are the test's."""
    try:
        read()
    except UserError as error:
        text = "\n".join(error.problems)
        text.encode()  # no half characters
        assert text.strip() and "\x1b" not in text and "\0" not in text
        return False
    return True


def written(path: Path, document: Any) -> Path:
    """`path`, with the document as JSON in it, whatever its values."""
    path.write_text(json.dumps(document))
    return path
