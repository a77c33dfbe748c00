"""Whether label files can be trained on and scored: one verdict, for `mnv3 data check` and for `mnv3 train`."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from mnv3.lraspp.data.frames import IGNORE, UNKNOWN, FrameData
from mnv3.lraspp.data.labels import palettes
from mnv3.lraspp.data.labels.look import Seen
from mnv3.lraspp.data.pixels import seem_train_ids, unknown_values
from mnv3.tools.text.plain import listed

COMMON = 0.01
"""Share of the pixels above which an ignored value may be a class that has none, though other classes have some."""


def faults(seen: Seen, where: Path | None = None, skip: bool = False) -> list[str]:
    """Sentences on what makes a split unusable; empty if nothing does. `where`: the file of all findings. `skip`: files
    that cannot be used, each by itself, are left out of training, and are no fault."""
    unreadable, unknown = ([], []) if skip else (_unreadable(seen, where), _unknown_values(seen, where))
    return [*unreadable, *(unknown or [*_train_ids(seen), *_of_classes(seen)])]


def _unreadable(seen: Seen, where: Path | None) -> list[str]:
    problems = []
    for differ, what in ((False, "cannot be read"), (True, "have label files of another size")):
        found = [look.problem for look in seen.looks if look.problem and look.sizes_differ == differ]
        if found:
            sentence = f"{seen.data.split}: {len(found)} of {seen.total} frames {what}{_details(where)}"
            problems.append(f"{sentence}: {found[0]}")
    return problems


def _unknown_values(seen: Seen, where: Path | None) -> list[str]:
    data = seen.data
    values = np.flatnonzero(seen.counts)
    unknown = values[data.table[values] == UNKNOWN]
    if not len(unknown):
        return []
    frames = sorted(
        frame.name
        for frame, look in zip(data.frames, seen.looks, strict=True)
        if look.counts is not None and look.counts[unknown].any()
    )
    sentence = unknown_values(_label_files(data), values.tolist(), unknown.tolist(), data)
    return [f"{sentence} {len(frames)} frames have them, e.g. {frames[0]}{_details(where)}."]


def _train_ids(seen: Seen) -> list[str]:
    """Train ids all of which are label ids too."""
    values = np.flatnonzero(seen.counts).tolist()
    if not seen.data.official or not values or not seem_train_ids([*values, IGNORE]):
        return []
    return [unknown_values(_label_files(seen.data), [*values, IGNORE], [], seen.data)]


def _of_classes(seen: Seen) -> list[str]:
    data = seen.data
    present = [entry for entry, count in zip(data.classes, seen.by_class, strict=True) if count]
    if len(present) > 1 or not seen.counts.any():
        return []
    if not present:
        return [f"{_label_files(data)} have no pixel of a class: all {seen.counts.sum():,} are ignored."]
    return [f"{_label_files(data)} have pixels of {present[0].name} alone: nothing to tell apart.{_if_meant(seen, 0)}"]


def _if_meant(seen: Seen, least: float = COMMON) -> str:
    """What to do if an ignored value, of more than the `least` share of the pixels, is a class of which no pixel was
    found; nothing if that can hardly be."""
    data, counts = seen.data, seen.counts
    absent = [entry for entry, count in zip(data.classes, seen.by_class, strict=True) if not count]
    common = [value for value in data.ignored_ids if counts[value] > least * counts.sum()]
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


def _if_shifted(seen: Seen) -> str:
    """A question where the last class of the user's own names is empty and no other one is."""
    empty = np.flatnonzero(seen.by_class == 0).tolist()
    own = seen.data.name == "mask_folder" and empty == [len(seen.data.classes) - 1]
    return " Is each line of dataset.names a class? A heading would shift all of them." if own else ""


def remarks(seen: Seen) -> list[str]:
    """A line for each oddity of a split that can be trained on."""
    data, looks, total = seen
    if (seen.by_class > 0).sum() < 2:
        return []
    absent = [entry.name for entry, count in zip(data.classes, seen.by_class, strict=True) if not count]
    part = f" in the {len(looks)} of {total} label files looked at" if len(looks) < total else ""
    lines = []
    if absent:
        lines.append(f"{data.split}: no pixel of {listed(absent)}{part}.{_if_meant(seen) or _if_shifted(seen)}")
    if whole := _without_classes(seen):
        lines.append(f"{data.split}: frames of which all pixels are ignored: {listed(whole)}.")
    if masks := _black_and_white(seen):
        lines.append(
            f"{data.split}: frames of one class and ignored pixels, where others have several classes and nothing "
            f"ignored: {listed(masks)}. Are their label files of another kind, objects with the ignored value?"
        )
    return lines


def _without_classes(seen: Seen) -> list[str]:
    """Names of frames of which all pixels are ignored."""
    return [name for name, classes, ignored in _frames(seen) if ignored and not classes]


def _black_and_white(seen: Seen) -> list[str]:
    """Names of frames in which the ignored value may be an object: it is never beside one."""
    found = [name for name, classes, ignored in _frames(seen) if ignored and classes == 1]
    beside = any(ignored and classes > 1 for _, classes, ignored in _frames(seen))
    return [] if beside or seen.data.name != "mask_folder" else found


def _frames(seen: Seen) -> Iterator[tuple[str, int, float]]:
    """Name of each frame that can be read, how many classes it has, and which share of it is ignored."""
    data = seen.data
    for frame, look in zip(data.frames, seen.looks, strict=True):
        if look.counts is not None:
            ignored = look.counts[data.table == IGNORE].sum() / look.counts.sum()
            yield frame.name, int((look.counts[data.ids] > 0).sum()), float(ignored)


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
    return f"{data.split}: label files of {data.folder}"


def _details(where: Path | None) -> str:
    return f" (all: {where})" if where else ""
