"""Splits a call into flags and overrides."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

SWITCHES = ("-m", "--multirun", "--resolve", "--hydra-help", "--run", "-r")
"""Of Hydra's own all but --experimental-rerun, which unpickles a file and so runs what is in it."""
WITH_VALUE = ("--cfg", "-c", "--package", "-p", "--config-dir", "-cd", "--config-name", "-cn")
ONE_OF = {"-m": "-m", "--multirun": "-m", "--run": "--run", "-r": "--run"} | {
    "--cfg": "--cfg", "-c": "--cfg", "--info": "--info", "-i": "--info",
}  # fmt: skip
"""Flags that each say what is done with the call, by the name they are told by."""

PARTS = ("job", "hydra", "all")
"""What --cfg prints."""

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
    def mistakes(self) -> list[str]:
        """What is wrong with the flags, which Hydra would end with an exception or in its own words."""
        names = [flag.split("=")[0] for flag in self.flags]
        given = list(dict.fromkeys(ONE_OF[name] for name in names if name in ONE_OF))
        if self.shows and "-m" in given:  # of which the mistakes of the whole call tell
            given.remove("-m")
        problems = [f"{' and '.join(given)} do not go together: give one of them."] if len(given) > 1 else []
        if "--resolve" in names and "--cfg" not in given:
            problems.append("--resolve is for --cfg job: it prints the configuration with all its values.")
        for place, name in enumerate(names):
            if name in ("--cfg", "-c"):
                value = self.flags[place].partition("=")[2] or "".join(self.flags[place + 1 : place + 2])
                problems += [] if value in PARTS else [f"--cfg {value}: must be job, hydra or all."]
        return problems

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
