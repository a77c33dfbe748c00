"""Which classes there are: those of the configuration (a run's own, too), of a file, or found in the labels."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from mnv3.lraspp.data.formats.labels import Meaning
from mnv3.lraspp.data.formats.legend import Legend
from mnv3.lraspp.data.frames import IGNORE, SegClass
from mnv3.lraspp.data.labels.names_file import classes_of_lines
from mnv3.tools.errors import UserError
from mnv3.tools.text.plain import listed

AUTO = "auto"
"""dataset.ignore: 255, if it is no class."""


class Asked(NamedTuple):
    """What the configuration asks for. `given`: dataset.classes. `ignore`: values and names, or None for AUTO."""

    given: tuple[SegClass, ...]
    ignore: tuple[int | str, ...] | None
    suffix: str | None


def asked(dataset: Any) -> Asked:
    """Read dataset.classes, dataset.ignore and dataset.label_suffix. Raises UserError for mistakes."""
    ignore = dataset.ignore
    if ignore == AUTO:
        entries = None
    else:
        entries = () if ignore is None else (ignore,) if isinstance(ignore, (int, str)) else tuple(ignore)
        entries = tuple(int(entry) if str(entry).isdecimal() else entry for entry in entries)
        odd = [entry for entry in entries if not isinstance(entry, (int, str)) or isinstance(entry, bool)]
        if odd or any(isinstance(entry, int) and not 0 <= entry <= 255 for entry in entries):
            raise UserError(
                f"dataset.ignore={ignore}: must be values of label files (0 to 255) or class names, null or {AUTO}."
            )
    lines = dict(enumerate((str(line).strip() for line in dataset.classes or ()), start=1))
    return Asked(classes_of_lines(lines, "dataset.classes", None) if lines else (), entries, dataset.label_suffix)


def decide(
    asked: Asked, legend: Legend | None, derived: Callable[[], Sequence[SegClass]], auto: tuple[int, ...], where: str
) -> Meaning:
    """Return the classes: `asked.given`, or those of `legend`, or else `derived`; and what of them is ignored.

    `auto`: the ignored values if the configuration leaves that open; they count only if no class has them. Raises
    UserError: `legend` has other classes than those given, an ignored name is none, or no class is left.
    """
    listed_classes = asked.given or (legend.classes if legend else tuple(derived()))
    ids = {entry.id for entry in listed_classes}
    ignore = tuple(value for value in auto if value not in ids) if asked.ignore is None else asked.ignore
    names = {entry.name for entry in listed_classes} | {entry.name for entry in (legend.classes if legend else ())}
    if strangers := [entry for entry in ignore if isinstance(entry, str) and entry not in names]:
        raise UserError(f"dataset.ignore: {where} has no class {listed(strangers)}; it has {listed(sorted(names))}.")
    check_known([entry.name for entry in legend.classes] if legend else [], asked, ignore, legend and legend.source)
    ignored = tuple(entry for entry in listed_classes if entry.id in ignore or entry.name in ignore)
    classes = tuple(entry for entry in listed_classes if entry not in ignored)
    if not classes:
        raise UserError(f"dataset.ignore leaves no class of {where}.")
    values = tuple(sorted({*(entry for entry in ignore if isinstance(entry, int)), *(entry.id for entry in ignored)}))
    return Meaning(classes, ignored, values)


def check_known(names: Sequence[str], asked: Asked, ignore: Sequence[int | str], where: object) -> None:
    """Raise UserError if `names` are of other classes than those given."""
    known = {entry.name for entry in asked.given}
    if known and (others := [name for name in names if name not in known and name not in ignore]):
        raise UserError(
            f"{where} has classes that dataset.classes, which a run brings along, does not: {listed(others)}; it has "
            f"{listed(sorted(known))}."
        )


def keep(dataset: Any, meaning: Meaning) -> None:
    """Write the classes into the section `dataset` of the configuration, so that the other split has the same ones and
    a run brings them along."""
    if not dataset.classes:
        listed_classes = sorted({*meaning.classes, *meaning.ignored}, key=lambda entry: entry.id)
        dataset.classes = [f"{entry.id} {entry.name} #{bytes(entry.colour).hex()}" for entry in listed_classes]
    names = [entry.name for entry in meaning.ignored]
    taken = {entry.id for entry in meaning.ignored}
    dataset.ignore = [*(value for value in meaning.values if value not in taken), *names]


def in_words(meaning: Meaning, values: bool) -> str:
    """Return the classes and what is ignored; `values`: label files have values."""
    names = [entry.name for entry in meaning.classes]
    taken = {entry.id for entry in meaning.ignored}
    ignored = [f"{entry.name} ({entry.id})" if values else entry.name for entry in meaning.ignored]
    ignored += [str(value) for value in meaning.values if value not in taken] if values else []
    rest = f", {listed(ignored)} ignored" if ignored else ""
    return f"{len(names)} class{'es' if len(names) > 1 else ''} ({listed(names)}){rest}"


def ids_in_files(meaning: Meaning, legend: Legend | None) -> Meaning:
    """Return `meaning` with the ids that `legend` gives to its classes in the folder's own label files."""
    if legend is None:
        return meaning
    own = {entry.name: entry.id for entry in legend.classes}
    if not any(entry.name in own for entry in meaning.classes):
        return meaning
    ignored = {entry.name for entry in meaning.ignored}
    values = {own[name] for name in ignored if name in own}
    values |= {value for value in meaning.values if value not in {entry.id for entry in meaning.ignored}}
    free = iter(sorted(set(range(IGNORE)) - set(own.values()) - values))
    numbers = [own[entry.name] if entry.name in own else next(free) for entry in meaning.classes]
    classes = tuple(entry._replace(id=number) for entry, number in zip(meaning.classes, numbers, strict=True))
    return meaning._replace(classes=classes, values=tuple(sorted(values - {entry.id for entry in classes})))
