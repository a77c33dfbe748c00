"""Looks at every frame and label map of a split, before a training does."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from lraspp.data.frames import IGNORE, UNKNOWN, FrameData
from lraspp.data.pixels import SizesDiffer, decode, seem_train_ids, unknown_values
from tools.check import COLUMNS, PICTURE_SIDE, histogram, look_at_all, spread
from tools.draw import mosaic, save_image
from tools.errors import UserError
from tools.files import write_json
from tools.overlay import legend, overlay


class Look(NamedTuple):
    """What one frame shows: size (H, W) and pixels by label value [256], or what is wrong with its files."""

    size: tuple[int, int] | None = None
    counts: np.ndarray | None = None
    problem: str | None = None
    sizes_differ: bool = False


def check_split(data: FrameData, out: Path, log: Callable[[str], None]) -> list[str]:
    """Decode every frame; write `out`/<split>.json (all findings) and `out`/<split>.png (a mosaic with label maps).

    Prints a summary by `log`. Returns sentences on what makes the split unusable, empty if nothing does.
    """
    looks = look_at_all(lambda index: _look(data, index), len(data))
    findings = _findings(data, looks)
    where = out / f"{data.split}.json"
    write_json(where, findings)
    for line in _summary(findings):
        log(line)
    picture = _mosaic(data, looks)
    if picture is not None:
        save_image(picture, out / f"{data.split}.png")
        log(f"  Mosaic with label maps: {out / f'{data.split}.png'}; all findings: {where}")
    return _problems(data, looks, findings, where)


def _look(data: FrameData, index: int) -> Look:
    try:
        image, values = decode(data.frames[index])
    except SizesDiffer as error:
        return Look(problem=error.problems[0], sizes_differ=True)
    except UserError as error:
        return Look(problem=" ".join(error.problems))
    counts = None if values is None else np.bincount(values.ravel(), minlength=256)
    return Look((image.shape[0], image.shape[1]), counts)


def _findings(data: FrameData, looks: list[Look]) -> dict[str, Any]:
    names = [frame.name for frame in data.frames]
    named = list(zip(names, looks, strict=True))
    present = [look.counts for look in looks if look.counts is not None]
    counts = np.sum(present, axis=0) if present else np.zeros(256, np.int64)
    unknown = np.flatnonzero((data.table == UNKNOWN) & (counts > 0)).tolist()
    holding = {
        value: [names[i] for i, look in enumerate(looks) if look.counts is not None and look.counts[value]]
        for value in unknown
    }
    sizes = Counter(f"{look.size[1]}x{look.size[0]}" for look in looks if look.size)
    return {
        "folder": str(data.folder),
        "frames": len(data),
        "with_labels": sum(frame.label is not None for frame in data.frames),
        "sizes": dict(sizes.most_common()),
        "pixels": int(counts.sum()),
        "ignored_pixels": int(counts[data.table == IGNORE].sum()),
        "pixels_by_class": {entry.name: int(counts[entry.id]) for entry in data.classes},
        "frames_by_class": {entry.name: sum(bool(c[entry.id]) for c in present) for entry in data.classes},
        "unknown_values": {str(value): {"pixels": int(counts[value]), "frames": holding[value]} for value in unknown},
        "values": np.flatnonzero(counts).tolist(),
        "unreadable": {n: look.problem for n, look in named if look.problem and not look.sizes_differ},
        "sizes_differ": {n: look.problem for n, look in named if look.sizes_differ},
    }


def _problems(data: FrameData, looks: list[Look], findings: dict[str, Any], where: Path) -> list[str]:
    problems = []
    for key, what in (("unreadable", "cannot be read"), ("sizes_differ", "have label files of another size")):
        if found := findings[key]:
            first = next(iter(found.values()))
            problems.append(f"{data.split}: {len(found)} of {len(data)} frames {what} (all: {where}): {first}")
    label_files = f"{data.split}: label files in {data.folder}"
    values, unknown = findings["values"], findings["unknown_values"]
    if unknown:
        frames = sorted({name for found in unknown.values() for name in found["frames"]})
        sentence = unknown_values(label_files, values, [int(value) for value in unknown], data)
        problems.append(f"{sentence} {len(frames)} frames have them, e.g. {frames[0]}; all: {where}.")
    elif data.official and values and seem_train_ids([*values, IGNORE]):
        problems.append(unknown_values(label_files, [*values, IGNORE], [], data))
    if findings["pixels"] and not sum(findings["pixels_by_class"].values()):
        problems.append(f"{label_files} have no pixel of a class: all {findings['pixels']:,} are ignored.")
    return problems


def _summary(findings: dict[str, Any]) -> list[str]:
    sizes = ", ".join(f"{count:,} of {size}" for size, count in list(findings["sizes"].items())[:5])
    more = len(findings["sizes"]) - 5
    pixels = findings["pixels"]
    lines = [
        f"  {findings['frames']:,} frames, {findings['with_labels']:,} with labels: {sizes or 'none readable'}"
        + (f" and {more} more sizes" if more > 0 else ""),
        f"  {len(findings['unreadable']):,} unreadable, {len(findings['sizes_differ']):,} with labels of another size",
    ]
    if not pixels:
        return lines
    ignored = findings["ignored_pixels"]
    lines.append(f"  {pixels:,} labelled pixels, {ignored:,} of them ignored ({ignored / pixels:.1%})")
    absent = [name for name, count in findings["pixels_by_class"].items() if not count]
    if absent:
        lines.append(f"  No pixel of {', '.join(absent)}")
    return lines + histogram(findings["pixels_by_class"])


def _mosaic(data: FrameData, looks: list[Look]) -> Tensor | None:
    """Frames spread over the split under their label maps, and a legend. None if none can be read."""
    readable = [index for index, look in enumerate(looks) if look.size]
    if not readable:
        return None
    colours = [entry.colour for entry in data.classes]
    pictures = []
    for index in spread(readable):
        image, values = decode(data.frames[index])
        pixels = torch.from_numpy(image).permute(2, 0, 1)
        classes = torch.full(image.shape[:2], IGNORE) if values is None else torch.from_numpy(data.table[values])
        pictures.append(overlay(pixels, classes, colours, longest=PICTURE_SIDE))
    sheet = mosaic(pictures, COLUMNS)
    return torch.cat([sheet, legend([entry.name for entry in data.classes], colours, sheet.shape[2])], dim=1)
