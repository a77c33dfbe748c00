"""Splits a call into flags and overrides."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

SWITCHES = ("-m", "--multirun", "--resolve", "--hydra-help", "--run", "-r", "--experimental-rerun")
WITH_VALUE = ("--cfg", "-c", "--package", "-p", "--config-dir", "-cd", "--config-name", "-cn")
SHOWING = ("--cfg", "-c", "--info", "-i", "--hydra-help")
ALWAYS = ("--help", "-h", *SWITCHES)
WITH_CHOICE = dict.fromkeys(("--info", "-i"), ("all", "config", "defaults", "defaults-tree", "plugins", "searchpath"))


class Arguments(NamedTuple):
    """`flags` in Hydra's own words, `overrides` as key=value, `unknown` flags, and whether help was asked for."""

    flags: list[str]
    overrides: list[str]
    unknown: list[str]
    help: bool

    @property
    def multirun(self) -> bool:
        return "--multirun" in self.flags or "-m" in self.flags

    @property
    def shows(self) -> bool:
        """Whether the call only prints what would run."""
        return any(flag.split("=")[0] in SHOWING for flag in self.flags)

    @property
    def config_dir(self) -> str | None:
        """The folder of further configuration files, if one is named."""
        for place, flag in enumerate(self.flags):
            if flag.startswith(("--config-dir=", "-cd=")):
                return flag.split("=", 1)[1]
            if flag in ("--config-dir", "-cd"):
                return "".join(self.flags[place + 1 : place + 2])
        return None


def split(argv: Sequence[str], words: Sequence[str] = (), rest: str = "") -> Arguments:
    """Sort `argv` (what follows the verb): Hydra 1.3 refuses flags that stand between overrides, so they are gathered.

    Bare words fill the keys `words` in turn, and all others are the list `rest`, as are names of files that look like
    something else; `--key=value` is taken as `key=value`.
    """
    flags: list[str] = []
    overrides: list[str] = []
    unknown: list[str] = []
    wants_help = False
    free_words, gathered = list(words), []
    left = list(argv)
    while left:
        item = left.pop(0)
        name = item.split("=")[0]
        if rest and item not in ALWAYS and _exists(item):  # a file wins over what its name may mean
            gathered.append(quoted(item))
        elif item in ("--help", "-h"):
            wants_help = True
        elif name in SWITCHES or (name in WITH_VALUE and "=" in item):
            flags.append(item)
        elif name in WITH_VALUE:
            flags += [item, *left[:1]]
            del left[:1]
        elif name in WITH_CHOICE:
            flags.append(item)
            if left and left[0] in WITH_CHOICE[name]:
                flags.append(left.pop(0))
        elif item.startswith("-") and "=" in item:
            overrides.append(item.lstrip("-"))
        elif item.startswith("-"):
            unknown.append(item)
            if left and "=" not in left[0] and not left[0].startswith("-"):
                unknown[-1] += f" {left.pop(0)}"
        elif "=" not in item and not item.startswith("~") and free_words:
            overrides.append(f"{free_words.pop(0)}={item}")
        elif rest and "=" not in item and (not item.startswith("~") or item.startswith("~/")):
            gathered.append(quoted(item))
        else:
            overrides.append(item)
    if gathered:
        overrides.append(f"{rest}=[{','.join(gathered)}]")
    return Arguments(flags, overrides, unknown, wants_help)


def _exists(item: str) -> bool:
    """Whether `item` is a file or folder here, where it may look like an override or a flag."""
    try:
        return ("=" in item or item.startswith(("-", "~"))) and Path(item).exists()
    except (OSError, ValueError):  # too long for a name, or with a NUL
        return False


def quoted(text: str) -> str:
    """`text` as a value that Hydra's grammar and OmegaConf read as it is: a backslash is one, unless before a quote, a
    ${ or the end."""
    text = re.sub(r"(\\*)\$\{", r"\1\1\\${", text)
    return "'" + re.sub(r"(\\*)('|$)", lambda found: 2 * found[1] + ("\\'" if found[2] else ""), text) + "'"
