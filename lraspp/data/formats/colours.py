"""Colours without a name: what they are, and how to name them."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from mnv3.lraspp.data.formats.survey import MOST, Survey, colour_of
from mnv3.lraspp.data.frames import SegClass
from mnv3.tools.text.plain import listed

FEW = 64
"""Colours of masks at most; with more, edges are smoothed or the files were saved with loss."""

FLAT = (
    "Masks need flat colours: edges were smoothed (anti-aliased), or the files were once saved as JPEG. Export them "
    "again as PNG without smoothing"
)


def not_flat(names: list[str], found: Survey) -> str | None:
    """Return a sentence if there are too many colours for masks."""
    if not found.crowded and len(found.pixels) <= FEW:
        return None
    example = names[found.crowded[0]] if found.crowded else names[0]
    count = f"more than {MOST} colours in {example}" if found.crowded else f"{len(found.pixels)} colours in all"
    return f"The label files have {count}, too many to be classes. {FLAT}."


def no_names(root: Path, names: list[str], found: Survey) -> str:
    """Return what colours there are, and a file to fill in."""
    total = sum(found.pixels.values())
    ranked = sorted(found.pixels, key=lambda code: -found.pixels[code])
    lines = [
        f"  {hex_of(code)}  {found.pixels[code] / total:7.2%} of the pixels, in {found.files[code]} files"
        for code in ranked
    ]
    template = [f"  class {number}:{','.join(map(str, colour_of(code)))}::" for number, code in enumerate(ranked)]
    return "\n".join(
        (
            f"{root}: {len(names)} label files are in colour, and nothing names their {len(ranked)} colours:",
            *lines,
            f"Save the following lines, with your names instead of class 0, class 1, ..., as {root / 'labelmap.txt'}:",
            *template,
        )
    )


def unnamed(kind: str, root: Path, counts: Mapping[str, Mapping[int, int]], classes: Iterable[SegClass]) -> str:
    """Return a sentence on colours or values without a class, from pixels by label file."""
    total: dict[int, int] = {}
    for found in counts.values():
        for code, pixels in found.items():
            total[code] = total.get(code, 0) + pixels
    ranked = sorted(total, key=lambda code: -total[code])
    colours = kind.startswith("colours")
    words = [
        f"{f'{hex_of(code)} {colour_of(code)}' if colours else code} ({total[code]:,} pixels in "
        f"{sum(code in found for found in counts.values())} files, e.g. {next(n for n in counts if code in counts[n])}"
        f"{_nearest(code, classes) if colours else ''})"
        for code in ranked
    ]
    smooth = f" {FLAT}." if colours and len(ranked) > FEW else ""
    return f"{root}: {kind}: {listed(words)}.{smooth or ' Name them, or correct the files.'}"


def _nearest(code: int, classes: Iterable[SegClass]) -> str:
    """Return the class with a colour that is nearly the same, in words."""
    colour = colour_of(code)
    near = min(classes, key=lambda entry: _distance(entry.colour, colour), default=None)
    if near is None or _distance(near.colour, colour) > 32:
        return ""
    return f"; {near.name} is {hex_of(near.colour[0] << 16 | near.colour[1] << 8 | near.colour[2])}"


def _distance(one: tuple[int, ...], other: tuple[int, ...]) -> int:
    return max(abs(a - b) for a, b in zip(one, other, strict=True))


def hex_of(code: int) -> str:
    return f"#{code:06x}"
