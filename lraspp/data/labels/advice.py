"""What training gets wrong with label maps that it can be run on, for `mnv3 data check`."""

import numpy as np

from mnv3.lraspp.data.labels.look import Seen
from mnv3.tools.text.plain import listed

FEW_FRAMES = 50
"""Training frames below which scores depend much on the seed."""

FEW_OF_CLASS = 10
"""Training frames with a class below which it is hardly learnt."""

RARE = 0.002
"""Share of the training pixels below which a class is drowned out by the others."""


def on_training(train: Seen) -> list[str]:
    """Return remarks on the training split."""
    lines = []
    if train.total < FEW_FRAMES:
        lines.append(
            f"train has {train.total} frames: with so few, scores differ much from seed to seed; more help most."
        )
    names = [entry.name for entry in train.data.classes]
    present = [look.counts[train.data.ids] > 0 for look in train.looks if look.counts is not None]
    frames = np.sum(present, axis=0).tolist() if present else [0] * len(names)
    few = [
        f"{name} ({count})"
        for name, count in zip(names, frames, strict=True)
        if 0 < count < FEW_OF_CLASS <= train.total
    ]
    if few:
        lines.append(
            f"Classes in fewer than {FEW_OF_CLASS} training frames, too few to learn them well: {listed(few)}."
        )
    shares = train.by_class / max(int(train.by_class.sum()), 1)
    rare = [f"{name} ({share:.2%})" for name, share in zip(names, shares.tolist(), strict=True) if 0 < share < RARE]
    if rare:
        lines.append(
            f"Classes with less than {RARE:.1%} of the training pixels: {listed(rare)}. They may never be predicted; "
            "recipe.class_weights=balanced weighs them by their rarity."
        )
    return lines
