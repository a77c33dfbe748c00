"""Split a call into flags and overrides."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

SWITCHES = ("-m", "--multirun", "--resolve", "--hydra-help", "--run", "-r")
"""Hydra's flags except --experimental-rerun, which unpickles a file and so executes code from it."""
WITH_VALUE = ("--cfg", "-c", "--package", "-p", "--config-dir", "-cd", "--config-name", "-cn")
ONE_OF = {"-m": "-m", "--multirun": "-m", "--run": "--run", "-r": "--run"} | {
    "--cfg": "--cfg", "-c": "--cfg", "--info": "--info", "-i": "--info",
}  # fmt: skip
"""Mutually exclusive flags -> the name used in messages."""

PARTS = ("job", "hydra", "all")
"""Choices of --cfg."""

SHOWING = ("--cfg", "-c", "--info", "-i", "--hydra-help")
ALWAYS = ("--help", "-h", *SWITCHES)
WITH_CHOICE = dict.fromkeys(("--info", "-i"), ("all", "config", "defaults", "defaults-tree", "plugins", "searchpath"))


class Arguments(NamedTuple):
    """Hydra's `flags`, `overrides` as key=value, `unknown` flags, and whether help was requested."""

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
        """Mistakes in the flags, for which Hydra would raise or print its own message."""
        names = [flag.split("=")[0] for flag in self.flags]
        given = list(dict.fromkeys(ONE_OF[name] for name in names if name in ONE_OF))
        if self.shows and "-m" in given:  # reported by cli.call.mistakes
            given.remove("-m")
        problems = [f"{' and '.join(given)} are mutually exclusive: give only one."] if len(given) > 1 else []
        if "--resolve" in names and "--cfg" not in given:
            problems.append("--resolve is for --cfg job: it prints the configuration with all its values.")
        for place, name in enumerate(names):
            if name in ("--cfg", "-c"):
                value = self.flags[place].partition("=")[2] or "".join(self.flags[place + 1 : place + 2])
                problems += [] if value in PARTS else [f"--cfg {value}: must be job, hydra or all."]
        return problems

    @property
    def config_dir(self) -> str | None:
        """The folder of additional configuration files, if the call names one."""
        for place, flag in enumerate(self.flags):
            if flag.startswith(("--config-dir=", "-cd=")):
                return flag.split("=", 1)[1]
            if flag in ("--config-dir", "-cd"):
                return "".join(self.flags[place + 1 : place + 2])
        return None


def split(argv: Sequence[str], words: Sequence[str] = (), rest: str = "") -> Arguments:
    """Sort `argv` (what follows the verb): Hydra 1.3 rejects flags between overrides, so they are collected.

    Bare words fill the keys `words` in turn; the remaining ones form the list `rest`, and so do names of existing files
    that look like overrides or flags. `--key=value` means `key=value`.
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
        if rest and item not in ALWAYS and _exists(item):  # existing files win over overrides and flags
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
    """Whether `item` looks like an override or a flag, but is an existing file or folder."""
    try:
        return ("=" in item or item.startswith(("-", "~"))) and Path(item).exists()
    except (OSError, ValueError):  # the name is too long, or contains a NUL
        return False


def quoted(text: str) -> str:
    """Quote `text` for Hydra's grammar and OmegaConf: backslashes are doubled only before a quote, a ${ or the end."""
    text = literal(text)
    return "'" + re.sub(r"(\\*)('|$)", lambda found: 2 * found[1] + ("\\'" if found[2] else ""), text) + "'"


def literal(text: str) -> str:
    """Escape `text` for OmegaConf, which reads ${ as the start of an interpolation."""
    return re.sub(r"(\\*)\$\{", r"\1\1\\${", text)
