"""Words for messages: the closest match, a value, a type."""

import difflib
import types
from collections.abc import Iterable
from typing import Any, Union, get_args, get_origin

from omegaconf import OmegaConf

NAMES = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "text",
    type(None): "null",
    Any: "text, a list like [1,0.5] or null",
}
LISTS = {
    int: "a list of whole numbers like [320,320]",
    float: "a list of numbers like [0.5,1.0]",
    str: "a list like [a,b]",
}


def closest(word: str, candidates: Iterable[str]) -> str | None:
    """Return the most likely candidate: by its last part alone (`epochs` is recipe.epochs), or by its letters."""
    known = sorted(candidates)
    leaf = word.rpartition(".")[2]
    same_leaf = [name for name in known if name.rpartition(".")[2] == leaf]
    if same_leaf:
        return similar(word, same_leaf, 0) or same_leaf[0]
    by_leaf = {name.rpartition(".")[2]: name for name in known}
    return similar(word, known) or by_leaf.get(similar(leaf, by_leaf) or "")


def similar(word: str, candidates: Iterable[str], cutoff: float = 0.7) -> str | None:
    """Return the candidate with the most similar spelling, None if none has a similarity of at least `cutoff`."""
    return next(iter(difflib.get_close_matches(word, list(candidates), 1, cutoff)), None)


def format_value(value: Any) -> str:
    """Format a value as on the command line: null, true, [0.5,1.0]."""
    if OmegaConf.is_list(value):
        value = OmegaConf.to_container(value)
    if isinstance(value, list):
        return "[" + ",".join(format_value(item) for item in value) + "]"
    if value is None:
        return "null"
    return str(value).lower() if isinstance(value, bool) else str(value)


def kind(hint: Any, choices: tuple = ()) -> str:
    """Describe the values that a key of type `hint` accepts: "a whole number or auto"."""
    parts = list(get_args(hint)) if get_origin(hint) in (Union, types.UnionType) else [hint]
    words = []
    for part in parts:
        if get_origin(part) is list:
            words.append(LISTS[get_args(part)[0]])
            continue
        names_choices = bool(choices) and (part is str or not any(isinstance(choice, str) for choice in choices))
        words += (
            [format_value(choice) for choice in choices] if names_choices and part is not type(None) else [NAMES[part]]
        )
    return either(words)


def either(words: list[str]) -> str:
    """Join words: "a, b or c"."""
    return " or ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
