"""The arithmetic of training and scoring: what is asked for, and whether this machine is quick at it."""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

log = logging.getLogger("mnv3")

DTYPES = {"32-true": torch.float32, "bf16-mixed": torch.bfloat16, "16-mixed": torch.float16}
"""By Lightning's names of the arithmetic."""

INSTRUCTIONS = {
    "bf16-mixed": ("avx512_bf16", "amx_bf16", "bf16"),
    "16-mixed": ("avx512_fp16", "amx_fp16", "asimdhp"),
}
"""Processors with one of these, as Linux names them on x86 and Arm, compute in that arithmetic; others imitate it."""

CPUINFO = Path("/proc/cpuinfo")


def uses_gpu(accelerator: str) -> bool:
    """Whether `trainer.accelerator` means a GPU here."""
    return accelerator in ("gpu", "cuda", "mps") or (accelerator == "auto" and torch.accelerator.is_available())


def training_precision(config: Mapping[str, Any]) -> Any:
    """Lightning's name of the arithmetic: trainer.precision, else the recipe's; auto is bf16-mixed where it is fast.

    On a CPU 16-mixed becomes bf16-mixed, as Lightning has it: `remarks` says so.
    """
    asked, gpu = _asked(config), uses_gpu(config["trainer"]["accelerator"])
    if asked != "auto":
        return asked if gpu or asked != "16-mixed" else "bf16-mixed"
    bf16 = gpu and torch.cuda.is_available() and torch.cuda.is_bf16_supported(including_emulation=False)
    return "bf16-mixed" if bf16 else "32-true"


def training_remarks(config: Mapping[str, Any]) -> list[str]:
    """What a user should know of the arithmetic of a training before it begins."""
    if uses_gpu(config["trainer"]["accelerator"]):
        return []
    found = slow_on_cpu("trainer.precision", training_precision(config))
    if _asked(config) == "16-mixed":
        found.insert(0, "trainer.precision=16-mixed is for GPUs: on a CPU bf16-mixed is used instead.")
    return found


def scoring_dtype(precision: str, kind: str) -> torch.dtype:
    """What `eval.precision` means on a device of type `kind`; logs it if that is slow there."""
    if kind == "cpu":
        for remark in slow_on_cpu("eval.precision", precision):
            log.warning(remark)
    return DTYPES[precision]


def slow_on_cpu(key: str, precision: str) -> list[str]:
    """A sentence if the processor has no instructions for `precision`, which `key` asks for."""
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
    """Names of the processor's instruction sets; none where they cannot be read (macOS, Windows)."""
    try:
        lines = CPUINFO.read_text(errors="replace").splitlines()
    except OSError:
        return set()
    return next((set(line.split()) for line in lines if line.startswith(("flags", "Features"))), set())
