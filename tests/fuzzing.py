"""Seeded mutations of files, for tests that feed readers what nobody wrote."""

import copy
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tools.errors import UserError

HOSTILE: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2, 0.5, -0.0, 1e-300, 1e300, float("nan"), float("inf"), 2**31, 2**63, -(2**63),
    10**400, "", "0", "x", "\0", "\x1b[31m", "\ud800", "\u202ename", "a" * 3000, "../..", "/", "a\\b", "[red]", "$x$",
    [], [0], [[]], {}, {"id": 1},
)  # fmt: skip
"""Values to find where others belong."""


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


def mutated_document(document: Any, rng: random.Random) -> Any:
    """A copy of a JSON document with one to three values replaced, removed, doubled or exchanged."""
    changed = copy.deepcopy(document)
    for _ in range(rng.randint(1, 3)):
        _mutate(changed, rng)
    return changed


def _mutate(node: Any, rng: random.Random) -> None:
    while True:
        keys = list(node) if isinstance(node, dict) else list(range(len(node)))
        if not keys:
            return
        key = rng.choice(keys)
        if isinstance(node[key], (dict, list)) and node[key] and rng.random() < 0.85:
            node = node[key]
            continue
        action = rng.randrange(5)
        if action == 0:
            del node[key]
        elif action == 1 and isinstance(node, list):
            node.append(copy.deepcopy(node[key]))
        elif action == 2:
            node[key] = copy.deepcopy(node[rng.choice(keys)])
        else:
            node[key] = copy.deepcopy(rng.choice(HOSTILE))
        return


def mutated_bytes(content: bytes, rng: random.Random) -> bytes:
    """`content` with some bytes flipped, cut out, doubled, or replaced by noise; or cut short."""
    changed = bytearray(content)
    for _ in range(rng.choice((1, 1, 2, 8))):
        place, length = rng.randrange(len(changed) + 1), rng.choice((1, 2, 4, 64))
        action = rng.randrange(6)
        if action == 0 and place < len(changed):
            changed[place] ^= 1 << rng.randrange(8)
        elif action == 1:
            del changed[place : place + length]
        elif action == 2:
            changed[place:place] = changed[place : place + length]
        elif action == 3:
            changed[place : place + length] = rng.randbytes(length)
        elif action == 4:
            changed[place : place + length] = rng.choice((b"\0", b"\xff")) * length
        elif rng.random() < 0.3:
            del changed[place:]
    return bytes(changed)


def written(path: Path, document: Any) -> Path:
    """`path`, with the document as JSON in it, whatever its values."""
    path.write_text(json.dumps(document))
    return path
