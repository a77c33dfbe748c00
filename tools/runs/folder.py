"""The folder of a run: configuration, environment, results."""

import csv
import json
import logging
import math
import os
import re
import shlex
import sys
from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf

from mnv3.tools.errors import UserError
from mnv3.tools.files.write import write_json, write_text

log = logging.getLogger("mnv3")

TENSORBOARD = "tensorboard"
"""Folder of TensorBoard's files in a run folder."""

DESCRIBED = ("config.yaml", "overrides.txt", "command.txt", "env.json")
RESULTS = ("facts.json", "metrics.csv", "metrics.json", "checkpoints", "plots", "samples", "predictions", TENSORBOARD)
"""Content of a run folder from the start, and later."""

LARGEST_REPORT = 50_000_000
"""Most bytes of a metrics.json."""

MOST_EPOCHS = 100_000
"""Most rows of a metrics.csv."""

LARGEST_NUMBER = 1e39
"""Of a metrics.csv: no 32-bit number of training is larger, and plots have room to compute."""

EPOCH = re.compile(r"[1-9]\d{0,8}", re.ASCII)


def display_path(path: Path) -> str:
    """Return `path` as a user would type it: relative to the current folder if below it."""
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


class RunFolder:
    """Paths of runs/<task>/<name>/; the files are written by the modules that produce their content."""

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        self.config = self.path / "config.yaml"
        self.checkpoints = self.path / "checkpoints"
        self.last = self.checkpoints / "last.ckpt"
        self.best = self.checkpoints / "best.ckpt"
        self.facts = self.path / "facts.json"
        self.metrics_csv = self.path / "metrics.csv"
        self.samples = self.path / "samples"

    def __str__(self) -> str:
        return display_path(self.path)

    def refuse_foreign(self) -> None:
        """Raise UserError if a run would overwrite files in the folder and the folder is not a run."""
        if all((self.path / name).is_file() for name in DESCRIBED):
            return
        there = [name for name in (*DESCRIBED, *RESULTS) if os.path.lexists(self.path / name)]
        if there:
            raise UserError(
                f"{self}: this is not a run folder, and a run would overwrite what is there ({', '.join(there)}). "
                "Nothing was written: give another folder."
            )

    def describe(
        self, config: Mapping[str, Any], overrides: Sequence[str], argv: Sequence[str], env: Mapping[str, Any]
    ) -> None:
        """Write what defines the run: config.yaml (resolved), overrides.txt (one per line), command.txt, env.json."""
        write_text(self.config, OmegaConf.to_yaml(OmegaConf.create(dict(config))))
        write_text(self.path / "overrides.txt", "".join(f"{override}\n" for override in overrides))
        write_text(self.path / "command.txt", shlex.join(argv) + "\n")
        write_json(self.path / "env.json", dict(env))


def is_finite(value: Any) -> bool:
    """Return whether a value from a file is a number (no boolean) within float's range: JSON integers are unlimited."""
    return type(value) in (int, float) and -sys.float_info.max <= value <= sys.float_info.max  # NaN is neither


def refuse_links(folder: Path) -> None:
    """Raise UserError if the folder, or a link in it, leads out of it: it is written to.
    Folders of W&B, of training and of each evaluation, are skipped: they have links of its own."""
    home = folder.parent.resolve() / folder.name
    if not folder.exists():
        return
    if folder.is_symlink():
        raise UserError(f"{folder} is a link to {folder.resolve()}; give that folder itself.")
    for place, folders, files in os.walk(folder):
        for name in (*folders, *files):
            path = Path(place, name)
            if path.is_symlink() and not path.resolve().is_relative_to(home):
                raise UserError(
                    f"{path} is a link to {path.resolve()}, outside of the run's folder, where a run writes "
                    "nothing; replace it by what it leads to."
                )
        if "wandb" in folders:
            folders.remove("wandb")


def read_report(path: Path) -> dict[str, Any] | None:
    """Return the content of a metrics.json, None if unreadable."""
    try:
        if path.stat().st_size > LARGEST_REPORT:
            return None
        content = json.loads(path.read_text())
    except (OSError, ValueError, RecursionError):
        return None
    return content if isinstance(content, dict) else None


def read_figures(folder: Path) -> dict[str, float]:
    """Return the finite numbers of a folder's metrics.json, empty if it cannot be read."""
    report = read_report(folder / "metrics.json") or {}
    return {name: value for name, value in report.items() if is_finite(value)}


def read_metrics(path: Path) -> list[dict[str, str]]:
    """Return the rows of a metrics.csv, cells as numeric text or empty; an empty list without the file.
    Anything else in a damaged file is skipped, as are rows without an epoch, with a warning."""
    if not path.exists():
        return []
    rows: list[dict[str, str]] = []
    whole = True
    try:
        with path.open(newline="", errors="replace") as file:
            for cells in islice(csv.DictReader(line.replace("\0", "") for line in file), MOST_EPOCHS):
                row = {name: cell or "" for name, cell in cells.items() if name and _is_cell(cell)}
                is_epoch = EPOCH.fullmatch(row.get("epoch", "")) is not None
                rows += [row] if is_epoch else []
                whole = whole and is_epoch and len(row) == len(cells)
    except csv.Error:
        whole = False
    if not whole:
        log.warning(
            "%s is damaged: cells that are not numbers and lines without an epoch are skipped.", display_path(path)
        )
    return rows


def _is_cell(text: Any) -> bool:
    """Return whether `text` is a valid cell: empty, not finite, or a number that can be plotted."""
    try:
        value = float(text or 0)
    except (TypeError, ValueError):
        return False
    return not math.isfinite(value) or abs(value) <= LARGEST_NUMBER
