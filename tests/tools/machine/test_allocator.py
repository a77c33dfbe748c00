"""The allocator setting, by the page faults that it is there to avoid."""

import platform
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """
import resource
import sys
from pathlib import Path
from mnv3.tools.machine.allocator import keep_freed_memory

kept = sys.argv[1] == "default" or keep_freed_memory()
faults = []
for _ in range(4):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    bytearray(b"x") * (64 * 2**20)
    faults.append(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
print(kept, max(faults[1:]))
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the setting is glibc's")
def test_freed_memory_is_used_again_without_page_faults():
    def run(mode: str) -> tuple[str, int]:
        done = subprocess.run([sys.executable, "-c", SCRIPT, mode], capture_output=True, text=True, check=True)
        kept, faults = done.stdout.split()
        return kept, int(faults)

    assert run("default")[1] > 20  # 32 huge pages, or 16384 small ones
    kept, faults = run("keep")
    assert kept == "True" and faults < 10


ENABLED = Path("/sys/kernel/mm/transparent_hugepage/enabled")
HUGE = """
from pathlib import Path
from mnv3.tools.machine.allocator import keep_freed_memory

keep_freed_memory()
held = b"x" * (64 * 2**20)
(line,) = (line for line in Path("/proc/self/smaps_rollup").read_text().splitlines() if "AnonHugePages" in line)
print(line.split()[1])
"""


@pytest.mark.skipif(not ENABLED.is_file() or "[never]" in ENABLED.read_text(), reason="the kernel has no huge pages")
def test_large_memory_is_in_huge_pages() -> None:
    done = subprocess.run([sys.executable, "-c", HUGE], capture_output=True, text=True, check=True)
    assert int(done.stdout) > 32 * 1024  # KiB; half of it, lest a fragmented machine fail
