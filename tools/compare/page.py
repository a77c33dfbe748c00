"""A comparison as one self-contained page: embedded pictures, no script, no network, light or dark."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

from mnv3.tools.compare.tables import Entry, Table
from mnv3.tools.files.write import write_text
from mnv3.tools.text.plain import printable

MEDIA = {".png": "image/png", ".jpg": "image/jpeg"}

STYLE = """
:root { color-scheme: light dark; --ink: #1f2430; --soft: #667085; --line: #d5dae1; --ground: #fff; --band: #f5f7fa; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6e9ee; --soft: #98a2b3; --line: #363c47; --ground: #14171c; --band: #1c2027; }
}
body { margin: 2rem auto; max-width: 84rem; padding: 0 1.5rem; color: var(--ink); background: var(--ground);
  font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.25rem; margin: 2.4rem 0 .6rem; }
h3 { font-size: 1rem; margin: 1.4rem 0 .3rem; } p { max-width: 60rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .3rem .8rem .3rem 0; text-align: left; vertical-align: top; border-bottom: 1px solid var(--line); }
th { color: var(--soft); font-weight: 600; white-space: nowrap; }
.number { text-align: right; white-space: nowrap; } .best { font-weight: 700; }
tbody tr:hover { background: var(--band); }
pre { background: var(--band); padding: .8rem 1rem; border-radius: 6px; white-space: pre-wrap;
  overflow-wrap: anywhere; }
code { font-size: .92em; overflow-wrap: anywhere; }
img { max-width: 100%; border-radius: 6px; background: #fff; }
.note, footer { color: var(--soft); }
"""


@dataclass
class Section:
    """Notes, tables and pictures under a heading."""

    title: str
    notes: Sequence[str] = ()
    tables: Sequence[Table] = ()
    pictures: list[tuple[Path, str]] = field(default_factory=list)  # file, what it shows


MADE_BY = '<meta name="generator" content="mnv3 compare">'
"""Marks a page as made by this program."""


def write_page(path: Path, title: str, command: str, sections: Sequence[Section], entries: Sequence[Entry]) -> None:
    """Write the page, with the commands of the comparison and of the runs, whole or not at all."""
    body = "".join(_section(section) for section in sections)
    lines = [f"# {entry.title}\n{entry.run.command}" for entry in entries if entry.run.command]
    commands = f"<h2>Commands</h2><pre>{_text(chr(10).join(lines))}</pre>" if lines else ""
    write_text(
        path,
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"{MADE_BY}<title>{_text(title)}</title><style>{STYLE}</style></head>\n<body><h1>{_text(title)}</h1>\n"
        f"{body}{commands}\n<footer><p>Made by <code>{_text(command)}</code></p></footer></body></html>\n",
    )


def _text(text: str) -> str:
    """Escape markup and control characters."""
    return escape(printable(text))


def _section(section: Section) -> str:
    notes = "".join(f'<p class="note">{_text(note)}</p>' for note in section.notes)
    pictures = "".join(_picture(path, text) for path, text in section.pictures)
    return f"<h2>{_text(section.title)}</h2>{notes}{''.join(map(_table, section.tables))}{pictures}\n"


def _table(table: Table) -> str:
    def cells(tag: str, texts: Sequence[str], row: int) -> str:
        return "".join(f"<{tag}{_class(table, row, i)}>{_text(text)}</{tag}>" for i, text in enumerate(texts))

    head = f"<thead><tr>{cells('th', table.headings, -1)}</tr></thead>"
    rows = "".join(f"<tr>{cells('td', texts, row)}</tr>" for row, texts in enumerate(table.rows))
    return f'<h3>{_text(table.title)}</h3><div class="scroll"><table>{head}<tbody>{rows}</tbody></table></div>\n'


def _class(table: Table, row: int, column: int) -> str:
    names = [*(["number"] if column in table.numbers else []), *(["best"] if (row, column) in table.best else [])]
    return f' class="{" ".join(names)}"' if names else ""


def _picture(path: Path, text: str) -> str:
    content = base64.b64encode(path.read_bytes()).decode()
    source, text = f"data:{MEDIA[path.suffix.lower()]};base64,{content}", _text(text)
    return f'<h3>{text}</h3><div><img src="{source}" alt="{text}"></div>'
