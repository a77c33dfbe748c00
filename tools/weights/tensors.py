"""Checks tensors from weights files before they become part of a network."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mnv3.tools.errors import UserError


def sound_state(state: Any, where: object) -> dict[str, Tensor]:
    """Return the tensors of a state dict, without entries of other types.

    Raises UserError: not a state dict; or one of its tensors is unusable: sparse, quantised, complex, claimed to be
    larger than the file, or with values that are not finite.
    """
    if not isinstance(state, Mapping):
        raise UserError(f"{where}: holds a {type(state).__name__} where its weights by name are expected.")
    tensors = {name: value for name, value in state.items() if isinstance(value, Tensor)}
    for name, value in tensors.items():
        if not isinstance(name, str):
            raise UserError(f"{where}: its weights have no names ({type(name).__name__} {name!r:.40}).")
        if problem := _problem(value):
            raise UserError(f"{where}: {name!r:.80} in it {problem}.")
    return tensors


def sound_arrays(arrays: Mapping[str, np.ndarray], where: object) -> None:
    """Raise UserError if an array of a file has values that are not finite."""
    for name, value in arrays.items():
        single = value if value.strides and any(value.strides) else value.ravel()[:1]  # one value represents all
        if value.dtype.kind == "f" and not np.isfinite(single).all():
            raise UserError(f"{where}: {name!r:.80} in it has values that are not finite numbers.")


def _problem(value: Tensor) -> str | None:
    if value.layout != torch.strided or value.is_quantized or value.is_nested or value.device.type != "cpu":
        return "is a sparse, quantised or empty tensor; give the weights as ordinary dense tensors"
    if value.is_complex():
        return "is a complex tensor; give the weights as ordinary numbers"
    if value.numel() * value.element_size() > value.untyped_storage().nbytes():
        return "claims to be larger than its data in the file"
    if value.is_floating_point():
        wide = value if value.element_size() > 1 else value.float()
        if not bool(torch.isfinite(wide).all()):
            return "has values that are not finite numbers (NaN or infinite); its training had diverged"
    return None
