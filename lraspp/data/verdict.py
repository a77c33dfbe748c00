"""Whether label files can be trained on and scored: one verdict, for `mnv3 data check` and for `mnv3 train`."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from lraspp.data import palettes
from lraspp.data.frames import IGNORE, UNKNOWN, FrameData
from lraspp.data.look import Seen
from lraspp.data.pixels import seem_train_ids, unknown_values
from tools.plain import listed

COMMON = 0.01
"""Share of the pixels from which an ignored value may be a class that was meant to be learnt."""


def faults(seen: Seen, where: Path | None = None, skip: bool = False) -> list[str]:
    """Sentences on what makes a split unusable; empty if nothing does. `where`: the file of all findings. `skip`: files
    that cannot be used, each by itself, are left out of training, and are no fault."""
    return [] if seen.data.split == "test" else [*([] if skip else _of_files(seen, where)), *_of_classes(seen)]


def _of_files(seen: Seen, where: Path | None) -> list[str]:
    data, looks, total = seen
    details = f" (all: {where})" if where else ""
    problems = []
    for differ, what in ((False, "cannot be read"), (True, "have label files of another size")):
        found = [look.problem for look in looks if look.problem and look.sizes_differ == differ]
        if found:
            problems.append(f"{data.split}: {len(found)} of {total} frames {what}{details}: {found[0]}")
    values = np.flatnonzero(seen.counts)
    unknown = values[data.table[values] == UNKNOWN]
    if len(unknown):
        frames = sorted(
            frame.name
            for frame, look in zip(data.frames, looks, strict=True)
            if look.counts is not None and look.counts[unknown].any()
        )
        sentence = unknown_values(_label_files(data), values.tolist(), unknown.tolist(), data)
        problems.append(f"{sentence} {len(frames)} frames have them, e.g. {frames[0]}{details}.")
    elif data.official and len(values) and seem_train_ids([*values.tolist(), IGNORE]):
        problems.append(unknown_values(_label_files(data), [*values.tolist(), IGNORE], [], data))
    return problems


def _of_classes(seen: Seen) -> list[str]:
    data, by_class = seen.data, seen.by_class
    present = [entry for entry, count in zip(data.classes, by_class, strict=True) if count]
    ignored = int(seen.counts[data.table == IGNORE].sum())
    if not present:
        return [f"{_label_files(data)} have no pixel of a class: all {ignored:,} are ignored."] if ignored else []
    if len(present) > 1:
        return []
    return [f"{_label_files(data)} have pixels of {present[0].name} alone: nothing to tell apart.{_if_meant(seen)}"]


def _if_meant(seen: Seen) -> str:
    """What to do if an ignored value is a class of which no pixel was found; nothing if that can hardly be."""
    data, counts = seen.data, seen.counts
    absent = [entry for entry, count in zip(data.classes, seen.by_class, strict=True) if not count]
    common = [value for value in data.ignored_ids if counts[value] >= COMMON * counts.sum()]
    if not absent or not common or data.name != "mask_folder":
        return ""
    value, count, name = common[0], int(counts[common[0]]), absent[0].name
    present = [
        f"`{entry.id} {entry.name}`" for entry, pixels in zip(data.classes, seen.by_class, strict=True) if pixels
    ]
    return (
        f" {count:,} pixels ({count / counts.sum():.1%}) have the ignored value {value}. If that is {name}, add "
        f"dataset.ignore=null and write the values into dataset.names: {', '.join([*present, f'`{value} {name}`'])}, a "
        "line each."
    )


def remarks(seen: Seen) -> list[str]:
    """A line for each oddity of a split that can be trained on."""
    data, looks, total = seen
    if data.split == "test" or (seen.by_class > 0).sum() < 2:
        return []
    absent = [entry.name for entry, count in zip(data.classes, seen.by_class, strict=True) if not count]
    part = f" in the {len(looks)} of {total} label files looked at" if len(looks) < total else ""
    lines = [f"{data.split}: no pixel of {listed(absent)}{part}.{_if_meant(seen)}"] if absent else []
    ignored = data.table == IGNORE
    whole = [
        frame.name
        for frame, look in zip(data.frames, looks, strict=True)
        if look.counts is not None and look.counts[ignored].sum() == look.counts.sum()
    ]
    return [*lines, f"{data.split}: frames of which all pixels are ignored: {listed(whole)}."] if whole else lines


def not_learnt(splits: Sequence[Seen]) -> list[str]:
    """A remark on classes that val is scored by, and of which train has nothing to learn from."""
    by_split = {seen.data.split: seen for seen in splits}
    if not {"train", "val"} <= set(by_split):
        return []
    train, val = by_split["train"], by_split["val"]
    lacking = (train.by_class == 0) & (val.by_class > 0)
    names = [entry.name for entry, lacks in zip(train.data.classes, lacking, strict=True) if lacks]
    return [f"Classes that val has pixels of, and train none to learn from: {listed(names)}."] if names else []


def between(splits: Sequence[Seen]) -> list[str]:
    """Sentences on label files of one split or of two that do not mean the same by their values."""
    return palettes.differ(splits)


def _label_files(data: FrameData) -> str:
    return f"{data.split}: label files in {data.folder}"
