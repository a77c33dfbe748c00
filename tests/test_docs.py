"""The documentation is true: each `mnv3` command in it fits the schema, and each relative link leads to a file."""

import re
import shlex
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from mnv3.cli.call import arguments, comparing, experiments, mistakes, values
from mnv3.cli.call.composing import composer
from mnv3.cli.call.verbs import VERBS
from mnv3.cli.launch import cluster
from mnv3.tools.errors import UserError

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]

FENCE = re.compile(r"^ *(```|~~~)")
CALL = re.compile(r"(?:^|[\s(/])mnv3 (?=[a-z]|--version)")
PROMPT = "$ "
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
SEPARATORS = {"&&", "||", "|", ";"}


class Command(NamedTuple):
    """A command in a code block; `output`: the lines that the block prints below it."""

    page: str
    line: int
    text: str
    output: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.page}:{self.line}: {self.text}"


def code_blocks(text: str) -> Iterator[list[tuple[int, str]]]:
    """Fenced blocks, and indented ones that follow an empty line, as numbered lines."""
    block: list[tuple[int, str]] = []
    fenced, after_empty = False, True
    for number, line in enumerate(text.splitlines(), start=1):
        if FENCE.match(line):
            yield block
            block, fenced = [], not fenced
        elif fenced or (line.startswith("    ") and (block or after_empty)):
            block.append((number, line.strip()))
        elif block:
            yield block
            block = []
        after_empty = not line.strip()
    yield block


def commands(page: str, text: str) -> Iterator[Command]:
    """The `mnv3` commands of a page. In a block with prompts, lines without one are output."""
    for block in code_blocks(text):
        prompted = any(line.startswith(PROMPT) for _, line in block)
        left = list(block)
        while left:
            number, line = left.pop(0)
            while line.endswith("\\") and left:
                line = f"{line[:-1]} {left.pop(0)[1]}"
            if prompted and not line.startswith(PROMPT):
                continue
            if CALL.search(line.removeprefix(PROMPT)):
                output = tuple(text for _, text in left) if prompted else ()
                yield Command(page, number, line.removeprefix(PROMPT), output)


def words(text: str) -> list[str]:
    """What follows `mnv3` in a command: up to a comment or the next command, without a "..." that stands for more."""
    text = re.sub(r'^eval "\$\((.*)\)"', r"\1", text)
    tokens = shlex.split(text, comments=True)
    start = next(place for place, token in enumerate(tokens) if token.rpartition("/")[2] == "mnv3")
    end = next((place for place, token in enumerate(tokens) if place > start and token in SEPARATORS), len(tokens))
    return [token for token in tokens[start + 1 : end] if token != "..."]


@cache
def compared_keys() -> set[str]:
    """What runs can be compared by."""
    with composer("train") as compose:
        tasks = [compose([f"task={task}"]) for task in compose.options("task")]
    return {"task", "tag", *comparing.GROUPS, *(key for config in tasks for key in values.leaves(config))}


@cache
def problems(verb: str, argv: tuple[str, ...]) -> list[str]:
    """The mistakes of a call, found as `mnv3` finds them, but for whether its files are there."""
    if verb not in {"--version", *VERBS}:
        return mistakes.of_unknown_verb(verb, argv)
    try:
        if verb == "compare":
            return [f"{key}: no run has it" for key in comparing.parse(argv).filters if key not in compared_keys()]
        if verb == "--version" or not VERBS[verb].configured:
            return []
        given = arguments.split(argv, VERBS[verb].words, VERBS[verb].rest)
        return mistakes.find(verb, cluster.with_launcher(experiments.with_names(verb, given, None)))[0]
    except UserError as error:
        return list(error.problems)


def problems_of(text: str) -> list[str]:
    """The mistakes of a command line."""
    verb, *argv = words(text) or ["help"]
    return problems(verb, tuple(argv))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_command_fits_the_schema(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # nothing that a command names is there
    wrong = []
    for command in commands(page.name, page.read_text()):
        found = problems_of(command.text)
        if command.output and command.output[0].startswith("mnv3: "):  # an example of mistakes
            wrong += [] if len(found) == len(command.output[1:]) else [f"{command}: has {found}"]
        else:
            wrong += [f"{command}: {problem}" for problem in found]
    assert not wrong


def test_the_commands_are_found() -> None:
    found = [command for page in PAGES for command in commands(page.name, page.read_text())]
    assert {words(command.text)[0] for command in found} >= VERBS.keys() - {"help"}
    assert len(found) > 100


@pytest.mark.parametrize(
    ("line", "key"),
    [
        ("mnv3 train recipe.ephocs=3", "recipe.ephocs"),
        ("srun -n 4 mnv3 train task=ssdlite backbone=huge ...", "backbone=huge"),
        ("mnv3 train -m backbone=small,smal", "backbone=smal"),
        ("mnv3 train 'experiment=glob(table9/*)' -m", "table9"),
        ("cd there && .venv/bin/mnv3 eval eval.samples=many  # a comment", "eval.samples=many"),
        ("mnv3 export format=onxx && true", "format=onxx"),
        ("mnv3 tabel 6", "tabel"),
        ("mnv3 table 9", "which=9"),
        ("mnv3 compare recipe.ephocs=3 all=true", "recipe.ephocs"),
        ("mnv3 compare --htlm page.html", "--htlm"),
    ],
)
def test_a_wrong_command_is_found(line: str, key: str) -> None:
    found = list(commands("page", f"Text.\n\n```bash\n{line}\n```\n"))
    assert [command.text for command in found] == [line]
    assert any(key in problem for problem in problems_of(line))


def test_blocks_of_both_kinds_are_read() -> None:
    indented = "Text\n\n    mnv3 env\n\n"
    prompted = "```console\n$ mnv3 train \\\n    seed=1\nmnv3 prints this\n```\n"
    page = indented + prompted + "- a list\n    mnv3 no code\n"
    assert [(command.line, command.text) for command in commands("page", page)] == [
        (3, "mnv3 env"),
        (6, "mnv3 train  seed=1"),
    ]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_relative_links_lead_to_files(page: Path) -> None:
    """Links of docs/ stay inside of it, where the site finds them."""
    links = [link for link in LINK.findall(page.read_text()) if "://" not in link and not link.startswith("#")]
    targets = [(page.parent / link.partition("#")[0]).resolve() for link in links]
    assert not [str(target) for target in targets if not target.is_file()]
    if page.is_relative_to(ROOT / "docs"):
        assert all(target.is_relative_to(ROOT / "docs") for target in targets)


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text().splitlines()) <= 200
