"""What is installed: the name `mnv3` and no other, working beside packages that are called as our folders are."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = ("backbones", "cli", "conf", "lraspp", "ssdlite", "tools")
CODE = (
    "import importlib, sys; import mnv3.cli.main, mnv3.tools.errors, mnv3.conf.schema; import tools, cli, conf; "
    "assert tools.FOREIGN and cli.FOREIGN and conf.FOREIGN; "
    "from mnv3.cli.main import main; sys.argv = ['mnv3', 'train', '--cfg', 'job', 'backbone=small']; sys.exit(main())"
)


def foreign_packages(folder: Path) -> Path:
    for name in FOLDERS:
        (folder / name).mkdir(parents=True)
        (folder / name / "__init__.py").write_text("FOREIGN = True\n")
    return folder


def works_beside_foreign_packages(installed: Path, tmp_path: Path) -> None:
    """From a folder that has such packages, and with others installed in the same place."""
    foreign = foreign_packages(tmp_path / "foreign")
    environment = {**os.environ, "PYTHONPATH": f"{foreign}{os.pathsep}{installed}"}
    for where in (foreign, tmp_path):
        done = subprocess.run(
            [sys.executable, "-c", CODE], cwd=where, env=environment, capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 0, done.stderr
        assert "name: small" in done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of a copy of this repository, by setuptools, with what its links lead to."""
    folder = tmp_path_factory.mktemp("wheel")
    files = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    source = folder / "source"
    for name in files:
        old, new = ROOT / name, source / name
        new.parent.mkdir(parents=True, exist_ok=True)
        if old.is_symlink():
            new.symlink_to(os.readlink(old))
        elif old.is_file():
            new.write_bytes(old.read_bytes())
    code = "import setuptools.build_meta as backend, sys; print(backend.build_wheel(sys.argv[1]))"
    done = subprocess.run([sys.executable, "-c", code, str(folder)], cwd=source, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return folder / done.stdout.splitlines()[-1]


def test_the_wheel_installs_one_name(wheel: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        archive.extractall(tmp_path / "installed")
    assert {name.split("/")[0].partition("-")[0] for name in names} == {"mnv3"}
    assert not [name for name in names if "/tests/" in name]
    sources = {str(path.relative_to(ROOT)) for folder in FOLDERS for path in (ROOT / folder).rglob("*.py")}
    sources |= {str(path.relative_to(ROOT)) for path in (ROOT / "conf").rglob("*.yaml")}
    assert "mnv3/py.typed" in names
    assert sources <= {name.removeprefix("mnv3/") for name in names}
    works_beside_foreign_packages(tmp_path / "installed", tmp_path)


def test_the_repository_works_beside_foreign_packages(tmp_path: Path) -> None:
    """As an editable install has it: the package by its links, nothing by a bare name."""
    (tmp_path / "editable").mkdir()
    (tmp_path / "editable" / "mnv3").symlink_to(ROOT / "mnv3")
    works_beside_foreign_packages(tmp_path / "editable", tmp_path)


def test_no_class_exists_twice(tmp_path: Path) -> None:
    """All modules are imported under `mnv3.`, none once more by its place."""
    code = (
        "import sys, importlib, pkgutil, mnv3\n"
        "for found in pkgutil.walk_packages(mnv3.__path__, 'mnv3.'):\n"
        "    if not found.name.endswith('__main__'): importlib.import_module(found.name)\n"
        f"print([name for name in sys.modules if name.partition('.')[0] in {FOLDERS}])\n"
        "print(sum(name.startswith('mnv3.') for name in sys.modules))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    bare, count = done.stdout.splitlines()
    assert bare == "[]"
    assert int(count) > 200
