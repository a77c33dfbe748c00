"""The rules of the house, read from the code's own imports."""

import ast
import inspect
import re
import subprocess
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from mnv3.cli.tasks import TASKS, open_task
from mnv3.tools import task

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = {
    "tools": {"tools"},
    "backbones": {"backbones", "tools"},
    "ssdlite": {"ssdlite", "backbones", "tools"},
    "lraspp": {"lraspp", "backbones", "tools"},
    "conf": {"conf"},
    "cli": {"cli", "conf", "ssdlite", "lraspp", "backbones", "tools"},
}
"""What each package may import of ours."""


def sources(*folders: str) -> list[Path]:
    return sorted(file for folder in folders for file in (ROOT / folder).rglob("*.py"))


def module_name(file: Path) -> str:
    parts = file.relative_to(ROOT).with_suffix("").parts
    return ".".join(("mnv3", *(parts[:-1] if parts[-1] == "__init__" else parts)))


MODULES = {module_name(file): file for file in sources(*PACKAGES)}


def imports(file: Path, *, at_import_only: bool = False) -> Iterator[str]:
    """Names of the modules of ours that `file` imports; those inside functions too, unless `at_import_only`."""
    tree = ast.parse(file.read_text())
    lazy = {inner for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) for inner in ast.walk(node)}
    for node in ast.walk(tree):
        if at_import_only and node in lazy:
            continue
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: a relative import hides where it goes"
            full = [f"{node.module}.{alias.name}" for alias in node.names]
            names = [name if name in MODULES else str(node.module) for name in full]
        else:
            continue
        yield from (name for name in names if name.partition(".")[0] in ("mnv3", *PACKAGES))


@pytest.mark.parametrize("package", [name for name in PACKAGES if (ROOT / name).is_dir()])
def test_imports_go_down_only(package: str) -> None:
    upwards = [
        f"{file.relative_to(ROOT)} imports {name}"
        for file in sources(package)
        for name in imports(file)
        if name.split(".")[1] not in PACKAGES[package]
    ]
    assert not upwards


def test_backbones_take_only_ground_tools() -> None:
    """A backbone can be lifted out with one small file of ours. backbones/classify/ is a task: it stands on the other
    backbones as the other tasks do, and none of them imports it."""
    files = [file for file in sources("backbones") if "classify" not in file.relative_to(ROOT).parts]
    taken = {name for file in files for name in imports(file)}
    assert {name for name in taken if name.startswith("mnv3.tools")} == {"mnv3.tools.errors"}
    assert not {name for name in taken if name.startswith("mnv3.backbones.classify")}


def test_no_circles() -> None:
    graph = {name: set(imports(file, at_import_only=True)) - {name} for name, file in MODULES.items()}
    TopologicalSorter(graph).prepare()  # raises CycleError, which names the circle


def test_rooms_of_tools_import_in_one_direction() -> None:
    """The folders of tools/ stand one upon the other; what is imported for annotations alone does not count."""
    rooms: dict[str, set[str]] = {}
    for file in sources("tools"):
        room = (*module_name(file).split(".")[2:3], "tools")[0]
        tree = ast.parse(file.read_text())
        blocks = [
            node for node in ast.walk(tree) if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        ]
        unseen = {inner for block in blocks for inner in ast.walk(block)}
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node not in unseen and f"{node.module}".startswith("mnv3.tools"):
                names = {f"{node.module}.{alias.name}".split(".")[2] for alias in node.names}
                rooms.setdefault(room, set()).update(names - {room})
    TopologicalSorter(rooms).prepare()  # raises CycleError, which names the rooms


def test_every_import_of_ours_exists() -> None:
    missing = {name for file in MODULES.values() for name in imports(file) if name not in MODULES}
    assert not missing


def test_nothing_is_imported_by_its_bare_name() -> None:
    """A module that was also imported as `tools.x` would be there twice, its classes too."""
    for name in PACKAGES:
        assert (ROOT / "mnv3" / name).resolve() == ROOT / name
    bare = [
        f"{file}: {name}" for file in sources(*PACKAGES, "tests") for name in imports(file) if f"{name}."[:5] != "mnv3."
    ]
    assert not bare


def test_files_are_short() -> None:
    lengths = {file.relative_to(ROOT): len(file.read_text().splitlines()) for file in sources(*PACKAGES, "tests")}
    assert not {str(file): lines for file, lines in lengths.items() if lines > 400}


