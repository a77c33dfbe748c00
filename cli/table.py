"""mnv3 table: the tables of the paper compared with mnv3, and the cost of each of its ideas."""

import csv
import io
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from omegaconf import DictConfig, OmegaConf

from mnv3.cli.call.composing import composer
from mnv3.cli.tables.rows import Timed, records
from mnv3.cli.tables.tabular import Tabular, latex, markdown, terminal
from mnv3.tools.errors import UserError
from mnv3.tools.files.ledger import refuse_foreign_file
from mnv3.tools.paper.classifiers.tables import CLASSIFIER_TABLES
from mnv3.tools.paper.tables import TABLES

WRITERS = {"terminal": terminal, "markdown": markdown, "latex": latex}


class Sheet(NamedTuple):
    """A table as text and as flat records, and the function that draws its plot (None if it has none)."""

    name: str
    text: Tabular
    flat: list[dict[str, Any]]
    draw: Callable[[Path], None] | None


def run(cfg: DictConfig) -> None:
    """Print, draw or send a table as `cfg` asks. Raises UserError if it has no such format."""
    _check(cfg)
    sheet = _sheet(cfg)
    if cfg.format == "wandb":
        _send(cfg, sheet)
    elif cfg.format == "png":
        _draw(cfg, sheet)
    else:
        text = _csv(sheet.flat) if cfg.format == "csv" else WRITERS[cfg.format](sheet.text)
        _print_or_write(text, cfg.out)


def readme_markdown(which: str) -> str:
    """Return a table of the paper with mnv3's costs, without any runs."""
    if which in CLASSIFIER_TABLES:
        return markdown(_of_classifiers(which, None).text)
    with composer("train") as compose:
        from mnv3.cli.tables.sheet import tabular

        table = TABLES[int(which)]
        rows, _ = records(compose, table, Path("no runs"), None)
        return markdown(tabular(table, rows, None))


def _check(cfg: DictConfig) -> None:
    if cfg.format == "png" and cfg.which == "ablations":
        raise UserError("format=png: plots quality against cost; choose one of the paper's tables, e.g. table 6.")
    if cfg.format == "wandb":
        from mnv3.tools.runs.wandb_run import wandb_mode

        if wandb_mode(cfg.wandb.mode) == "disabled":
            raise UserError("format=wandb: W&B is disabled (wandb.mode, WANDB_MODE); use wandb.mode=offline or online.")


def _sheet(cfg: DictConfig) -> Sheet:
    timed = Timed(cfg.threads, cfg.rounds) if cfg.latency else None
    if cfg.which in CLASSIFIER_TABLES:
        return _of_classifiers(cfg.which, timed)
    with composer("train") as compose:
        if cfg.which == "ablations":
            from mnv3.cli.tables import ablations

            tried = ablations.tried(compose, timed)
            return Sheet("ablations", ablations.tabular(tried, timed), ablations.flat(tried), None)
        from mnv3.cli.tables import sheet as table_sheet

        table = TABLES[int(cfg.which)]
        rows, sentences = records(compose, table, Path(cfg.runs).expanduser(), timed)
    for sentence in sentences:
        print(sentence, file=sys.stderr)

    def draw(path: Path) -> None:
        from mnv3.cli.tables import plot

        plot.draw(path, table, rows, timed)

    text, flat = table_sheet.tabular(table, rows, timed), table_sheet.flat(table, rows, timed)
    return Sheet(table.group, text, flat, draw)


def _of_classifiers(which: str, timed: Timed | None) -> Sheet:
    from mnv3.cli.tables import classifiers

    table = CLASSIFIER_TABLES[which]
    items = classifiers.counted_rows(table, timed)
    text, flat = classifiers.tabular(table, items, timed), classifiers.flat(items, timed)

    def draw(path: Path) -> None:
        from mnv3.cli.tables import classifier_plot

        classifier_plot.draw(path, text.title, items)

    return Sheet(table.group, text, flat, draw)


def _print_or_write(text: str, out: str | None) -> None:
    if out is None:
        print(text, end="")
        return
    from mnv3.tools.files.write import write_text

    path, heading = Path(out).expanduser(), text.splitlines()[0].encode()
    refuse_foreign_file(path, "out", lambda content: content.splitlines()[:1] in ([], [heading]))
    write_text(path, text)
    print(f"Written: {out}")


def _csv(flat: Sequence[dict[str, Any]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(flat[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(flat)
    return text.getvalue()


def _draw(cfg: DictConfig, sheet: Sheet) -> None:
    from mnv3.tools.drawing.scatter import SOFTWARE

    assert sheet.draw is not None

    path = Path(cfg.out or f"runs/table/{sheet.name}.png").expanduser()
    refuse_foreign_file(path, "out", lambda content: SOFTWARE.encode() in content)
    sheet.draw(path)
    print(f"Written: {path}")


def _send(cfg: DictConfig, sheet: Sheet) -> None:
    import wandb

    from mnv3.tools.runs.wandb_run import finishing, start_run

    settings: Any = OmegaConf.to_container(cfg.wandb, resolve=True)
    run = start_run(
        {**settings, "name": settings["name"] or sheet.name},
        Path("runs/table") / sheet.name,
        job_type="table",
        config={"which": cfg.which, "title": sheet.text.title, "notes": sheet.text.notes},
        tags=[sheet.name],
    )
    with finishing(run):
        columns: list[Any] = list(sheet.flat[0])
        rows = [[record[column] for column in columns] for record in sheet.flat]
        run.log({sheet.name: wandb.Table(columns=columns, data=rows)})
