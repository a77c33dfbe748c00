"""mnv3 compare: runs side by side, on the console, as pictures and as an HTML page."""

import shlex
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mnv3.cli.call.comparing import Asked, parse
from mnv3.cli.tasks import every_task, open_task
from mnv3.tools.errors import UserError
from mnv3.tools.files.ledger import guarded, matching, refuse_foreign_file
from mnv3.tools.paper.tables import SLOTS
from mnv3.tools.text.plain import printable

if TYPE_CHECKING:
    from rich.console import Console

    from mnv3.tools.compare.page import Section
    from mnv3.tools.compare.runs import Run
    from mnv3.tools.compare.tables import Entry

RUNS = Path("runs")

PICTURES = ("curves.png", "samples-*.jpg")
"""Files that a comparison draws."""


def run(argv: Sequence[str]) -> None:
    """Compare the runs named in `argv`. Raises UserError for mistakes in `argv`, or if no run can be compared."""
    from mnv3.tools.compare.console import show
    from mnv3.tools.compare.curves import SOFTWARE
    from mnv3.tools.compare.page import MADE_BY
    from mnv3.tools.compare.sections import curve_section, draw_task, drawn_before, task_section
    from mnv3.tools.text.console import wide_console

    asked = parse(argv)
    notes: list[str] = []
    entries = _entries(_chosen(asked, notes.append))
    console = wide_console()
    _print_notes(console, notes)
    sections = [task_section(open_task(task), own, asked.all) for task, own in entries.items()]
    for section in sections:
        show(console, section)
    out = Path(asked.out or RUNS / "compare" / time.strftime("%Y%m%d-%H%M%S")).expanduser()
    png = Path(asked.png or out / "curves.png").expanduser()
    if asked.png:
        refuse_foreign_file(png, "png", lambda content: SOFTWARE.encode() in content)
    if asked.html:
        refuse_foreign_file(Path(asked.html).expanduser(), "--html", lambda content: MADE_BY.encode() in content)
    with guarded(out if asked.out else None, lambda: matching(out, *PICTURES), "out"):
        unclear = [one for section in sections for one in draw_task(section, entries[section.title], out)]
        curves = curve_section(png, entries, every_task())
    sections = [curves, *sections] if curves.pictures else sections
    _print_notes(console, [drawn_before(unclear)] if unclear else [])
    written = [(path, text) for section in sections for path, text in section.pictures]
    if asked.html:
        written.append((_page(asked, argv, sections, entries), "Page"))
    for path, text in written:
        console.print(printable(f"{text}: {path}"), soft_wrap=True, markup=False)


def _print_notes(console: "Console", notes: Sequence[str]) -> None:
    for note in notes:
        console.print(f"Note: {printable(note)}", style="yellow", soft_wrap=True, markup=False)


def _chosen(asked: Asked, note: Callable[[str], None]) -> "list[Run]":
    """Return the requested runs from folders and W&B, grouped by task."""
    from mnv3.conf.new_keys import completed
    from mnv3.tools.compare.choosing import find_folders, matching
    from mnv3.tools.compare.folders import read_run

    tasks = every_task()
    runs: list[Run] = []
    problems: list[str] = []
    if asked.words or not asked.wandb:
        for folder in find_folders(asked.words, RUNS):
            try:
                runs.append(read_run(folder, tasks, completed, note))
            except UserError as error:
                problems += error.problems
    if asked.wandb:
        from mnv3.tools.compare.projects import read_project

        runs += read_project(asked.wandb, asked.filters.get("tag"), tasks, completed, note)
    if not runs:
        raise UserError(*problems)
    for problem in problems:
        note(f"{problem.removesuffix('.')}; skipped.")
    chosen = matching(runs, asked.filters)
    return [run for task in tasks for run in chosen if run.task == task]


def _entries(runs: "Sequence[Run]") -> "dict[str, list[Entry]]":
    """Map each task to its numbered runs; labels distinguish runs that were trained on the same data. Costs are what
    each run has, or by the rule of the paper's tables if all runs of the task are rows of them."""
    from mnv3.tools.compare.differences import labels
    from mnv3.tools.compare.tables import Entry

    short: dict[int, str] = {}
    for kind in {(run.task, run.data) for run in runs}:
        own = [run for run in runs if (run.task, run.data) == kind]
        found = labels([run.config for run in own], [run.name for run in own])
        short |= {id(run): label for run, label in zip(own, found, strict=True)}
    by_rule = {run.task for run in runs} - {run.task for run in runs if not run.config.get("row")}
    costs = [_by_the_papers_rule(run.config) if run.task in by_rule else run.cost for run in runs]
    entries = [
        Entry(i, short[id(run)], run, cost) for i, (run, cost) in enumerate(zip(runs, costs, strict=True), start=1)
    ]
    return {task: [e for e in entries if e.run.task == task] for task in dict.fromkeys(run.task for run in runs)}


def _by_the_papers_rule(config: Mapping[str, Any]) -> tuple[float, float] | None:
    """Return parameters and multiply-adds of a row of the paper as its table counts them, which other classes and input
    sizes do not change; None if the network can no longer be built."""
    try:
        cost = open_task(config["task"]["name"]).row_cost(config, SLOTS)
    except (UserError, LookupError, TypeError, ValueError, AssertionError):
        return None
    return cost.params, cost.madds


def _page(
    asked: Asked, argv: Sequence[str], sections: "Sequence[Section]", entries: "Mapping[str, Sequence[Entry]]"
) -> Path:
    from mnv3.tools.compare.page import write_page

    path = Path(asked.html).expanduser()
    everyone = [entry for own in entries.values() for entry in own]
    title = f"{len(everyone)} run{'' if len(everyone) == 1 else 's'} compared"
    write_page(path, title, shlex.join(["mnv3", "compare", *argv]), sections, everyone)
    return path
