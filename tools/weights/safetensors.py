"""Reads safetensors files with their own library, which checks their table against the file size."""

import struct
from pathlib import Path

import safetensors.torch
import torch
from torch import Tensor

from mnv3.tools.errors import UserError

TYPES = (torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.int64, torch.int32, torch.int16)
TYPES += (torch.int8, torch.uint8, torch.bool)


def begins_so(head: bytes, size: int) -> bool:
    """Return whether a file of `size` bytes with the first 16 bytes `head` can be a safetensors file."""
    return head[8:9] == b"{" and struct.unpack("<Q", head[:8])[0] < size


def read_safetensors(path: Path) -> dict[str, Tensor]:
    """Return the tensors by name, those in bfloat16 as float32.
    Raises UserError: truncated, damaged or not a safetensors file; or with an unsupported type."""
    try:
        found = safetensors.torch.load(path.read_bytes())
    except Exception as error:  # fails in several ways on foreign bytes
        raise UserError(f"{path}: cannot be read; it is truncated or damaged, or not a safetensors file.") from error
    for name, tensor in found.items():
        if tensor.dtype not in TYPES:
            known = ", ".join(str(kind).removeprefix("torch.") for kind in TYPES)
            raise UserError(f"{path}: {name!r:.80} in it is of type {tensor.dtype}; supported are {known}.")
    return {name: tensor.float() if tensor.dtype == torch.bfloat16 else tensor for name, tensor in found.items()}
