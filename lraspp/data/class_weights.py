"""Class weights of the cross-entropy: user-supplied, or by the rarity of each class."""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor

from mnv3.lraspp.data.frames import UNKNOWN, FrameData
from mnv3.lraspp.data.labels.file import read_values
from mnv3.tools.data.survey import look_at_all
from mnv3.tools.errors import UserError

RAREST = 1.02
"""ENet's constant: weights are 1 / ln(1.02 + share of the pixels), at most 50 (Paszke et al., 2016, section 5.2)."""


def class_weights(
    wanted: str | Sequence[float] | None, data: FrameData, log: Callable[[str], None], on_error: str = "raise"
) -> Tensor | None:
    """Return [K] float32 by recipe.class_weights: None, one number per class of `data`, or "balanced" (label files).

    Raises UserError: invalid word or numbers; an unreadable label file, unless `on_error` is "skip".
    """
    if wanted is None:
        return None
    names = [entry.name for entry in data.classes]
    if isinstance(wanted, str):
        if wanted != "balanced":
            raise UserError(f"recipe.class_weights={wanted}: must be balanced, a list of numbers or null.")
        shares = pixel_counts(data, on_error)
        weights = balanced(shares)
        log("Class weights: " + ", ".join(f"{name} {weight:.3g}" for name, weight in zip(names, weights, strict=True)))
        return torch.from_numpy(weights).float()
    numbers = list(wanted)
    good = all(isinstance(number, (int, float)) and 0 <= number < float("inf") for number in numbers)
    if len(numbers) != len(names) or not good or not any(numbers):
        raise UserError(
            f"recipe.class_weights: {len(names)} numbers of at least 0 are needed, not all 0, one for each of "
            f"{', '.join(names)}; got {len(numbers)}: {numbers}."
        )
    return torch.tensor(numbers, dtype=torch.float32)


def balanced(counts: np.ndarray) -> np.ndarray:
    """Return weights [K] from the pixels of each class [K]."""
    return 1 / np.log(RAREST + counts / max(counts.sum(), 1))


def pixel_counts(data: FrameData, on_error: str = "raise") -> np.ndarray:
    """Count the pixels of each class in all label files, [K] int64. Raises UserError for an unreadable file, unless
    `on_error` is "skip"."""

    def count(index: int) -> np.ndarray:
        label = data.frames[index].label
        assert label is not None, "training frames have labels"
        try:
            return np.bincount(data.table[read_values(label)].ravel(), minlength=256)
        except UserError:
            if on_error == "raise":
                raise
            return np.zeros(256, dtype=np.int64)  # the loader reports it

    found = sum(look_at_all(count, len(data)), np.zeros(256, dtype=np.int64))
    assert not found[len(data.classes) : UNKNOWN].any()
    return found[: len(data.classes)]
