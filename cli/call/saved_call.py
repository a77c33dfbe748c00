"""Read the saved call in a run folder's overrides.txt as untrusted data.

Hydra overrides can create objects, read environment variables and redirect output. So a line may only give a plain
value to a key of `mnv3 train`, or choose an existing option.
"""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from hydra.core.override_parser.types import Override, QuotedString
from hydra.errors import HydraException

from mnv3.cli.call import values
from mnv3.cli.call.composing import Composer, composer
from mnv3.tools.errors import UserError
from mnv3.tools.files.write import read_small_text
from mnv3.tools.runs.find import is_below, is_data_root
from mnv3.tools.text.words import closest

LARGEST = 100_000  # bytes of overrides.txt
KEY = re.compile(r"[a-z_][a-z0-9_]*(\.[a-z_][a-z0-9_]*)*", re.ASCII)
CURE = "remove the line, or give that key in the call."


class Line(NamedTuple):
    """A non-empty line, its number in the file, and the beginning of messages about it."""

    text: str
    number: int
    where: str


def read(run: Path, given: Sequence[str], config_dir: Path | None) -> list[str]:
    """Return the overrides saved in the folder `run`, without those that the call itself gives (`given`).

    Raises UserError for all lines that are not plain values of keys and groups of `mnv3 train`.
    """
    own = {text.partition("=")[0] for text in given}
    lines = [line for line in _lines(run / "overrides.txt") if line.text.partition("=")[0] not in own]
    with composer("train", config_dir) as compose:
        problems = [problem for line in lines if (problem := _form(line, compose))]
        if not problems:
            problems = _meaning(lines, compose, given)
    if problems:
        raise UserError(*problems)
    return [line.text for line in lines]


def _lines(path: Path) -> Iterator[Line]:
    for number, line in enumerate(read_small_text(path, LARGEST).split("\n"), start=1):
        if line.strip():
            yield Line(line.strip(), number, f"{path}, line {number}: {line.strip()!r:.120}")


def _form(line: Line, compose: Composer) -> str | None:
    """Return a mistake in the form of a line, None if there is none."""
    key, equals, _ = line.text.partition("=")
    if not equals or not KEY.fullmatch(key) or key.partition(".")[0] == "hydra":
        return f"{line.where} does not set a key of mnv3 train, and saved runs may do nothing else; {CURE}"
    if "${" in line.text:
        return f"{line.where} contains a reference, and nothing in a saved run is resolved; {CURE}"
    try:
        override = compose.parse(line.text)
        plain = not override.is_sweep_override() and _is_plain(override.value())
    except (HydraException, ValueError, RecursionError):
        return f"{line.where} cannot be read; {CURE}"
    return None if plain else f"{line.where} is not a single plain value; {CURE}"


def _is_plain(value: Any) -> bool:
    if isinstance(value, list):
        return all(not isinstance(item, list) and _is_plain(item) for item in value)
    return value is None or isinstance(value, (str, int, float, bool, QuotedString))


def _meaning(lines: Sequence[Line], compose: Composer, given: Sequence[str]) -> list[str]:
    """Return mistakes in well-formed lines: unknown options and keys, and a data root without the run's data."""
    groups = compose.groups()
    chosen = {line: _text(compose.parse(line.text)) for line in lines if line.text.partition("=")[0] in groups}
    problems = []
    for line, option in chosen.items():
        group = line.text.partition("=")[0]
        if option not in compose.options(group):
            problems.append(f"{line.where}: there is no such {group}; {CURE}")
    if problems:
        return problems
    typed = [text for text in given if text.partition("=")[0] in groups]
    base = compose([*(line.text for line in chosen), *typed])
    keys = values.leaves(base)
    for line in lines:
        key = line.text.partition("=")[0]
        if line not in chosen and key not in keys:
            near = closest(key, keys)
            hint = f" (the closest is {near})" if near else ""
            problems.append(f"{line.where}: mnv3 train has no key {key}{hint}; {CURE}")
        elif key == "data.root" and not _is_root(_text(compose.parse(line.text)) or "", base.dataset.name):
            problems.append(f"{line.where}: that folder has no data of this run; give data.root=FOLDER in the call.")
    return problems


def _is_root(root: str, dataset: str) -> bool:
    return is_below(Path(root)) or is_data_root(root, dataset)


def _text(override: Override) -> str | None:
    """Return the value of an override as text, None for null."""
    value = override.value()
    return None if value is None else value.text if isinstance(value, QuotedString) else str(value)
