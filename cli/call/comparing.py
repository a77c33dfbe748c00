"""Arguments of `mnv3 compare`: bare words are runs, keys are options or filters."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mnv3.tools.errors import UserError
from mnv3.tools.text.words import closest

OPTIONS = {
    "html": "FILE: write everything as one page, pictures included",
    "png": "FILE: the curves; default: runs/compare/<time>/curves.png",
    "out": "DIR: folder of the pictures; default: runs/compare/<time>",
    "all": "true: every figure of the reports, per class too",
    "wandb": "ENTITY/PROJECT: runs from W&B, in addition to those named",
}
FILES = ("html", "png", "out")
"""Options that name a file or a folder."""
GROUPS = ("backbone", "dataset", "recipe", "experiment")

FILTERS = {
    "task": "name of the task; likewise backbone=, dataset=, recipe=, experiment=",
    "tag": "a tag of W&B, an option's name, or a table of the paper",
    "KEY": "any key of the configuration, such as seed=0,1 or backbone.width=0.*",
}


@dataclass
class Asked:
    """`words`: folders, names or patterns of runs. `filters`: required values. Empty strings: not given."""

    words: list[str] = field(default_factory=list)
    filters: dict[str, str] = field(default_factory=dict)
    html: str = ""
    png: str = ""
    out: str = ""
    wandb: str = ""
    all: bool = False


def parse(argv: Sequence[str]) -> Asked:
    """Parse the arguments; an option may be written --html FILE, --html=FILE or html=FILE.

    Raises UserError with all mistakes.
    """
    asked, problems, rest = Asked(), [], list(argv)
    while rest:
        item = rest.pop(0)
        name, equals, value = item.lstrip("-").partition("=") if not Path(item).exists() else (item, "", "")
        if item.startswith("-") and name not in OPTIONS and not equals:
            near = closest(name, OPTIONS)
            problems.append(f"There is no flag {item}" + (f"; did you mean {near}=?" if near else "; write key=value."))
            continue
        if item.startswith("-") and not equals and name != "all":
            if not rest:
                problems.append(f"--{name} needs a value: --{name} {OPTIONS[name].partition(':')[0]}.")
                continue
            equals, value = "=", rest.pop(0)
        problems += _take(asked, name, equals or item.startswith("-"), value)
    if not problems and not (asked.words or asked.filters or asked.wandb):
        problems.append(
            "No runs are named: give folders (mnv3 compare runs/TASK/A runs/TASK/B), or what they have in common (mnv3 "
            "compare backbone=small)."
        )
    if problems:
        raise UserError(*problems)
    return asked


def _take(asked: Asked, name: str, is_key: object, value: str) -> list[str]:
    """Store a word or a key; return its mistakes."""
    if not is_key:
        asked.words.append(name)
    elif name == "all":
        if value.lower() not in ("", "true", "false"):
            return [f"all={value}: must be true or false."]
        asked.all = value.lower() != "false"
    elif not value:
        return [f"{name}= has no value."]
    elif name == "png" and Path(value).suffix.lower() != ".png":
        return [f"png={value}: must be the name of a .png file."]
    elif name in OPTIONS:
        setattr(asked, name, value)
    else:
        asked.filters[name] = value
    return []
