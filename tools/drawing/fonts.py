"""Text of every script in pictures and plots: with a font that covers it, or as codes if none is installed."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache, wraps
from pathlib import Path
from typing import Any, TypeVar

from PIL import ImageFont

from mnv3.tools.text.once import remark
from mnv3.tools.text.plain import plain

LATIN = 0x100
"""Pillow's own font has the characters below this."""

LONGEST = 40
"""Most characters of a label."""

SHORTEST = 6
"""Letters that a shortened name keeps, however narrow its place is."""

Result = TypeVar("Result")


def font_for(text: str, size: float) -> Any:
    """Return a Pillow font of `size` pixels for `text`, which must come from `drawable`."""
    wanted = _beyond_latin([text])
    return _font(_covering(wanted) if wanted else None, size)


def drawable(texts: Sequence[str]) -> list[str]:
    """Return `texts` as plain lines, with codes like U+732B for characters that no font has; warns once."""
    return [_drawable(plain(text)) for text in texts]


def as_labels(names: Iterable[str], longest: int = LONGEST) -> list[str]:
    """Return names for a plot: `drawable`, shortened to `longest` letters, and a space before a leading "_", which
    would hide the label."""
    short = [shortened(name, longest) for name in map(plain, names)]
    return [f" {name}" if name.startswith("_") else name for name in drawable(short)]


def shortened(text: str, longest: int) -> str:
    """Return `text` with dots before its end if it has more than `longest` letters; names often differ there."""
    end = longest // 3
    return text if len(text) <= longest else f"{text[: longest - end - 3]}...{text[-end:]}"


def fitted(text: str, font: Any, width: float) -> str:
    """Return `text`, which must come from `drawable`, shortened to `width` pixels."""
    longest = len(text)
    while longest > SHORTEST and font.getlength(shortened(text, longest)) > width:
        longest -= 1
    return shortened(text, longest)


def literal(plot: Callable[..., Result]) -> Callable[..., Result]:
    """Decorator for functions that write a figure: a dollar is a dollar, not mathematics, and fonts are set for all
    texts among the arguments."""

    @wraps(plot)
    def drawn(*args: Any, **options: Any) -> Result:
        import matplotlib

        wanted = {_beyond_latin([text]) for text in _texts([*args, *options.values()])} - {frozenset()}
        files = dict.fromkeys(path for characters in wanted if (path := _covering(characters)))
        families = [*matplotlib.rcParams["font.family"], *map(_family, files)]
        with matplotlib.rc_context({"text.parse_math": False, "font.family": families}):
            return plot(*args, **options)

    return drawn


def _texts(values: Any) -> Iterator[str]:
    """Yield all texts in `values`, however deep; of dictionaries the keys."""
    if isinstance(values, str):
        yield values
    elif isinstance(values, list | tuple | dict):
        for value in values:
            yield from _texts(value)


def _drawable(text: str) -> str:
    wanted = _beyond_latin([text])
    if not wanted or _covering(wanted):
        return text
    lacking = {character for character in wanted if not _covering(frozenset({character}))}
    if lacking:
        remark(
            "fonts", f"No font on this machine has all letters of {text!r}: pictures have codes until one is installed."
        )
    else:
        lacking = wanted  # no single font has them all
    return "".join(f"U+{ord(character):04X} " if character in lacking else character for character in text).strip()


def _beyond_latin(texts: Iterable[str]) -> frozenset[str]:
    return frozenset(character for text in texts for character in text if ord(character) >= LATIN)


@cache
def _font(path: Path | None, size: float) -> Any:
    return ImageFont.load_default(size) if path is None else ImageFont.truetype(str(path), round(size))


@cache
def _covering(characters: frozenset[str]) -> Path | None:
    """Return the first font file that has all `characters`: matplotlib's own before the machine's."""
    return next((path for path in _files() if {ord(character) for character in characters} <= _charmap(path)), None)


@cache
def _files() -> tuple[Path, ...]:
    from matplotlib import font_manager, get_data_path

    own = Path(get_data_path(), "fonts", "ttf", "DejaVuSans.ttf")
    return (own, *sorted(map(Path, font_manager.findSystemFonts())))


@cache
def _charmap(path: Path) -> frozenset[int]:
    from matplotlib.ft2font import FT2Font

    try:
        return frozenset(FT2Font(str(path)).get_charmap())
    except (OSError, RuntimeError, ValueError):  # a font that FreeType cannot read
        return frozenset()


def _family(path: Path) -> str:
    """Register a font with matplotlib and return its family name."""
    from matplotlib import font_manager

    font_manager.fontManager.addfont(str(path))
    return font_manager.FontProperties(fname=str(path)).get_name()
