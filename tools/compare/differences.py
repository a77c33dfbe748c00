"""Differences between the configurations of runs, and short labels made from them."""

from collections.abc import Mapping, Sequence
from typing import Any

from mnv3.tools.compare.runs import as_text, distinguishing, flat, path_end

WHERE_NOT_WHAT = ("name", "resume", "dry", "row", "data.root", "data.cache", "data.workers", "wandb.", "eval.")
"""Keys, and sections (with a trailing dot), that set where a run is stored and what it is called."""
FILES = {"init": 3, "backbone.weights": 1, "dataset.": 2}
"""Keys and sections that may name a file, and how many trailing parts of the path identify it."""
NAMES = ("task.name", "backbone.name", "dataset.name", "recipe.name")
ABSENT = "-"
WORDS = 3
"""Most words in a label."""


def differences(configs: Sequence[Mapping[str, Any]]) -> dict[str, list[str]]:
    """Return dotted key -> its value in each configuration as text, for the keys that differ."""
    texts = [_texts(config) for config in configs]
    keys = dict.fromkeys(key for own in texts for key in own)
    rows = {key: [own.get(key, ABSENT) for own in texts] for key in keys}
    return {key: values for key, values in rows.items() if len(set(values)) > 1}


def labels(configs: Sequence[Mapping[str, Any]], names: Sequence[str]) -> list[str]:
    """Return a short label per run: its row of the paper's tables if those are distinct, else its values of the few
    differing keys that separate most runs, else its name. Some runs may share a label."""
    paper = [path_end(str(config.get("row") or ""), 1) for config in configs]
    if all(paper) and len(set(paper)) == len(paper) > 1:
        return paper
    rows = differences(configs)
    distinct = distinguishing({key: rows[key] for key in sorted(rows, key=_weight)}, most=WORDS)
    words = [[_word(key, rows[key][i]) for key in distinct] for i in range(len(names))]
    return [" ".join(filter(None, own)) or name for own, name in zip(words, names, strict=True)]


def _texts(config: Mapping[str, Any]) -> dict[str, str]:
    return {
        key: path_end(as_text(value), max((FILES[name] for name in FILES if _is_of(key, name)), default=99))
        for key, value in flat(config)
        if not any(_is_of(key, name) for name in WHERE_NOT_WHAT)
    }


def _is_of(key: str, name: str) -> bool:
    """Return whether `name` is the key itself or its section."""
    return key.startswith(name) if name.endswith(".") else key == name


def _weight(key: str) -> tuple[int, int]:
    """Sort key: names first, then the network's keys, the seed, and the details of recipe and trainer."""
    section = key.partition(".")[0]
    sections = ("backbone", "task", "dataset", "recipe", "seed", "init", "data", "trainer")
    return (key not in NAMES, sections.index(section) if section in sections else len(sections))


def _word(key: str, value: str) -> str:
    """Abbreviate a key and its value for a label."""
    leaf = key.rpartition(".")[2]
    if value == ABSENT:
        return ""
    if key in NAMES:
        return value
    if value in ("true", "false"):
        return leaf if value == "true" else f"no {leaf}"
    if value.startswith("[") and key.endswith(("_size", "crop")):
        return value.strip("[]").replace(",", "x")
    return f"{leaf} {value}"
