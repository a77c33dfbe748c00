"""Files of safetensors, read by its own library, which checks their table against their size."""

import struct
from pathlib import Path

import safetensors.torch
import torch
from torch import Tensor

from mnv3.tools.errors import UserError

TYPES = (torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.int64, torch.int32, torch.int16)
TYPES += (torch.int8, torch.uint8, torch.bool)


def begins_so(head: bytes, size: int) -> bool:
    """Whether a file of `size` bytes that begins with the 16 of `head` can be one."""
    return head[8:9] == b"{" and struct.unpack("<Q", head[:8])[0] < size


def read_safetensors(path: Path) -> dict[str, Tensor]:
    """Return the tensors by name, those in bfloat16 as float32.

    Raises:
        UserError: the file is truncated, damaged or not of safetensors; or has a type that networks here do not have.
    """
    try:
        found = safetensors.torch.load(path.read_bytes())
    except Exception as error:  # on foreign bytes it fails in several ways
        raise UserError(f"{path}: cannot be read; it is truncated or damaged, or no file of safetensors.") from error
    for name, tensor in found.items():
        if tensor.dtype not in TYPES:
            known = ", ".join(str(kind).removeprefix("torch.") for kind in TYPES)
            raise UserError(f"{path}: {name!r:.80} in it is of type {tensor.dtype}; those read are {known}.")
    return {name: tensor.float() if tensor.dtype == torch.bfloat16 else tensor for name, tensor in found.items()}
