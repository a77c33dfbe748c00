"""What formats of outlines have in common: classes with a background, and label maps painted object by object."""

from collections.abc import Iterable

from mnv3.lraspp.data.formats.labels import BACKGROUND, IGNORED, Meaning
from mnv3.lraspp.data.formats.legend import Legend, drawn_colours
from mnv3.lraspp.data.formats.meaning import Asked, check_known, decide
from mnv3.lraspp.data.frames import IGNORE, SegClass
from mnv3.tools.errors import UserError
from mnv3.tools.text.plain import listed

OVERLAP = "Where objects overlap, the later one in the file counts."


def meaning_of(asked: Asked, legend: Legend | None, names: Iterable[str], where: str) -> Meaning:
    """Return the classes of outlines called `names`, numbered from 0, the background, unless `asked` or `legend` list
    them. Raises UserError: outlines have other names than these."""
    names = [name for name in names if name != IGNORED]
    if legend is not None:
        legend = legend._replace(classes=_with_background(legend.classes))
    meaning = decide(asked, legend, lambda: _derived(names), (), where)
    ignored = [entry.name for entry in meaning.ignored]
    check_known([name for name in names if name not in BACKGROUND], asked, ignored, where)
    known = {entry.name for entry in meaning.classes} | set(ignored)
    if others := [name for name in names if name not in known]:
        assert legend is not None
        raise UserError(f"{legend.source} lacks classes that labels of {where} have: {listed(others)}.")
    return meaning


def values_of(meaning: Meaning) -> dict[str, int]:
    """Return what is painted by class name: its index; IGNORE for what is ignored."""
    values = {entry.name: index for index, entry in enumerate(meaning.classes)}
    return values | dict.fromkeys([IGNORED, *(entry.name for entry in meaning.ignored)], IGNORE)


def background_of(meaning: Meaning) -> int:
    """Return the value of pixels without an object: IGNORE if the background is no class."""
    return next((index for index, entry in enumerate(meaning.classes) if entry.name in BACKGROUND), IGNORE)


def _derived(names: list[str]) -> tuple[SegClass, ...]:
    own = [name for name in names if name in BACKGROUND][:1] or ["background"]
    return drawn_colours([*own, *(name for name in names if name not in own)])


def _with_background(classes: tuple[SegClass, ...]) -> tuple[SegClass, ...]:
    """Return classes with a background; of several ids their order counts."""
    if any(entry.name in BACKGROUND for entry in classes):
        return classes
    return tuple(entry._replace(id=number) for number, entry in enumerate((*drawn_colours(["background"]), *classes)))
