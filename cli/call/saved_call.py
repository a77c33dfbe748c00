"""The call that a run folder keeps, in overrides.txt: read as data, because anybody can have written it.

Hydra would do what a line says: make objects, read variables of the environment, write somewhere else. So a line may
give a plain value to a key of `mnv3 train`, or choose an option that there is, and nothing more.
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
CURE = "take the line out, or give that key in the call itself."


class Line(NamedTuple):
    """A line that is not empty, its number in the file, and how its mistakes begin."""

    text: str
    number: int
    where: str


def read(run: Path, given: Sequence[str], config_dir: Path | None) -> list[str]:
    """The overrides in the folder `run` whose keys are not in the call's own, `given`.

    Raises:
        UserError: all lines that are no plain values of keys and groups of `mnv3 train`.
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
    """What is wrong with a line, whatever keys there are."""
    key, equals, _ = line.text.partition("=")
    if not equals or not KEY.fullmatch(key) or key.partition(".")[0] == "hydra":
        return f"{line.where} gives no value to a key of mnv3 train, and a saved run may do nothing else; {CURE}"
    if "${" in line.text:
        return f"{line.where} refers to something else, and nothing in a saved run is resolved; {CURE}"
    try:
        override = compose.parse(line.text)
        plain = not override.is_sweep_override() and _is_plain(override.value())
    except (HydraException, ValueError, RecursionError):
        return f"{line.where} cannot be read; {CURE}"
    return None if plain else f"{line.where} is not one plain value; {CURE}"


def _is_plain(value: Any) -> bool:
    if isinstance(value, list):
        return all(not isinstance(item, list) and _is_plain(item) for item in value)
    return value is None or isinstance(value, (str, int, float, bool, QuotedString))


def _meaning(lines: Sequence[Line], compose: Composer, given: Sequence[str]) -> list[str]:
    """What is wrong with lines of good form: options and keys that there are not, and where the data would go."""
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
            problems.append(f"{line.where}: no data of this run is in that folder; give data.root=FOLDER in the call.")
    return problems


def _is_root(root: str, dataset: str) -> bool:
    return is_below(Path(root)) or is_data_root(root, dataset)


def _text(override: Override) -> str | None:
    """The one value of an override as text, None for null."""
    value = override.value()
    return None if value is None else value.text if isinstance(value, QuotedString) else str(value)
