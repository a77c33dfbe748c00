"""Check every frame and label map of a split before training."""

from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mnv3.lraspp.data.frames import IGNORE, UNKNOWN, FrameData
from mnv3.lraspp.data.labels.advice import on_training
from mnv3.lraspp.data.labels.look import Look, Seen, look
from mnv3.lraspp.data.labels.verdict import between, faults, few_to_score, not_learnt, remarks
from mnv3.lraspp.data.pixels import decode
from mnv3.lraspp.data.sets import find_frames
from mnv3.tools.data.duplicates import report_duplicates
from mnv3.tools.data.splits import BOTH, open_splits
from mnv3.tools.data.survey import COLUMNS, PICTURE_SIDE, histogram, spread
from mnv3.tools.drawing.boxes import mosaic, save_image
from mnv3.tools.drawing.label_maps import legend, overlay
from mnv3.tools.files.write import write_json


def check(dataset: Any, data: Any, split: str | None, out: Path) -> list[str]:
    """Check `split`, or train and val if None, for `mnv3 data check`; return what makes the data unusable."""
    problems: list[str] = []
    seen: list[Seen] = []
    for _, (found, lacking) in open_splits(split, lambda name: find_frames(dataset, data, name, print), problems):
        problems += lacking
        if len(found):
            print(f"Data set {found.name}, {found.split}: {found.folder}")
            seen.append(look(found))
            problems += check_split(found, out, print, seen[-1])
    by_split = {one.data.split: one for one in seen}
    if {"train", "val"} <= by_split.keys():
        train, val = ([frame.image for frame in by_split[name].data.frames] for name in BOTH)
        report_duplicates(train, val, out, print)
    for remark in (*not_learnt(seen), *_advice(by_split)):
        print(remark)
    problems += between(seen)
    return list(dict.fromkeys(problems))


def _advice(by_split: Mapping[str, Seen]) -> list[str]:
    """Return remarks on what a training on usable data gets wrong."""
    train = on_training(by_split["train"]) if "train" in by_split else []
    return [*train, *(few_to_score(by_split["val"].data) if "val" in by_split else [])]


def check_split(data: FrameData, out: Path, log: Callable[[str], None], seen: Seen | None = None) -> list[str]:
    """Decode every frame; write `out`/<split>.json (all findings) and `out`/<split>.png (a mosaic with label maps).

    Logs a summary. Returns a sentence for each problem that makes the split unusable. `seen`: already decoded frames.
    """
    seen = seen or look(data)
    findings = _findings(data, seen)
    where = out / f"{data.split}.json"
    write_json(where, findings)
    for line in (*_summary(findings), *remarks(seen)):
        log(line)
    picture = _mosaic(data, seen.looks)
    if picture is not None:
        save_image(picture, out / f"{data.split}.png")
        log(f"  Mosaic with label maps: {out / f'{data.split}.png'}; all findings: {where}")
    return faults(seen, where)


def _findings(data: FrameData, seen: Seen) -> dict[str, Any]:
    names = [frame.name for frame in data.frames]
    named = list(zip(names, seen.looks, strict=True))
    present = [look.counts for look in seen.looks if look.counts is not None]
    counts = seen.counts
    unknown = np.flatnonzero((data.table == UNKNOWN) & (counts > 0)).tolist()
    holding = {
        value: [name for name, look in named if look.counts is not None and look.counts[value]] for value in unknown
    }
    sizes = Counter(f"{look.size[1]}x{look.size[0]}" for look in seen.looks if look.size)
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
    return lines + histogram(findings["pixels_by_class"])


def _mosaic(data: FrameData, looks: list[Look]) -> Tensor | None:
    """Draw frames, evenly spaced over the split, under their label maps, and a legend. None if none is readable."""
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
