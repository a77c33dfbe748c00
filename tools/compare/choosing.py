"""Finds run folders by name, path, pattern and filter."""

import glob
from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from mnv3.tools.compare.runs import Run, as_text, flat
from mnv3.tools.errors import UserError
from mnv3.tools.runs.folder import display_path
from mnv3.tools.text.words import similar

NO_RUNS = ("compare", "data", "eval", "table")
"""Folders in runs/ that are not runs."""

SHORT = {name: f"{name}.name" for name in ("task", "backbone", "dataset", "recipe")} | {"experiment": "row"}
"""Short filter names and the configuration key that each stands for."""


def find_folders(words: Sequence[str], runs: Path) -> list[Path]:
    """Return the folders that `words` name: paths, names of runs in `runs`, patterns, or folders full of runs.
    Without words, all of `runs`, oldest first. Raises UserError that lists every word without a match."""
    if not words:
        found = _below(runs)
        if not found:
            raise UserError(f"There is no run in {display_path(runs)}/ here; `mnv3 train` makes one.")
        return found
    problems: list[str] = []
    folders: dict[Path, Path] = {}
    for word in words:
        found = _of_word(word, runs)
        folders |= {path.resolve(): path for path in found if path.resolve() not in folders}
        problems += [] if found else [_nothing(word, runs)]
    if problems:
        raise UserError(*problems)
    return list(folders.values())


def matching(runs: Sequence[Run], filters: Mapping[str, str]) -> list[Run]:
    """Return the runs whose keys match all `filters`: a value, a pattern, or several with commas (any may match).
    `tag` matches a tag. Raises UserError if no run has a key, or if nothing is left (with the values that exist)."""
    values = [_values(run) for run in runs]
    known = {key for own in values for key in own}
    names = {key: SHORT.get(key, key) for key in filters}
    unknown = [_unknown(key, filters[key], known) for key, name in names.items() if name not in known]
    if runs and unknown:
        raise UserError(*unknown)
    left = list(zip(runs, values, strict=True))
    for key, asked in filters.items():
        there = sorted({value for _, own in left for value in own.get(names[key], ())})
        left = [(run, own) for run, own in left if _fits(own.get(names[key], ()), asked)]
        if not left:
            raise UserError(
                f"No run has {_asked(filters)}: of those looked at, {key} is {', '.join(there) or 'unset'}."
            )
    return [run for run, _ in left]


def _of_word(word: str, runs: Path) -> list[Path]:
    path = Path(word).expanduser()
    if glob.has_magic(word):
        for base in ("", f"{runs}/", f"{runs}/*/"):
            found = [Path(name) for name in sorted(glob.glob(f"{base}{path}")) if Path(name).is_dir()]
            found = [folder for folder in found if not set(folder.parts) & set(NO_RUNS) - set(path.parts)]
            if found:
                return [run for folder in found for run in _below(folder) or [folder]]
        return []
    if path.is_dir():
        return _below(path) or [path]
    return sorted(folder for folder in runs.glob(f"*/{word}") if folder.is_dir()) if not path.is_absolute() else []


def _below(folder: Path) -> list[Path]:
    """Return the folder itself if it is a run, else the runs one or two folders below, oldest first."""
    if (folder / "config.yaml").is_file():
        return [folder]
    files = [*folder.glob("*/config.yaml"), *folder.glob("*/*/config.yaml")]
    files = [file for file in files if not set(file.relative_to(folder).parts) & set(NO_RUNS)]
    return [file.parent for file in sorted(files, key=lambda file: (file.stat().st_mtime, file))]


def _nothing(word: str, runs: Path) -> str:
    there = [folder.name for folder in reversed(_below(runs))]
    if glob.has_magic(word):
        return f"'{word}' matches no folder, here or in {display_path(runs)}/."
    if near := similar(Path(word).name, there):
        return f"There is no run {word}; did you mean {near}?"
    return f"There is no run {word}" + (
        f"; in {display_path(runs)}/ there are {', '.join(there[:5])}." if there else "."
    )


def _values(run: Run) -> dict[str, list[str]]:
    """Dotted key -> value as text; `tag`: all tags."""
    return {"tag": sorted(run.tags)} | {key: [as_text(value)] for key, value in flat(run.config)}


def _fits(values: Sequence[str], asked: str) -> bool:
    if asked in values:  # a list contains commas and brackets itself
        return True
    return any(fnmatchcase(value, _plain(one)) for value in values for one in asked.split(","))


def _plain(text: str) -> str:
    """Format a number as values are written: 1 for 1.0, 0.0001 for 1e-4."""
    try:
        return as_text(float(text))
    except ValueError:
        return text


def _asked(filters: Mapping[str, str]) -> str:
    return " ".join(f"{key}={value}" for key, value in filters.items())


def _unknown(key: str, value: str, known: Iterable[str]) -> str:
    names = sorted({*known, *SHORT})
    leaf = [name for name in names if name.rpartition(".")[2] == key]
    near = leaf[0] if leaf else similar(key, names, 0.6)
    return f"{key}={value}: no run has a key '{key}'" + (f"; did you mean {near}?" if near else ".")
