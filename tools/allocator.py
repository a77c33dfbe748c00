"""The C allocator of a training process on a CPU."""

import ctypes
import platform

# glibc's malloc.h
M_TRIM_THRESHOLD = -1  # -1 as its value: never give the end of the heap back
M_MMAP_MAX = -4


def keep_freed_memory() -> bool:
    """Let the process keep the memory that it frees, for its next tensors; True where the allocator can (glibc).

    By default glibc maps every large tensor anew, and the kernel fills each page with zeros at its first touch. A
    network on a CPU frees and allocates gigabytes a step, so that those page faults can cost as much as the
    network itself. Memory in use then stays at its peak, which a steady training loop reaches again every step.
    Call it before the first large tensor.
    """
    if platform.libc_ver()[0] != "glibc":
        return False
    mallopt = ctypes.CDLL(None).mallopt
    return bool(mallopt(M_MMAP_MAX, 0) and mallopt(M_TRIM_THRESHOLD, -1))
