"""Floating-point precision of training and evaluation, and whether this machine is fast at it."""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

log = logging.getLogger("mnv3")

DTYPES = {"32-true": torch.float32, "bf16-mixed": torch.bfloat16, "16-mixed": torch.float16}
"""Data type by Lightning's name of the precision."""

INSTRUCTIONS = {
    "bf16-mixed": ("avx512_bf16", "amx_bf16", "bf16"),
    "16-mixed": ("avx512_fp16", "amx_fp16", "asimdhp"),
}
"""Instruction sets (Linux's names, x86 and Arm), any of which computes in that precision; without, it is emulated."""

CPUINFO = Path("/proc/cpuinfo")


def uses_gpu(accelerator: str) -> bool:
    """Return whether `trainer.accelerator` selects a GPU on this machine."""
    return accelerator in ("gpu", "cuda", "mps") or (accelerator == "auto" and torch.accelerator.is_available())


def training_precision(config: Mapping[str, Any]) -> Any:
    """Return Lightning's name of the precision: trainer.precision, else the recipe's; auto: bf16-mixed where fast.
    On a CPU, 16-mixed becomes bf16-mixed, as in Lightning; `training_remarks` reports it."""
    asked, gpu = _asked(config), uses_gpu(config["trainer"]["accelerator"])
    if asked != "auto":
        return asked if gpu or asked != "16-mixed" else "bf16-mixed"
    bf16 = gpu and torch.cuda.is_available() and torch.cuda.is_bf16_supported(including_emulation=False)
    return "bf16-mixed" if bf16 else "32-true"


def training_remarks(config: Mapping[str, Any]) -> list[str]:
    """Return what a user should know about the precision before training begins."""
    if uses_gpu(config["trainer"]["accelerator"]):
        return []
    found = slow_on_cpu("trainer.precision", training_precision(config))
    if _asked(config) == "16-mixed":
        found.insert(0, "trainer.precision=16-mixed is for GPUs: on a CPU bf16-mixed is used instead.")
    return found


def scoring_dtype(precision: str, kind: str) -> torch.dtype:
    """Return the type for `eval.precision` on a device of type `kind`; warns if it is slow there."""
    if kind == "cpu":
        for remark in slow_on_cpu("eval.precision", precision):
            log.warning(remark)
    return DTYPES[precision]


def slow_on_cpu(key: str, precision: str) -> list[str]:
    """Return a warning if the processor has no instructions for `precision`, requested by `key`."""
    needed, there = INSTRUCTIONS.get(precision, ()), _processor_flags()
    if not needed or not there or there & set(needed):
        return []
    return [
        f"{key}={precision}: this processor has none of the instructions {', '.join(needed)}, so it is several times "
        f"slower than float32 (five times on one such): {key}=32-true is faster."
    ]


def _asked(config: Mapping[str, Any]) -> str:
    return config["trainer"]["precision"] or config["recipe"]["precision"]


def _processor_flags() -> set[str]:
    """Return the names of the processor's instruction sets; empty where unreadable (macOS, Windows)."""
    try:
        lines = CPUINFO.read_text(errors="replace").splitlines()
    except OSError:
        return set()
    return next((set(line.split()) for line in lines if line.startswith(("flags", "Features"))), set())
