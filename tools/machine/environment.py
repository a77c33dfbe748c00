"""Reports what a run depends on: machine, Python, libraries, code version."""

import os
import platform
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

GIB = 2**30


def environment() -> dict[str, Any]:
    """Return machine, versions and requirements as plain values for JSON.
    `requirements` maps each library that the package requires to {"spec", "installed" (None if absent), "ok"}."""
    return {
        "mnv3": metadata.version("mnv3") if _installed("mnv3") else "not installed",
        "commit": commit(),
        "os": platform.platform(),
        "python": f"{platform.python_version()} ({sys.executable})",
        "cpu": f"{_cpu_name()}, {os.cpu_count()} cores",
        "ram_gib": _ram_gib(),
        "disk_free_gib": round(shutil.disk_usage(".").free / GIB, 1),
        **_torch(),
        "variables": {name: value for name, value in sorted(os.environ.items()) if name in VARIABLES},
        "requirements": _requirements(),
    }


VARIABLES = ("MNV3_DATA", "MNV3_TEST_DATA", "CUDA_VISIBLE_DEVICES", "OMP_NUM_THREADS", "WANDB_MODE")


def table(values: dict[str, Any]) -> str:
    """Format the environment as lines of text, with a tick or a cross before each requirement."""
    lines = [f"{name:<14} {value}" for name, value in values.items() if not isinstance(value, dict)]
    lines += [f"{name:<14} {value}" for name, value in values["variables"].items()]
    for name, found in values["requirements"].items():
        mark = "\u2713" if found["ok"] else "\u2717"
        lines.append(f"{mark} {name:<18} {found['installed'] or 'missing':<12} {found['spec']}")
    return "\n".join(lines)


def _torch() -> dict[str, Any]:
    try:
        import torch
    except ImportError as error:  # worth reporting
        return {"torch": f"cannot be imported: {error}"}
    gpus = [torch.cuda.get_device_properties(index) for index in range(torch.cuda.device_count())]
    return {
        "torch": f"{torch.__version__}, {torch.get_num_threads()} threads",
        "cuda": torch.version.cuda or "none in this build",
        "gpus": [f"{gpu.name}, {gpu.total_memory / GIB:.0f} GiB" for gpu in gpus],
    }


def _requirements() -> dict[str, dict[str, Any]]:
    from packaging.requirements import Requirement

    found = {}
    for text in metadata.requires("mnv3") or [] if _installed("mnv3") else []:
        requirement = Requirement(text)
        if requirement.marker and not requirement.marker.evaluate({"extra": ""}):
            continue
        version = metadata.version(requirement.name) if _installed(requirement.name) else None
        ok = version is not None and requirement.specifier.contains(version, prereleases=True)
        found[requirement.name] = {"spec": str(requirement.specifier), "installed": version, "ok": ok}
    return found


def _installed(name: str) -> bool:
    try:
        metadata.version(name)
    except metadata.PackageNotFoundError:
        return False
    return True


def commit() -> str | None:
    """Return the commit of the code, with "+" if modified; None if the code is not in its own git checkout."""
    root = Path(__file__).resolve().parents[2]
    if not (root / ".git").exists():
        return None
    try:
        commit = _git(root, "rev-parse", "--short=12", "HEAD")
        return commit + ("+" if _git(root, "status", "--porcelain", "--untracked-files=no") else "")
    except (OSError, subprocess.SubprocessError):
        return None


def _git(root: Path, *words: str) -> str:
    done = subprocess.run(["git", "-C", str(root), *words], capture_output=True, text=True, check=True, timeout=10)
    return done.stdout.strip()


def _cpu_name() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _ram_gib() -> float | None:
    try:
        return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / GIB, 1)
    except (AttributeError, ValueError, OSError):  # not on Windows
        return None
