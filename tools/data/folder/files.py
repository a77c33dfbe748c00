"""Read label files safely: text, JSON and XML, of which nothing is ever expanded or fetched."""

import json
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

HEAD = 16_384
"""Bytes at the beginning and at the end of a file from which its format is guessed."""

REFUSED = ("<!DOCTYPE", "<!ENTITY")
"""Document types and entities: they can grow without limit or fetch other files, and label files have none."""


class Mistake(Exception):
    """What is wrong with a file: `kind`, a phrase for all files with it, and `detail`."""

    def __init__(self, kind: str, detail: str = "") -> None:
        super().__init__(kind)
        self.kind, self.detail = kind, detail


def ends(path: Path) -> str:
    """Return the beginning and the end of a file, for a guess; empty if it cannot be read."""
    try:
        with path.open("rb") as file:
            head = file.read(HEAD)
            file.seek(max(file.seek(0, 2) - HEAD, len(head)))
            return (head + b" " + file.read()).decode("utf-8-sig", errors="replace")
    except OSError:
        return ""


def read_text(path: Path) -> str:
    """Return the text of a file. Raises Mistake."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise Mistake("images without an annotation file") from None
    except OSError as error:
        raise Mistake("annotation files that cannot be read", error.strerror or "") from None
    except UnicodeError:
        raise Mistake("annotation files that are not UTF-8 text") from None


def read_json(path: Path) -> Any:
    """Return the content of a JSON file. Raises Mistake."""
    try:
        return json.loads(read_text(path))
    except ValueError as error:
        raise Mistake("annotation files that are not JSON, or cut short", str(error)) from None
    except RecursionError:
        raise Mistake("annotation files that are nested too deeply") from None


def read_xml(path: Path, root_tag: str) -> ET.Element:
    """Return the root of an XML file. Raises Mistake, also for document types and entities."""
    text = read_text(path)
    if any(mark in text for mark in REFUSED):
        raise Mistake("annotation files with a document type or entities, which are never read")
    try:
        root = ET.fromstring(text)
    except (ET.ParseError, ValueError, RecursionError) as error:
        raise Mistake("annotation files that are not XML, or cut short", str(error)) from None
    if root.tag != root_tag:
        raise Mistake(f"annotation files without <{root_tag}> as their root", f"<{root.tag}>")
    return root
