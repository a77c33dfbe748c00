"""Assembles a comparison: the tables of each task, and the pictures."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from mnv3.tools.compare.curves import draw_curves
from mnv3.tools.compare.differences import differences
from mnv3.tools.compare.page import Section
from mnv3.tools.compare.pictures import draw_samples
from mnv3.tools.compare.runs import titles
from mnv3.tools.compare.tables import Entry, Table, difference_table, figure_table, run_table, score_table
from mnv3.tools.task import Facts

OWN_COSTS = "Parameters and MAdds are of each run's own network, with its classes and its input size."


def task_section(task: Facts, entries: Sequence[Entry], everything: bool) -> Section:
    """Return the tables of a task, one score table per data set. `everything`: all figures."""
    data = titles(score.data for entry in entries for score in entry.run.scores)
    rows = all(entry.run.config.get("row") for entry in entries)
    notes = [task.compare_rule if rows else OWN_COSTS]
    if len(data) > 1:
        notes.append(f"Scored on {'; '.join(data.values())}: different data have separate tables.")
    if stopped := [entry for entry in entries if any(not score.final for score in entry.run.scores)]:
        notes.append(f"No final scores, but the best validation so far: {_numbered(stopped)}.")
    if unscored := [entry for entry in entries if not entry.run.scores]:
        notes.append(f"No scores yet: {_numbered(unscored)}.")
    tables: list[Table] = [run_table(entries)]
    for one, title in data.items():
        tables.append(score_table(f"Scores on {title}", one, entries, task.figures))
        tables += [figure_table(f"All figures, {title}", one, entries)] if everything else []
    differing = differences([entry.run.config for entry in entries])
    if differing:
        tables.append(difference_table("What differs in the configurations", differing, entries))
    elif len(entries) > 1:
        notes.append("The configurations do not differ.")
    return Section(task.name, notes, tables)


def draw_task(section: Section, entries: Sequence[Entry], out: Path) -> list[Entry]:
    """Draw the samples of a task into the folder `out` and add the pictures to its `section`.
    Returns the runs whose samples cannot be separated."""
    unclear: list[Entry] = []
    scored = titles(score.data for entry in entries for score in entry.run.scores)
    for place, (data, title) in enumerate(scored.items(), start=1):
        path = out / f"samples-{section.title}{'' if len(scored) == 1 else f'-{place}'}.jpg"
        drawn, unknown = draw_samples(path, data, entries)
        unclear += [entry for entry in unknown if entry not in unclear]
        if drawn:
            section.pictures.append((path, f"Samples, {section.title} on {title}"))
    return unclear


def curve_section(path: Path, entries: Mapping[str, Sequence[Entry]], tasks: Mapping[str, Facts]) -> Section:
    """Draw the curves of all tasks to `path`, one row per data set; return the section with the picture."""
    rows: list[tuple[str, str, Sequence[Entry]]] = []
    for task, own in entries.items():
        for data, title in titles(entry.run.data for entry in own).items():
            rows.append((title, tasks[task].figures[0], [entry for entry in own if entry.run.data == data]))
    return Section("Curves", pictures=[(path, "Curves of score and loss")] if draw_curves(path, rows) else [])


def drawn_before(entries: Sequence[Entry]) -> str:
    """Return the note on runs whose samples cannot be separated."""
    return (
        f"Samples of {_numbered(entries)} were drawn by an older version that did not record their layout; "
        f"`mnv3 eval run={entries[0].run.place}` draws them again."
    )


def _numbered(entries: Sequence[Entry]) -> str:
    return f"run{'s' if len(entries) > 1 else ''} {', '.join(str(entry.number) for entry in entries)}"
