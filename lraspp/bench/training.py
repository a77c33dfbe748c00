"""`mnv3 bench task=lraspp bench.what=training`: training from frames, the loader alone, the step alone, both.

The frames are drawn street scenes in Cityscapes' layout and size. mnv3 is timed from their PNG files and from decoded
copies (`mnv3 data cache`), torchvision from its Cityscapes data set with its reference recipe's v2 transforms.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from omegaconf import DictConfig, OmegaConf
from torch.utils.data import DataLoader
from torchvision import tv_tensors
from torchvision.datasets import Cityscapes, wrap_dataset_for_transforms_v2
from torchvision.transforms import v2

from mnv3.lraspp.bench.network import (
    BATCH,
    CROP,
    FRAME,
    NUM_CLASSES,
    network_options,
    our_training,
    their_training,
)
from mnv3.lraspp.data.augment import SCALES
from mnv3.lraspp.data.cache import write_copies
from mnv3.lraspp.data.frames import IGNORE, FrameData
from mnv3.lraspp.data.loader import train_loader
from mnv3.lraspp.data.sets import cache_folder, open_dataset
from mnv3.tools.bench.contestant import Contestant
from mnv3.tools.bench.peer import OURS, THEIRS, Function, epoch, first_step, loading
from mnv3.tools.bench.rounds import Comparison
from mnv3.tools.data.loader import Loader, worker_count
from mnv3.tools.files.temporaries import scratch_folder

BATCHES = 2  # of a pass over the frames
PRECISION = "float32"
COPIES = "mnv3, decoded copies"

Place = dict[str, dict[str, Any]]


def comparisons(cfg: DictConfig, device: torch.device) -> Iterator[Comparison]:
    """Yield loading on one core; the step; step and loader."""
    options, batch, on = network_options(cfg), cfg.bench.batch_size or BATCH, str(device)
    frames = BATCHES * batch
    workers = worker_count("auto", 1)
    with scratch_folder("loading") as folder:
        plain, cached = (_place(str(folder), frames, cache) for cache in ("none", "copies"))
        data = _open(cached)
        write_copies(data, cache_folder(data, OmegaConf.create(cached["data"])), _silent)
        where = str(data.folder)
        yield _comparison(
            f"loader alone, one core: from frames of {FRAME[1]} x {FRAME[0]} to crops of {CROP[1]} x {CROP[0]}",
            {
                OURS: (our_loading, (plain, batch)),
                COPIES: (our_loading, (cached, batch)),
                THEIRS: (their_loading, (where, batch)),
            },
            images=frames,
        )
        yield _comparison(
            f"training step alone, batch {batch}, {PRECISION}",
            {OURS: (our_step, (plain, options, batch, on)), THEIRS: (their_step, (where, batch, on))},
            images=batch,
        )
        yield _comparison(
            f"loader and training step, batch {batch}, {PRECISION}, loader processes: {workers}",
            {
                OURS: (our_epoch, (plain, options, batch, workers, on)),
                COPIES: (our_epoch, (cached, options, batch, workers, on)),
                THEIRS: (their_epoch, (where, batch, workers, on)),
            },
            images=frames,
            warm_up=1,
        )


def _comparison(title: str, contestants: dict[str, tuple[Any, ...]], **more: Any) -> Comparison:
    """Build a comparison: ours with the allocator of `mnv3 train`, theirs with default settings."""
    each = {name: Contestant(*work, keep_freed=name != THEIRS) for name, work in contestants.items()}
    return Comparison(title, OURS, each, **more)


def our_loading(place: Place, batch: int) -> Function:
    """A pass over the frames on one core."""
    return loading(_our_loader(place, batch, workers=0))


def their_loading(folder: str, batch: int) -> Function:
    """The same by torchvision."""
    return loading(_their_loader(folder, batch, workers=0))


def our_step(place: Place, options: dict[str, Any], batch: int, device: str) -> Function:
    """One step on the first batch."""
    loader, step = _our_loader(place, batch, workers=0), our_training(options, PRECISION, device)
    return first_step(loader, step, lambda found: (found.images.to(device), found.labels.to(device)))


def their_step(folder: str, batch: int, device: str) -> Function:
    """The same by torchvision."""
    loader, step = _their_loader(folder, batch, workers=0), their_training(PRECISION, device)
    return first_step(loader, step, lambda found: (found[0].to(device), _known(found[1]).to(device)))


def our_epoch(place: Place, options: dict[str, Any], batch: int, workers: int, device: str) -> Function:
    """A pass over the frames with a step for each batch."""
    loader, step = _our_loader(place, batch, workers), our_training(options, PRECISION, device)
    return epoch(loader, step, lambda found: (found.images.to(device), found.labels.to(device)))


def their_epoch(folder: str, batch: int, workers: int, device: str) -> Function:
    """The same by torchvision."""
    loader, step = _their_loader(folder, batch, workers), their_training(PRECISION, device)
    return epoch(loader, step, lambda found: (found[0].to(device), _known(found[1]).to(device)))


def _place(folder: str, frames: int, cache: str) -> Place:
    """Return the sections `dataset` and `data` of the configuration; `cache`: the folder of decoded copies, if any."""
    height, width = FRAME
    return {
        "dataset": {"name": "streets", "seed": 0, "train": frames, "val": 1, "height": height, "width": width},
        "data": {"root": folder, "on_error": "raise", "cache": str(Path(folder, cache))},
    }


def _open(place: Place) -> FrameData:
    return open_dataset(OmegaConf.create(place["dataset"]), OmegaConf.create(place["data"]), "train", _silent)


def _our_loader(place: Place, batch: int, workers: int) -> Loader:
    return train_loader(_open(place), crop=CROP, augmentation="paper", batch_size=batch, seed=0, workers=workers)


def _their_loader(folder: str, batch: int, workers: int) -> DataLoader[Any]:
    torch.manual_seed(0)
    least, *_, most = (round(scale * FRAME[0]) for scale in SCALES)
    augmentation = v2.Compose(
        [
            v2.ToImage(),
            v2.RandomResize(min_size=least, max_size=most),
            v2.RandomHorizontalFlip(),
            v2.RandomCrop(CROP, pad_if_needed=True, fill={tv_tensors.Mask: IGNORE, "others": 0}),
            v2.ToDtype({tv_tensors.Image: torch.float32, tv_tensors.Mask: torch.int64, "others": None}, scale=True),
            v2.Normalize([0.5] * 3, [0.5] * 3),
            v2.ToPureTensor(),
        ]
    )
    data = Cityscapes(folder, split="train", mode="fine", target_type="semantic", transforms=augmentation)
    dataset: Any = wrap_dataset_for_transforms_v2(data)
    return DataLoader(
        dataset,
        batch_size=batch,
        shuffle=True,
        num_workers=workers,
        persistent_workers=workers > 0,
    )


def _known(labels: torch.Tensor) -> torch.Tensor:
    """Map Cityscapes' ids to classes of the network, which torchvision's data set leaves to the user."""
    return labels.where(labels < NUM_CLASSES, IGNORE).flatten(0, -3)


def _silent(line: str) -> None:
    pass
