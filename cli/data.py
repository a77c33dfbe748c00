"""mnv3 data: list, check or get data sets."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from omegaconf import DictConfig

from tools.errors import UserError


class Entry(NamedTuple):
    """A row of `mnv3 data list`. `present`: a file or folder under the data root that tells that it is there."""

    task: str
    present: tuple[str, ...]
    size: str
    licence: str
    how: str


CATALOGUE = {
    "streets": Entry("detection", ("streets/coco-*",), "60 MB", "ours", "drawn on first use"),
    "coco": Entry(
        "detection",
        ("coco/annotations", "annotations"),
        "20.4 GB (parts=[val]: 1.1 GB)",
        "annotations CC BY 4.0; photos: Flickr's terms",
        "mnv3 data get coco",
    ),
    "coco_json": Entry("detection", (), "yours", "yours", "dataset.{train,val}_json=, dataset.{train,val}_images="),
    "cityscapes": Entry(
        "segmentation",
        ("cityscapes/gtFine",),
        "11.2 GB",
        "non-commercial, needs an account",
        "mnv3 data get cityscapes",
    ),
}


def run(cfg: DictConfig) -> None:
    """Do `cfg.action`. Raises UserError for a data set that is not there or cannot be used."""
    ACTIONS[cfg.action](cfg)


def _list(cfg: DictConfig) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    root = Path(cfg.data.root).expanduser()
    table = Table("data set", "task", "in the data root", "size", "licence", "how to get it", box=None)
    for name, entry in CATALOGUE.items():
        found = sorted(path for pattern in entry.present for path in root.glob(pattern))
        present = str(found[0].relative_to(root)) if found else ("no" if entry.present else "anywhere")
        table.add_row(*map(escape, (name, entry.task, present, entry.size, entry.licence, entry.how)))
    console = Console()
    console.width = max(console.width, 200) if not console.is_terminal else console.width  # no wrapping in pipes
    console.print(table)
    console.print(f"Data root: {root.resolve()} (data.root=DIR, or the environment variable MNV3_DATA)", soft_wrap=True)


def _check(cfg: DictConfig) -> None:
    from ssdlite.data.check import check_split
    from ssdlite.data.coco import CocoData
    from ssdlite.data.datasets import check_same_classes, open_dataset

    out = Path(cfg.out or f"runs/data/{cfg.dataset.name}").expanduser()
    lenient = {**cfg.data, "on_error": "skip"}  # a missing image is a finding here
    problems: list[str] = []
    opened: dict[str, CocoData] = {}
    for split in [cfg.split] if cfg.split else ["train", "val"]:
        try:
            opened[split] = open_dataset(cfg.dataset, DictConfig(lenient), split, print)
        except UserError as error:
            problems += error.problems
            continue
        problems += check_split(opened[split], split, out, print)
    if len(opened) == 2:
        problems += _mistakes(lambda: check_same_classes(opened["train"], opened["val"]))
    if problems:
        raise UserError(*problems)
    print("Fit for use.")


def _mistakes(check: Callable[[], None]) -> tuple[str, ...]:
    try:
        check()
    except UserError as error:
        return error.problems
    return ()


def _get(cfg: DictConfig) -> None:
    root = Path(cfg.data.root).expanduser()
    if cfg.target == "coco":
        from ssdlite.data.get_coco import get_coco

        get_coco(root / "coco", cfg.parts, cfg.address.rstrip("/"), dry=cfg.dry)
    elif cfg.target == "cityscapes":
        from tools.cityscapes import get_cityscapes

        get_cityscapes(root / "cityscapes", dry=cfg.dry)
    else:
        known = "`mnv3 data get coco` or `mnv3 data get cityscapes`; `mnv3 data list` tells how to come by the others."
        raise UserError(f"Nothing to get for '{cfg.target}': {known}" if cfg.target else f"Get what? {known}")


ACTIONS = {"list": _list, "check": _check, "get": _get}
