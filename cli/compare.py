"""mnv3 compare: runs side by side, on the console, in pictures, and as a page."""

import importlib
import shlex
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cli.comparing import Asked, parse
from tools.errors import UserError

if TYPE_CHECKING:
    from tools.compare.page import Section
    from tools.compare.runs import Run
    from tools.compare.tables import Entry, Table

RUNS = Path("runs")

HEADLINES = {
    "ssdlite": ("AP", "AP50", "AP75", "APs", "APm", "APl"),
    "lraspp": ("mIoU", "category_mIoU", "pixel_accuracy", "official.miIoU"),
}
"""Main figures of a task, as metrics.json names them; the first decides on the best checkpoint."""

COUNTED = {
    "ssdlite": "Parameters and multiply-adds as in the paper's Table 6: convolutions, with 91 class slots.",
    "lraspp": "Parameters and multiply-adds as in the paper's Table 7: of a frame of 1024 x 2048, with 19 classes.",
}


def run(argv: Sequence[str]) -> None:
    """Compare the runs that `argv` names. Raises UserError: none can be compared, or a mistake in `argv`."""
    from tools.compare.console import show, wide_console

    asked = parse(argv)
    notes: list[str] = []
    runs = _chosen(asked, notes.append)
    entries = _entries(runs)
    console = wide_console()
    for note in notes:
        console.print(f"Note: {note}", style="yellow", soft_wrap=True)
    notes.clear()
    sections = [_section(task, entries[task], asked.all) for task in entries]
    for section in sections:
        show(console, section)
    out = Path(asked.out or RUNS / "compare" / time.strftime("%Y%m%d-%H%M%S")).expanduser()
    _draw(asked, entries, sections, out, notes.append)
    for note in notes:
        console.print(f"Note: {note}", style="yellow", soft_wrap=True)
    for section in sections:
        for path, text in section.pictures:
            console.print(f"{text}: {path}", soft_wrap=True, markup=False, highlight=False)
    if asked.html:
        console.print(f"Page: {_page(asked, argv, sections, entries)}", soft_wrap=True, markup=False, highlight=False)


def _chosen(asked: Asked, say: Callable[[str], None]) -> "list[Run]":
    """The runs that are asked for, from folders and from W&B, those of a task together."""
    from conf.younger import completed
    from tools.compare.choosing import find_folders, matching
    from tools.compare.folders import read_run

    runs: list[Run] = []
    problems: list[str] = []
    if asked.words or not asked.wandb:
        for folder in find_folders(asked.words, RUNS):
            try:
                runs.append(read_run(folder, HEADLINES, completed, say))
            except UserError as error:
                problems += error.problems
    if asked.wandb:
        from tools.compare.projects import read_project

        runs += read_project(asked.wandb, asked.filters.get("tag"), HEADLINES, completed, say)
    if not runs:
        raise UserError(*problems)
    for problem in problems:
        say(f"{problem.removesuffix('.')}; left out.")
    chosen = matching(runs, asked.filters)
    return [run for task in HEADLINES for run in chosen if run.task == task]


def _entries(runs: "Sequence[Run]") -> "dict[str, list[Entry]]":
    """Task -> its runs, numbered through; a label tells a run from the others that were trained on the same data."""
    from tools.compare.differences import labels
    from tools.compare.tables import Entry

    short: dict[int, str] = {}
    for kind in {(run.task, run.data) for run in runs}:
        own = [run for run in runs if (run.task, run.data) == kind]
        found = labels([run.config for run in own], [run.name for run in own])
        short |= {id(run): label for run, label in zip(own, found, strict=True)}
    entries = [Entry(i, short[id(run)], run, _cost(run.config)) for i, run in enumerate(runs, start=1)]
    return {task: [e for e in entries if e.run.task == task] for task in dict.fromkeys(run.task for run in runs)}


