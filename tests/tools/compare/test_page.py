"""The page: whole in one file, nothing fetched, nothing run, names shown as they are."""

from html.parser import HTMLParser
from pathlib import Path

from mnv3.tools.compare.page import Section, write_page
from mnv3.tools.compare.tables import Table, run_table
from tests.tools.compare.made_up import draw, entries, make_run

NASTY = "<script>alert('a')</script> & \"b\""


class Reader(HTMLParser):
    """Tags that are open at the end, attributes, and the text."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        self.open += [tag] if tag not in ("meta", "img") else []

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_page_stands_alone_and_shows_names_as_they_are(tmp_path: Path) -> None:
    runs = entries(make_run(tmp_path / "a&b"))
    picture = tmp_path / "s.jpg"
    draw(picture, ["a.jpg"], 9)
    table = Table(NASTY, ["key", NASTY], [[NASTY, "0.5"]], {1}, {(0, 1)})
    section = Section(NASTY, [NASTY], [run_table(runs), table], [(picture, NASTY)])
    path = tmp_path / "out" / "page.html"
    write_page(path, NASTY, f"mnv3 compare {NASTY}", [section], runs)
    text = path.read_text()
    reader = Reader()
    reader.feed(text)
    reader.close()
    assert not reader.open
    assert not reader.tags & {"script", "link", "iframe"} and reader.text.count(NASTY) == 9
    assert "http" not in text and "@import" not in text and "url(" not in text
    sources = [value for name, value in reader.attributes if name in ("src", "href")]
    assert len(sources) == 1 and sources[0].startswith("data:image/jpeg;base64,/9j/")
    assert "prefers-color-scheme: dark" in text
    assert "mnv3 train 'name=a&b'" in reader.text
    assert ("class", "number best") in reader.attributes


def test_control_characters_of_names_are_escaped(tmp_path: Path) -> None:
    """Of a run's folder, its command, a table, and what was typed: a page may not have them."""
    runs = entries(make_run(tmp_path / "a\x1b[31m"))
    section = Section("b\x1b", ["c\x1b"], [run_table(runs), Table("d\x1b", ["e\x1b"], [["f\x1b"]])])
    write_page(tmp_path / "page.html", "g\x1b", "mnv3 compare h\x1b", [section], runs)
    text = (tmp_path / "page.html").read_text()
    assert "\x1b" not in text and all(f"{letter}\\x1b" in text for letter in "abcdefgh")
    assert "\nmnv3 train" in text  # a line of its own
