"""`mnv3 bench task=ssdlite bench.what=training`: training from image files, the loader alone, the step alone, both.

torchvision's side has the parts of its reference recipe for ssdlite320: CocoDetection, RandomIoUCrop and flip, lists of
images of any size, which the detector resizes, normalises and stacks. The transforms are v2 on tensors, the fastest.
"""

import contextlib
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from omegaconf import DictConfig
from torch.utils.data import DataLoader
from torchvision import tv_tensors
from torchvision.datasets import CocoDetection, wrap_dataset_for_transforms_v2
from torchvision.transforms import v2

from mnv3.ssdlite.bench.network import BATCH, make_peer, network_options, our_training, their_training
from mnv3.ssdlite.data.coco.annotations import load_coco
from mnv3.ssdlite.data.loader import train_loader
from mnv3.ssdlite.model.detector import normalised
from mnv3.ssdlite.model.presets import get_preset
from mnv3.ssdlite.model.targets import Targets
from mnv3.tools.bench.peer import Function, epoch, first_step, loading, three_ways
from mnv3.tools.bench.photos import photo_files, write_coco
from mnv3.tools.bench.rounds import Comparison
from mnv3.tools.data.loader import Loader, worker_count
from mnv3.tools.files.temporaries import scratch_folder

BATCHES = 3  # of a pass over the files: while the first is loaded, no step runs
PRECISION = "float32"


def comparisons(cfg: DictConfig, device: torch.device) -> Iterator[Comparison]:
    """Yield loading on one core, without and with normalising and batching; the step; step and loader."""
    options, batch, place = network_options(cfg), cfg.bench.batch_size or BATCH, str(device)
    images = BATCHES * batch
    with scratch_folder("loading") as folder:
        file = str(write_coco(folder, photo_files(folder, images, cfg.bench.images, cfg.seed), cfg.seed))
        yield three_ways(
            "loader alone, one core: from JPEG files to augmented images",
            (our_loading, (file, options, batch, False)),
            (their_loading, (file, batch, False)),
            images=images,
        )
        yield three_ways(
            "loader alone, one core: from JPEG files to a normalised batch of the network's size",
            (our_loading, (file, options, batch, True)),
            (their_loading, (file, batch, True)),
            images=images,
        )
        yield three_ways(
            f"training step alone, batch {batch}, {PRECISION}",
            (our_step, (file, options, batch, place)),
            (their_step, (file, batch, place)),
            images=batch,
        )
        workers = worker_count("auto", 1)
        yield three_ways(
            f"loader and training step, batch {batch}, {PRECISION}, loader processes: {workers}",
            (our_epoch, (file, options, batch, workers, place)),
            (their_epoch, (file, batch, workers, place)),
            images=images,
            warm_up=1,
        )


def our_loading(file: str, options: dict[str, Any], batch: int, batched: bool) -> Function:
    """A pass over the files on one core; `batched`: also normalised and laid out, as at the detector's start."""

    def lay_out(found: Any) -> object:
        inputs = normalised(found.images, get_preset("paper")) if batched else None
        return None if inputs is None else inputs.contiguous(memory_format=torch.channels_last)

    return loading(_our_loader(file, options, batch, workers=0), lay_out)


def their_loading(file: str, batch: int, batched: bool) -> Function:
    """The same with torchvision; `batched`: also resized, normalised and stacked, as at its detector's start."""
    transform: Any = make_peer("cpu").train().transform
    return loading(
        _their_loader(file, batch, workers=0),
        lambda found: transform(*map(list, found)) if batched else None,
    )


def our_step(file: str, options: dict[str, Any], batch: int, device: str) -> Function:
    """One step on the first batch."""
    loader, step = _our_loader(file, options, batch, workers=0), our_training(options, PRECISION, device)
    return first_step(loader, step, lambda found: _ours_on(found, device))


def their_step(file: str, batch: int, device: str) -> Function:
    """The same by torchvision."""
    loader, step = _their_loader(file, batch, workers=0), their_training(PRECISION, device)
    return first_step(loader, step, lambda found: _theirs_on(found[0], found[1], device))


def our_epoch(file: str, options: dict[str, Any], batch: int, workers: int, device: str) -> Function:
    """A pass over the files with a step for each batch."""
    loader, step = _our_loader(file, options, batch, workers), our_training(options, PRECISION, device)
    return epoch(loader, step, lambda found: _ours_on(found, device))


def their_epoch(file: str, batch: int, workers: int, device: str) -> Function:
    """The same by torchvision."""
    loader, step = _their_loader(file, batch, workers), their_training(PRECISION, device)
    return epoch(loader, step, lambda found: _theirs_on(found[0], found[1], device))


def _our_loader(file: str, options: dict[str, Any], batch: int, workers: int) -> Loader:
    return train_loader(
        load_coco(Path(file), Path(file).parent),
        size=options["input_size"],
        rule=get_preset(options["preset"]).resize_rule,
        augmentation="paper",
        batch_size=batch,
        seed=0,
        workers=workers,
    )


def _ours_on(found: Any, device: str) -> tuple[Any, Targets]:
    return found.images.to(device), Targets(found.targets.boxes.to(device), found.targets.labels.to(device))


def _their_loader(file: str, batch: int, workers: int) -> DataLoader[Any]:
    torch.manual_seed(0)
    augmentation = v2.Compose(
        [
            v2.ToImage(),
            v2.RandomIoUCrop(),
            v2.RandomHorizontalFlip(),
            v2.ToDtype(torch.float32, scale=True),
            v2.ConvertBoundingBoxFormat(tv_tensors.BoundingBoxFormat.XYXY),
            v2.SanitizeBoundingBoxes(),
            v2.ToPureTensor(),
        ]
    )
    with contextlib.redirect_stdout(io.StringIO()):  # pycocotools prints its progress
        data = CocoDetection(Path(file).parent, file, transforms=augmentation)
    dataset: Any = wrap_dataset_for_transforms_v2(data, target_keys=("boxes", "labels", "image_id"))
    return DataLoader(
        dataset,
        batch_size=batch,
        shuffle=True,
        num_workers=workers,
        persistent_workers=workers > 0,
        collate_fn=_listed,
    )


def _listed(samples: list[Any]) -> tuple[Any, ...]:
    return tuple(zip(*samples, strict=True))


def _theirs_on(images: Any, targets: Any, device: str) -> tuple[list[Any], list[Any]]:
    """Move a batch to the device, with the parts of the targets that torchvision's detector uses."""
    kept = [{name: target[name].to(device) for name in ("boxes", "labels")} for target in targets]
    return [image.to(device) for image in images], kept
