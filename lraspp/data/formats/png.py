"""Label files: PNGs (or BMP, TIFF) of ids in grey or with a palette, of colours, or in black and white."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np

from mnv3.lraspp.data.formats.colours import hex_of, no_names, not_flat
from mnv3.lraspp.data.formats.labels import Masks, Meaning, Picture, Undrawable
from mnv3.lraspp.data.formats.legend import Legend, drawn_colours
from mnv3.lraspp.data.formats.meaning import Asked, decide, ids_in_files
from mnv3.lraspp.data.formats.pairs import Pairs, notes_of, pair
from mnv3.lraspp.data.formats.survey import COLOURED, WIDE, code_of, colour_of, modes, read_colours, read_wide, survey
from mnv3.lraspp.data.frames import IGNORE, MOST_CLASSES, SegClass
from mnv3.lraspp.data.labels.file import read_palette
from mnv3.tools.data.folder.image_sets import image_sets
from mnv3.tools.data.folder.listing import Listing, stem
from mnv3.tools.data.folder.notes import Notes, Wrong
from mnv3.tools.drawing.paint import class_colour
from mnv3.tools.errors import UserError
from mnv3.tools.text.plain import listed

BLACK_AND_WHITE = {0, 255}


class Files(NamedTuple):
    """The label files of a folder: their paths, and modes in Pillow."""

    listing: Listing
    names: list[str]
    modes: list[str]

    @property
    def paths(self) -> list[Path]:
        return [self.listing.root / name for name in self.names]

    def kinds(self) -> str:
        """Return what the files hold, in words."""
        words = {"P": "with a palette", "1": "of 1 bit", **dict.fromkeys(WIDE, "of 16 bits")}
        words |= dict.fromkeys(COLOURED, "in colour")
        return " and ".join(dict.fromkeys(words.get(mode, "in grey") for mode in self.modes))


def read_png(listing: Listing, labels: list[str], legend: Legend | None, asked: Asked) -> Masks:
    """Read `labels`, see `pairs`. Raises UserError with all mistakes."""
    wrong, notes = Wrong(listing.root), Notes()
    pairs = pair(listing, asked.suffix, wrong)
    wrong.raise_if_any()
    notes_of(pairs, notes)
    pictures = _pictures(listing, pairs, notes)
    found = Files(listing, labels, modes([listing.root / name for name in labels]))
    masks = _in_colours(found, legend, asked) if _are_colours(found, legend) else _in_values(found, legend, asked)
    masks.pictures, masks.problems = pictures, tuple(_orphans(pairs))
    masks.notes += notes.lines()
    masks.source += f", named like the images{f' with {pairs.suffix}' if pairs.suffix else ''}"
    return masks


def _pictures(listing: Listing, pairs: Pairs, notes: Notes) -> list[Picture]:
    lists, pictures = image_sets(listing, "Segmentation"), []
    for image, label in pairs.labels.items():
        own = frozenset(split for split, names in lists.items() if stem(image) in names)
        if lists and not own:
            notes.add("images in no list of ImageSets/Segmentation are left out", image)
            continue
        pictures.append(Picture(image, label, own))
    return pictures


def _orphans(pairs: Pairs) -> list[str]:
    count = len(pairs.orphans)
    return [f"{count} label files have no image: {listed(pairs.orphans)}."] if count else []


def _are_colours(files: Files, legend: Legend | None) -> bool:
    """Whether colours mark the classes. Raises UserError: some files have colours and some values."""
    coloured = [name for name, mode in zip(files.names, files.modes, strict=True) if mode in COLOURED]
    others = [name for name, mode in zip(files.names, files.modes, strict=True) if mode not in COLOURED]
    if legend is not None and legend.by_colour:
        return bool(coloured) or (not legend.has_ids and _has_colours_of(files, legend))
    if not coloured:
        return False
    if survey(files.paths, True).grey:
        return False
    if others:
        raise UserError(
            f"{files.listing.root} has label files in colour ({listed(coloured)}) and of values ({listed(others)}): "
            "save all in one way, or name the colours in labelmap.txt, lines of name:r,g,b::."
        )
    return True


def _has_colours_of(files: Files, legend: Legend) -> bool:
    """Whether label files of one channel have no colours but those of `legend`, so that these count and not the values.
    Raises UserError: a palette has some of them, in another order and beside others, so that neither is sure."""
    found = set(survey(files.paths, True).pixels)
    known = {code_of(entry.colour): entry for entry in legend.classes}
    if found <= known.keys():
        return True
    example = next((name for name, mode in zip(files.names, files.modes, strict=True) if mode == "P"), None)
    if example is None:
        return False
    colours = read_palette(files.listing.root / example)
    palette = [] if colours is None else [code_of(colour) for colour in colours.tolist()]
    places = {code: palette.index(code) for code in found & known.keys() if code in palette}
    moved = [known[code] for code, place in sorted(places.items()) if known[code].id != place]
    if moved:
        strange = [f"{hex_of(code)} {colour_of(code)}" for code in sorted(found - known.keys())]
        raise UserError(
            f"{files.listing.root}: the palettes of label files, such as {example}, have the colours of "
            f"{listed([entry.name for entry in moved])} in {legend.source}, but at other values than its order, and "
            f"colours that it lacks: {listed(strange)}. So it is unclear whether colours or values count: add these "
            "colours to it, or list the names in the order of the values in classes.txt instead."
        )
    return False


def _in_values(files: Files, legend: Legend | None, asked: Asked) -> Masks:
    """Values are ids: files are taken as they are, but for those of more than one channel or 16 bits."""
    unsure = len(legend.classes) <= 2 and not legend.has_ids if legend else not asked.given
    found = set(survey(files.paths, False).pixels) if unsure else set()
    binary = found == BLACK_AND_WHITE
    if binary and legend is not None:
        legend = _black_and_white(legend)
    derived = partial(_derived, files, found, binary, asked)
    auto = (255,) if not binary or (legend is not None and legend.ignores) else ()
    meaning = decide(asked, legend, derived, auto, f"{files.listing.root}")
    own = ids_in_files(meaning, legend)
    source = (
        f"{len(files.names)} label files {files.kinds()}, {'black and white' if binary else 'whose values are ids'}"
    )
    named = f"in {legend.source}" if legend else "by dataset.classes" if asked.given else "by their values"
    masks = Masks(source, named, own, [])
    if set(files.modes) & {*COLOURED, *WIDE}:
        codes = {entry.id: index for index, entry in enumerate(own.classes)} | dict.fromkeys(own.values, IGNORE)
        masks.draw, masks.content = partial(_draw_values, files.listing.root, codes), f"values {sorted(codes.items())}"
    return masks


def _black_and_white(legend: Legend) -> Legend:
    """Return the legend of masks of 0 and 255: its second class is white; of one alone, black is the background."""
    background = drawn_colours(["background"]) if len(legend.classes) == 1 else ()
    classes = (*background, *legend.classes)
    return legend._replace(classes=tuple(entry._replace(id=255 * place) for place, entry in enumerate(classes)))


def _derived(files: Files, found: set[int], binary: bool, asked: Asked) -> list[SegClass]:
    if binary:
        black, white = drawn_colours(["background", "foreground"])
        return [black, white._replace(id=255)]
    ignored = {255} if asked.ignore is None else set(asked.ignore)
    ids = sorted(found - {entry for entry in ignored if isinstance(entry, int)})
    if len(ids) > MOST_CLASSES:
        raise UserError(
            f"{files.listing.root}: label files have {len(ids)} values; no more than {MOST_CLASSES} classes."
        )
    colours = _palette(files)
    return [SegClass(f"class {value}", colours(value), None, value) for value in ids]


def _palette(files: Files) -> Callable[[int], tuple[int, int, int]]:
    """Return the colours of the first file with a palette, or ours."""
    first = next((path for path, mode in zip(files.paths, files.modes, strict=True) if mode == "P"), None)
    palette = read_palette(first) if first else None

    def colour(value: int) -> tuple[int, int, int]:
        if palette is None or value >= len(palette):
            return class_colour(value)
        red, green, blue = palette[value].tolist()
        return red, green, blue

    return colour


def _in_colours(files: Files, legend: Legend | None, asked: Asked) -> Masks:
    """Colours are classes: label files of ids are drawn."""
    if legend is None and not asked.given:
        found = survey(files.paths, True)
        problem = not_flat(files.names, found) or no_names(files.listing.root, files.names, found)
        raise UserError(problem)
    meaning = decide(asked, legend, tuple, (), f"{files.listing.root}")
    own = legend.classes if legend is not None and legend.by_colour else (*meaning.classes, *meaning.ignored)
    codes = _codes(own, meaning)
    source = f"{len(files.names)} label files {files.kinds()}"
    named = f"and coloured in {legend.source}" if legend and legend.by_colour else "and coloured by dataset.classes"
    masks = Masks(source, named, meaning, [])
    masks.draw, masks.content = partial(_draw_colours, files.listing.root, codes), f"colours {sorted(codes.items())}"
    return masks


def _codes(own: tuple[SegClass, ...], meaning: Meaning) -> dict[int, int]:
    """Return index by colour, IGNORE for classes that do not count."""
    indices = {entry: meaning.index(entry.name) for entry in own}
    return {code_of(entry.colour): IGNORE if index is None else index for entry, index in indices.items()}


def _draw_values(root: Path, codes: Mapping[int, int], picture: Picture) -> np.ndarray:
    assert picture.label is not None
    return _looked_up(read_wide(root / picture.label).astype(np.int32), codes, "values that are no class's")


def _draw_colours(root: Path, codes: Mapping[int, int], picture: Picture) -> np.ndarray:
    assert picture.label is not None
    return _looked_up(read_colours(root / picture.label), codes, "colours that are no class's")


def _looked_up(keys: np.ndarray, codes: Mapping[int, int], kind: str) -> np.ndarray:
    """Return the index of each key. Raises Undrawable if some have none."""
    known = np.array(sorted(codes), dtype=np.int32)
    indices = np.array([codes[key] for key in known.tolist()], dtype=np.uint8)
    places = np.minimum(np.searchsorted(known, keys), len(known) - 1)
    strange = known[places] != keys
    if strange.any():
        found, counts = np.unique(keys[strange], return_counts=True)
        raise Undrawable(kind, dict(zip(found.tolist(), counts.tolist(), strict=True)))
    return indices[places]
