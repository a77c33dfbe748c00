"""The allocator setting, by the page faults that it is there to avoid."""

import platform
import subprocess
import sys

import pytest

SCRIPT = """
import resource
import sys
from tools.allocator import keep_freed_memory

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