def test_importing_initialises_nothing_and_help_stays_light() -> None:
    """Importing every module leaves Hydra's global state alone; what help and completion import brings no torch."""
    heavy = "('torch', 'lightning', 'wandb', 'matplotlib')"
    light = [f"mnv3.cli.{name}" for name in ("main", "help", "completion", "call.mistakes", "launch.app")]
    code = f"""
import importlib, sys
for name in {light}: importlib.import_module(name)
print([name for name in {heavy} if name in sys.modules])
for name in {[name for name in MODULES if not name.endswith("__main__")]}: importlib.import_module(name)
from hydra.core.global_hydra import GlobalHydra
print(GlobalHydra.instance().is_initialized())
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["[]", "False"]


WRITES = re.compile(
    r"\.savefig\(|\.write_(?:bytes|text)\(|open\([^)]*[\"'][wax]b?\+?[\"']|torch\.save\(|np\.savez?\(|json\.dump\("
    r"|cv2\.VideoWriter\(|\.save\([a-z_]+(?: /|\))|TemporaryDirectory\(|mkdtemp\("
)
WRITERS = {
    "tools/files/write.py": "the writer itself",
    "tools/files/temporaries.py": "where it writes first",
    "tools/files/locks.py": "a note in the lock, inside of named_errors",
    "tools/weights/checkpoint.py": "into a buffer, then through atomic_path",
    "tools/files/ledger.py": "grows by a line a file, inside of named_errors",
    "tools/predict/outputs.py": "JSON line by line, into atomic_path",
    "ssdlite/evaluate/results.py": "JSON line by line, into atomic_path",
    "lraspp/data/cache.py": "pixels, into atomic_path",
    "tools/predict/video.py": "OpenCV opens files itself: looked at afterwards",
    "tools/data/download.py": "grows over several calls",
    "cli/launch/surroundings.py": "the terminal",
}


def test_files_are_written_by_the_one_writer() -> None:
    """`tools.files.write` names the file and the remedy when the system refuses, and leaves nothing half-written."""
    found = {str(file.relative_to(ROOT)) for file in sources(*PACKAGES) if WRITES.search(file.read_text())}
    assert found == WRITERS.keys()


def test_every_task_satisfies_the_door() -> None:
    """Each has all of it, with the parameters that callers give."""
    for name in TASKS:
        found = open_task(name)
        assert found.name == name
        _satisfies(found, task.Task)
        _satisfies(found.training(), task.Training)
        _satisfies(found.scoring(), task.Scoring)
        _satisfies(found.exporting(), task.Exporting)
        _satisfies(found.bench(), task.Bench)


def _satisfies(found: object, door: type) -> None:
    """`found` (an object, or a module whose functions stand for methods) has all that a Protocol names, of its own."""
    assert isinstance(found, door)
    for part in (cls for cls in door.__mro__ if cls.__module__ == task.__name__):
        for name in part.__annotations__:
            assert getattr(found, name, None) not in (None, "", ()), f"{found}: {name} is missing or empty"
        for name, stated in inspect.getmembers(part, inspect.isfunction):
            if name.startswith("_"):
                continue
            own = getattr(found, name)
            assert own.__module__ != task.__name__, f"{found}: {name} is missing"
            wanted = [(p.name, p.kind, p.default) for p in inspect.signature(stated).parameters.values()]
            has = [(p.name, p.kind, p.default) for p in inspect.signature(own).parameters.values()]
            assert has == [one for one in wanted if one[0] != "self"], f"{found}: {name}"


def test_importing_a_task_brings_nothing_heavy() -> None:
    code = "import sys; from mnv3.cli.tasks import every_task; every_task(); print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


MAY_NAME_TASKS = (*(f"{name}/" for name in TASKS), "conf/", "cli/tasks.py")
NAMED = re.compile(rf"\b({'|'.join(TASKS)})\b")
IMPORTERS = {
    "cli/tasks.py": "tasks",
    "cli/main.py": "verbs without a configuration",
    "cli/launch/app.py": "verbs",
    "tools/export/engines/table.py": "export engines",
    "tools/machine/extras.py": "libraries that may be missing",
    "tools/runs/wandb_view.py": "a library that may be missing",
}
"""Files that import by a name that is computed."""


def test_nothing_but_the_tasks_themselves_names_a_task() -> None:
    """Neither in an import nor in a text, docstrings excepted."""
    named = [
        f"{file.relative_to(ROOT)}:{line}: {text}"
        for file in sources(*PACKAGES)
        if not str(file.relative_to(ROOT)).startswith(MAY_NAME_TASKS)
        for line, text in words(file)
        if NAMED.search(text)
    ]
    assert not named


def words(file: Path) -> Iterator[tuple[int, str]]:
    """Line and text of each string of `file` that is no docstring, and of each import."""
    tree = ast.parse(file.read_text())
    docstrings = {node.value for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in docstrings:
            yield node.lineno, node.value
        elif isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


def test_only_the_door_imports_a_task_by_a_computed_name() -> None:
    calls = {
        str(file.relative_to(ROOT))
        for file in sources(*PACKAGES)
        for node in ast.walk(ast.parse(file.read_text()))
        if (isinstance(node, ast.Attribute) and node.attr == "import_module")
        or (isinstance(node, ast.Name) and node.id in ("import_module", "__import__"))
    }
    assert calls == IMPORTERS.keys()
