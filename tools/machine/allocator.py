"""Settings of the C allocator for running networks on a CPU."""

import ctypes
import os
import platform

# glibc's malloc.h
M_TRIM_THRESHOLD = -1  # with value -1: never return the end of the heap
M_MMAP_MAX = -4

MADV_HUGEPAGE = 14  # Linux's mman.h
HUGE_PAGE = 2 << 20
MOST_HUGE = 8 << 30
"""Most bytes of address space to mark for huge pages."""


def keep_freed_memory() -> bool:
    """Keep freed memory in the process for its next tensors; return whether the allocator can (glibc).

    By default glibc maps every large tensor anew, and the kernel zeroes each page at its first touch. A network on a
    CPU frees and allocates gigabytes per step, so these page faults can cost as much as the network itself. Memory in
    use then stays at its peak, which a steady training loop reaches again every step. Call this before the first
    large tensor.
    """
    if platform.libc_ver()[0] != "glibc":
        return False
    libc = ctypes.CDLL(None)
    kept = libc.mallopt(M_MMAP_MAX, 0) and libc.mallopt(M_TRIM_THRESHOLD, -1)
    if kept:
        _ask_for_huge_pages(libc)
    return bool(kept)


def give_back_memory() -> None:
    """Return all free memory to the system (glibc), before a step that needs very much at once."""
    if platform.libc_ver()[0] == "glibc":
        ctypes.CDLL(None).malloc_trim(0)


def _ask_for_huge_pages(libc: ctypes.CDLL) -> None:
    """Request huge pages for the memory that the heap grows into, so that the processor needs a 500th of the entries.
    Most kernels give huge pages only on request. Unused address space takes no memory."""
    physical = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    size = min(MOST_HUGE, physical // 2)
    libc.malloc.restype = ctypes.c_void_p
    libc.malloc.argtypes = [ctypes.c_size_t]
    libc.free.argtypes = [ctypes.c_void_p]
    libc.madvise.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
    block = libc.malloc(size)
    if block:
        start = -(-block // HUGE_PAGE) * HUGE_PAGE
        libc.madvise(start, (block + size - start) // HUGE_PAGE * HUGE_PAGE, MADV_HUGEPAGE)
        libc.free(block)
