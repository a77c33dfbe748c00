"""What a file of weights gives, looked at before it becomes part of a network."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mnv3.tools.errors import UserError


def sound_state(state: Any, where: object) -> dict[str, Tensor]:
    """The tensors of a state dict, entries of other types left out.

    Raises:
        UserError: it is none; or a tensor in it cannot be part of a network here: it is sparse, quantised or complex,
            is said to be larger than the file, or has values that are no numbers.
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
    """Raises UserError: an array of a file has values that are no numbers."""
    for name, value in arrays.items():
        single = value if value.strides and any(value.strides) else value.ravel()[:1]  # one value stands for all
        if value.dtype.kind == "f" and not np.isfinite(single).all():
            raise UserError(f"{where}: {name!r:.80} in it has values that are no finite numbers.")


def _problem(value: Tensor) -> str | None:
    if value.layout != torch.strided or value.is_quantized or value.is_nested or value.device.type != "cpu":
        return "is a sparse, quantised or empty tensor; give the weights as ordinary dense tensors"
    if value.is_complex():
        return "is a complex tensor; give the weights as ordinary numbers"
    if value.numel() * value.element_size() > value.untyped_storage().nbytes():
        return "is said to be larger than what the file holds of it"
    if value.is_floating_point():
        wide = value if value.element_size() > 1 else value.float()
        if not bool(torch.isfinite(wide).all()):
            return "has values that are no finite numbers (NaN or infinite); its training had broken down"
    return None
