"""Checks that label files can be trained on and scored, for `mnv3 data check` and `mnv3 train`."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from mnv3.lraspp.data.frames import IGNORE, UNKNOWN, FrameData
from mnv3.lraspp.data.labels import palettes
from mnv3.lraspp.data.labels.look import Seen
from mnv3.lraspp.data.pixels import seem_train_ids, unknown_values
from mnv3.tools.text.plain import listed

COMMON = 0.01
"""Share of the pixels above which an ignored value may be a class that has no pixel."""


FEWEST = 10
"""Frames of a split from which its score depends little on a single one."""


def faults(seen: Seen, where: Path | None = None, skip: bool = False) -> list[str]:
    """Return sentences on what makes a split unusable. `where`: the file of all findings. `skip`: unusable files are
    left out of training, so they are no fault."""
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
    """Detect train ids that are all label ids too."""
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
    return [f"{_label_files(data)} have only pixels of {present[0].name}: nothing to learn.{_if_meant(seen, 0)}"]


def _if_meant(seen: Seen, least: float = COMMON) -> str:
    """Return advice if an ignored value with more than the share `least` of the pixels may be a class without any."""
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
        f"dataset.ignore=null and write the values into dataset.names: {', '.join([*present, f'`{value} {name}`'])}, "
        "one per line."
    )


def _if_shifted(seen: Seen) -> str:
    """Return a question if only the last class of the user's own names has no pixel."""
    empty = np.flatnonzero(seen.by_class == 0).tolist()
    own = seen.data.name == "mask_folder" and empty == [len(seen.data.classes) - 1]
    return " Is each line of dataset.names a class? A heading would shift all of them." if own else ""


def remarks(seen: Seen) -> list[str]:
    """Return a line for each oddity of a usable split."""
    data, looks, total = seen
    if (seen.by_class > 0).sum() < 2:
        return []
    absent = [entry.name for entry, count in zip(data.classes, seen.by_class, strict=True) if not count]
    part = f" in the {len(looks)} of {total} label files looked at" if len(looks) < total else ""
    lines = []
    if absent:
        lines.append(f"{data.split}: no pixel of {listed(absent)}{part}.{_if_meant(seen) or _if_shifted(seen)}")
    if whole := _without_classes(seen):
        lines.append(f"{data.split}: frames with all pixels ignored: {listed(whole)}.")
    if single := _of_one_value(seen):
        lines.append(f"{data.split}: label files with one single value: {len(single)}{part}: {listed(single)}.")
    if masks := _black_and_white(seen):
        lines.append(
            f"{data.split}: frames with one class and ignored pixels, while others have several classes and nothing "
            f"ignored: {listed(masks)}. Do their label files mark objects with the ignored value?"
        )
    return lines


def _of_one_value(seen: Seen) -> list[str]:
    """Return names of frames of a user's folder whose pixels are all of one class, or all ignored."""
    named = zip(seen.data.frames, seen.looks, strict=True)
    found = [frame.name for frame, look in named if look.counts is not None and np.count_nonzero(look.counts) == 1]
    return found if seen.data.name == "masks" else []


def _without_classes(seen: Seen) -> list[str]:
    """Return names of frames with all pixels ignored."""
    return [name for name, classes, ignored in _frames(seen) if ignored and not classes]


def _black_and_white(seen: Seen) -> list[str]:
    """Return names of frames in which the ignored value may mark an object: none has it beside several classes."""
    found = [name for name, classes, ignored in _frames(seen) if ignored and classes == 1]
    beside = any(ignored and classes > 1 for _, classes, ignored in _frames(seen))
    return [] if beside or seen.data.name != "mask_folder" else found


def _frames(seen: Seen) -> Iterator[tuple[str, int, float]]:
    """Yield name, number of classes and ignored share of each readable frame."""
    data = seen.data
    for frame, look in zip(data.frames, seen.looks, strict=True):
        if look.counts is not None:
            ignored = look.counts[data.table == IGNORE].sum() / look.counts.sum()
            yield frame.name, int((look.counts[data.ids] > 0).sum()), float(ignored)


def not_learnt(splits: Sequence[Seen]) -> list[str]:
    """Return a remark on classes that have pixels in val, but none in train to learn from."""
    by_split = {seen.data.split: seen for seen in splits}
    if not {"train", "val"} <= set(by_split):
        return []
    train, val = by_split["train"], by_split["val"]
    lacking = (train.by_class == 0) & (val.by_class > 0)
    names = [entry.name for entry, lacks in zip(train.data.classes, lacking, strict=True) if lacks]
    return [f"Classes that have pixels in val, but none in train to learn from: {listed(names)}."] if names else []


def few_to_score(val: FrameData) -> list[str]:
    """Return a remark on a split with too few frames to tell good from bad luck."""
    if len(val) >= FEWEST:
        return []
    return [
        f"val has only {len(val)} frame{'s' if len(val) > 1 else ''}: each of them decides much of the mean IoU, so "
        "small differences between runs mean nothing."
    ]


def between(splits: Sequence[Seen]) -> list[str]:
    """Return sentences on label files, of one or two splits, whose values differ in meaning."""
    return palettes.differ(splits)


def _label_files(data: FrameData) -> str:
    return f"{data.split}: label files of {data.folder}"


def _details(where: Path | None) -> str:
    return f" (all: {where})" if where else ""