def _cost(config: Mapping[str, Any]) -> tuple[float, float] | None:
    """Parameters and multiply-adds of a run's network; None for one that cannot be built any more."""
    try:
        cost = importlib.import_module(f"{config['task']['name']}.cost").row_cost(config)
    except (UserError, LookupError, TypeError, ValueError, AssertionError):
        return None
    return cost.params, cost.madds


def _section(task: str, entries: "Sequence[Entry]", everything: bool) -> "Section":
    """The tables of a task."""
    from tools.compare.differences import differences
    from tools.compare.page import Section
    from tools.compare.runs import titles
    from tools.compare.tables import difference_table, figure_table, run_table, score_table

    data = titles(score.data for entry in entries for score in entry.run.scores)
    notes = [COUNTED[task]]
    if len(data) > 1:
        notes.append(f"Scored on {'; '.join(data.values())}: figures of different data have tables of their own.")
    if stopped := [entry for entry in entries if any(not score.final for score in entry.run.scores)]:
        notes.append(f"No final scores, but the best validation so far: {_numbered(stopped)}.")
    if unscored := [entry for entry in entries if not entry.run.scores]:
        notes.append(f"No scores yet: {_numbered(unscored)}.")
    tables: list[Table] = [run_table(entries)]
    for one, title in data.items():
        tables.append(score_table(f"Scores on {title}", one, entries, HEADLINES[task]))
        tables += [figure_table(f"All figures, {title}", one, entries)] if everything else []
    rows = differences([entry.run.config for entry in entries])
    if rows:
        tables.append(difference_table("What differs in the configurations", rows, entries))
    elif len(entries) > 1:
        notes.append("The configurations do not differ.")
    return Section(task, notes, tables)


def _numbered(entries: "Sequence[Entry]") -> str:
    return f"run{'s' if len(entries) > 1 else ''} {', '.join(str(entry.number) for entry in entries)}"


def _draw(
    asked: Asked,
    entries: "Mapping[str, Sequence[Entry]]",
    sections: "list[Section]",
    out: Path,
    say: Callable[[str], None],
) -> None:
    """Draw samples and curves, and note them in `sections`; curves, which are of all tasks, in one of their own."""
    from tools.compare.curves import draw_curves
    from tools.compare.page import Section
    from tools.compare.pictures import draw_samples
    from tools.compare.runs import titles

    unclear: list[Entry] = []
    for (task, own), section in zip(entries.items(), sections, strict=True):
        scored = titles(score.data for entry in own for score in entry.run.scores)
        for place, (data, title) in enumerate(scored.items(), start=1):
            path = out / f"samples-{task}{'' if len(scored) == 1 else f'-{place}'}.jpg"
            drawn, unknown = draw_samples(path, data, own)
            unclear += [entry for entry in unknown if entry not in unclear]
            if drawn:
                section.pictures.append((path, f"Samples, {task} on {title}"))
    rows: list[tuple[str, str, Sequence[Entry]]] = []
    for task, own in entries.items():
        trained = titles(entry.run.data for entry in own)
        for data, title in trained.items():
            rows.append((title, HEADLINES[task][0], [entry for entry in own if entry.run.data == data]))
    curves = Path(asked.png).expanduser() if asked.png else out / "curves.png"
    if draw_curves(curves, rows):
        sections.insert(0, Section("Curves", pictures=[(curves, "Curves of score and loss")]))
    if unclear:
        say(
            f"Samples of {_numbered(unclear)} were drawn before it was noted what lies where in them; "
            f"`mnv3 eval run={unclear[0].run.place}` draws them anew."
        )


def _page(
    asked: Asked, argv: Sequence[str], sections: "Sequence[Section]", entries: "Mapping[str, Sequence[Entry]]"
) -> Path:
    from tools.compare.page import write_page

    path = Path(asked.html).expanduser()
    everyone = [entry for own in entries.values() for entry in own]
    title = f"{len(everyone)} run{'' if len(everyone) == 1 else 's'} compared"
    write_page(path, title, shlex.join(["mnv3", "compare", *argv]), sections, everyone)
    return path
