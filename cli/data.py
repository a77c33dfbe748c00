"""mnv3 data: list, check, convert, download or decode data sets."""

import shlex
from pathlib import Path

from omegaconf import DictConfig

from mnv3.cli.opening import choose_device
from mnv3.cli.tasks import every_task
from mnv3.tools.data.reader import Reader
from mnv3.tools.data.splits import BOTH
from mnv3.tools.errors import UserError
from mnv3.tools.files.ledger import guarded, matching
from mnv3.tools.runs.find import find
from mnv3.tools.task import Task
from mnv3.tools.training.automatic import AUTO

SURVEYS = ("duplicates.json", "doubts.json", "doubts*.png")
"""Files of a check that are not of one split."""


def run(cfg: DictConfig) -> None:
    """Run `cfg.action`. Raises UserError if the data set is missing or unusable."""
    ACTIONS[cfg.action](cfg)


def catalogue() -> dict[str, list[tuple[Task, Reader]]]:
    """Map each data set's name to the tasks that read it and their readers, the built-in data set first."""
    rows: dict[str, list[tuple[Task, Reader]]] = {}
    for task in every_task().values():
        for name, reader in task.readers().items():
            rows.setdefault(name, []).append((task, reader))
    return rows


def _list(cfg: DictConfig) -> None:
    from rich.table import Table

    from mnv3.tools.text.console import wide_console

    root = Path(cfg.data.root).expanduser()
    table = Table("data set", "task", "in the data root", "size", "licence", "how to get it", box=None)
    for name, rows in catalogue().items():
        readers = [reader for _, reader in rows]
        patterns = [pattern for reader in readers for pattern in reader.present]
        found = sorted(path for pattern in patterns for path in root.glob(pattern))
        present = str(found[0].relative_to(root)) if found else ("no" if patterns else "anywhere")
        purpose = "both" if len(rows) > 1 else rows[0][0].purpose
        size = ", ".join(dict.fromkeys(reader.size for reader in readers))
        table.add_row(name, purpose, present, size, readers[0].licence, readers[0].how)
    console = wide_console()
    console.print(table)
    console.print(f"Data root: {root.resolve()} (data.root=DIR, or the environment variable MNV3_DATA)", soft_wrap=True)


def _check(cfg: DictConfig) -> None:
    out = Path(cfg.out or f"runs/data/{cfg.dataset.name}").expanduser()
    written = [f"{split}.{kind}" for split in ([cfg.split] if cfg.split else BOTH) for kind in ("json", "png")]
    size = cfg.task.input_size
    task = _task(cfg)
    source = find(Path("runs"), task.name, cfg.run, None, {}) if cfg.run else None
    size = None if size is None or size == AUTO else (size[0], size[1])
    with guarded(out if cfg.out else None, lambda: matching(out, *written, *SURVEYS), "out"):
        problems = task.check_dataset(cfg.dataset, cfg.data, cfg.split, out, size)
        if source and not problems:
            device = choose_device("auto", "run")
            task.doubt_labels(source, cfg.dataset, cfg.data, cfg.split, out, device, print)
    if problems:
        raise UserError(*problems)
    print("The data set is usable.")


def _task(cfg: DictConfig) -> Task:
    """Return the configured task if it reads the data set, else the first task that does."""
    tasks = {task.name: task for task, _ in catalogue()[cfg.dataset.name]}
    return tasks.get(cfg.task.name) or next(iter(tasks.values()))


def _convert(cfg: DictConfig) -> None:
    task = _task(cfg)
    if not cfg.out:
        raise UserError("mnv3 data convert needs out=DIR, a new or empty folder for the converted data set.")
    out = Path(cfg.out).expanduser()
    written, name = task.convert_dataset(cfg.dataset, cfg.data, cfg.split, out, print)
    print(f"{written} To train on it: mnv3 train task={task.name} dataset={name} dataset.path={shlex.quote(str(out))}")


def _cache(cfg: DictConfig) -> None:
    task = _task(cfg)
    if not task.caches:
        others = " or ".join(f"task={other.name}" for other in every_task().values() if other.caches)
        raise UserError(
            f"Decoded copies do not help {task.purpose}: they are for small crops of large frames, {others}."
        )
    problems = task.cache_dataset(cfg.dataset, cfg.data, cfg.split, cfg.remove)
    if problems:
        raise UserError(*problems)
    if not cfg.remove:
        print("Training and scoring use the copies from now on; `mnv3 data cache ... remove=true` removes them.")


def _get(cfg: DictConfig) -> None:
    root = Path(cfg.data.root).expanduser()
    getters = {name: rows[0][1].get for name, rows in catalogue().items() if rows[0][1].get}
    if cfg.target in getters:
        getters[cfg.target](root, cfg)
        return
    known = f"{' or '.join(f'`mnv3 data get {name}`' for name in getters)}; `mnv3 data list` lists the others."
    raise UserError(f"Nothing to get for '{cfg.target}': {known}" if cfg.target else f"Get what? {known}")


ACTIONS = {"list": _list, "check": _check, "convert": _convert, "get": _get, "cache": _cache}
