"""Carries class predictors over from a file to a new run, by class name."""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from torch import Tensor, nn

SYNONYMS = {
    "aeroplane": "airplane",
    "motorbike": "motorcycle",
    "sofa": "couch",
    "tvmonitor": "tv",
}
"""VOC's names that differ from COCO's by more than spaces, both as `plain_name` has them."""

MOST_LISTED = 12
"""Classes up to which each is named."""


class Classes(NamedTuple):
    """Classes of a network.

    `rows`: of a class predictor per anchor, or per pixel; None if not known. `names`: by row; None if not known.
    `background`: how scores are learnt, if row 0 is the background, which agrees if this does.
    """

    rows: int | None
    names: Mapping[int, str] | None
    background: str | None = None


class Carried(NamedTuple):
    """`state`: the network's, from the file. `note`: a sentence on the class predictors unless all are the file's as
    they are. `left`: a line on each class predictor that starts anew for another reason than its classes' names.
    `settled`: names of the entries that `note` or `left` accounts for."""

    state: dict[str, Tensor]
    note: str = ""
    left: Sequence[str] = ()
    settled: frozenset[str] = frozenset()


def plain_name(name: str) -> str:
    """Return a class name in lower case without spaces, underscores and hyphens, and COCO's of two synonyms."""
    plain = re.sub(r"[\s_-]", "", name).casefold()
    return SYNONYMS.get(plain, plain)


def names_or_none(names: Mapping[int, str]) -> Mapping[int, str] | None:
    """Return `names` by row, or None if they are only the numbers of classes: "class 1"."""
    return None if all(name == f"class {row}" for row, name in names.items()) else names


def carry_over(
    network: nn.Module, state: Mapping[str, Tensor], pattern: str, file: Classes, own: Classes, source: str
) -> Carried:
    """Replace the class predictors in `state`, which has the `network`'s names, by those that a new run begins with.

    Each class of `own` gets the rows of the class of `file` with its name; others keep the network's values. Rows are
    the first axis of the entries whose names match `pattern`, anchor after anchor. Predictors of a file without names
    stay as they are if there are as many classes.
    """
    fresh = {name: value for name, value in network.state_dict().items() if re.match(pattern, name) and name in state}
    if not fresh or _same(file, own):
        return Carried(dict(state))
    rest = {name: value for name, value in state.items() if name not in fresh}
    if file.names is None or own.names is None:
        begins = f"{source} names no classes:"
        if file.rows == own.rows or (file.rows is None and all(state[n].shape == v.shape for n, v in fresh.items())):
            return Carried(dict(state), f"{begins} they are taken to be the data set's, in the same order.")
        note = f"{begins} because it has another number of them than the data set, class predictors start anew."
        return Carried(rest, note, settled=frozenset(fresh))

    rows = _agreeing(file.names, own.names)
    shared = {0: 0} if own.background is not None and own.background == file.background else {}
    known, left = {}, []
    for name, value in fresh.items():
        if _same_layout(state[name], file, value, own):
            known[name] = _with_rows(value, state[name], {**shared, **rows}, file, own)
        else:
            shape, here = tuple(state[name].shape), tuple(value.shape)
            left.append(f"{name}: shape {shape} of {file.rows} class channels, here {here} of {own.rows}")
    if not known:
        return Carried(rest, left=left, settled=frozenset(fresh))
    anew = () if own.background is None or shared else ("background",)
    note = _note(source, file.names, own.names, rows, anew)
    return Carried(rest | (known if rows or shared else {}), note, left, frozenset(fresh))


def _same(file: Classes, own: Classes) -> bool:
    """Whether both have the same classes in the same rows."""
    if file.names is None or own.names is None or file._replace(names=None) != own._replace(names=None):
        return False
    there, here = ({row: plain_name(name) for row, name in names.items()} for names in (file.names, own.names))
    return there == here


def _agreeing(file: Mapping[int, str], own: Mapping[int, str]) -> dict[int, int]:
    """Return the file's row by own row, for names that agree: the very same, else the first that is alike."""
    exact, alike = {}, {}
    for row, name in sorted(file.items()):
        exact.setdefault(name, row)
        if plain := plain_name(name):
            alike.setdefault(plain, row)
    found = {row: exact.get(name, alike.get(plain_name(name))) for row, name in sorted(own.items())}
    return {row: there for row, there in found.items() if there is not None}


def _same_layout(there: Tensor, file: Classes, here: Tensor, own: Classes) -> bool:
    """Whether two predictors differ in their classes only: as many anchors, as many inputs."""
    assert file.rows and own.rows
    if there.dim() == 0 or there.shape[1:] != here.shape[1:]:
        return False
    return there.shape[0] * own.rows == here.shape[0] * file.rows


def _with_rows(here: Tensor, there: Tensor, rows: Mapping[int, int], file: Classes, own: Classes) -> Tensor:
    """Return `here` with `rows`, own to the file's, of `there`, at every anchor."""
    assert file.rows and own.rows
    mixed = here.clone().unflatten(0, (-1, own.rows))
    mixed[:, list(rows)] = there.to(here).unflatten(0, (-1, file.rows))[:, list(rows.values())]
    return mixed.flatten(0, 1)


def _note(
    source: str, file: Mapping[int, str], own: Mapping[int, str], rows: Mapping[int, int], anew: Sequence[str]
) -> str:
    """Return the line on which classes were carried over, with the file's name where it differs."""
    kept = [own[row] if own[row] == file[there] else f"{own[row]} ({file[there]})" for row, there in rows.items()]
    new = [*anew, *(name for row, name in sorted(own.items()) if row not in rows)]
    return (
        f"Class predictors of {source} carried over by name: {_listed(kept)} ({len(kept)} of {len(own)}); "
        f"new: {_listed(new)}."
    )


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - MOST_LISTED} more" if len(names) > MOST_LISTED else ""
    return ", ".join(names[:MOST_LISTED]) + more if names else "none"
