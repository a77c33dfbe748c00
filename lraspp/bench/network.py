"""`mnv3 bench task=lraspp`: mnv3's network and torchvision's lraspp_mobilenet_v3_large on the same frames.

Each contestant runs in its own process. torchvision's runs with default settings, with channels-last memory, which
suits a CPU better, and with the memory allocator set as in `mnv3 train`. Training has only the first of these, because
each contestant takes 4 to 5 GB and all are in memory at once.
"""

from collections.abc import Iterator
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from omegaconf import DictConfig
from torch import Tensor, nn
from torchvision.models.segmentation import lraspp_mobilenet_v3_large

from mnv3.backbones.inference.fold import fold_norms
from mnv3.backbones.network import backbone_options
from mnv3.lraspp.bench.scoring import comparison as scoring
from mnv3.lraspp.data.frames import IGNORE
from mnv3.lraspp.model.losses import segmentation_loss
from mnv3.lraspp.model.segmenter import Segmenter, build_segmenter
from mnv3.tools.bench.contestant import Contestant
from mnv3.tools.bench.peer import OURS, THEIRS, Function, Step, finished, training_step
from mnv3.tools.bench.rounds import Comparison

FRAME = (1024, 2048)  # of Cityscapes
CROP = (769, 769)  # the authors' training crop
BATCH = 4
NUM_CLASSES = 19
THEIRS_LAST, THEIRS_LAST_KEEPING = f"{THEIRS}, channels last", f"{THEIRS}, channels last, our allocator"


def comparisons(cfg: DictConfig, device: torch.device) -> Iterator[Comparison]:
    """Yield one frame to its label map; a training step in float32 and bfloat16; scoring beside cityscapesscripts."""
    options, batch, place = network_options(cfg), cfg.bench.batch_size or BATCH, str(device)
    yield Comparison(
        f"one {FRAME[1]} x {FRAME[0]} frame to its label map",
        OURS,
        {
            OURS: Contestant(our_frame, (options, place), keep_freed=True),
            THEIRS: Contestant(their_frame, (False, place), keep_freed=False),
            THEIRS_LAST: Contestant(their_frame, (True, place), keep_freed=False),
            THEIRS_LAST_KEEPING: Contestant(their_frame, (True, place), keep_freed=True),
        },
        rounds_factor=2,
    )
    for precision in ("float32", "bfloat16"):
        ours, theirs = (options, batch, precision, place), (batch, precision, place)
        yield Comparison(
            f"training step, crop {CROP[0]}, batch {batch}, {precision}",
            OURS,
            {
                OURS: Contestant(our_step, ours, keep_freed=True),
                THEIRS: Contestant(their_step, theirs, keep_freed=False),
            },
        )
    yield scoring()


def our_frame(options: dict[str, Any], device: str) -> Function:
    """One uint8 frame to the class of every pixel, batch 1, eager mode."""
    segmenter = fold_norms(make_segmenter(options).to(device))
    frame, _ = _random_batch(1, FRAME, device)

    @torch.inference_mode()
    def label() -> object:
        return finished(segmenter.labels(segmenter(frame), FRAME))

    return label


def their_frame(channels_last: bool, device: str) -> Function:
    """The same with torchvision's segmenter, on a frame normalised beforehand."""
    layout = torch.channels_last if channels_last else torch.contiguous_format
    segmenter = make_peer(device).eval().to(memory_format=layout)  # type: ignore[call-overload]
    frame = _random_batch(1, FRAME, device)[0].div(127.5).sub(1).contiguous(memory_format=layout)

    @torch.inference_mode()
    def label() -> object:
        return finished(segmenter(frame)["out"].argmax(1))

    return label


def our_step(options: dict[str, Any], batch: int, precision: str, device: str) -> Function:
    """One SGD step from uint8 crops and label maps to new weights."""
    return partial(our_training(options, precision, device), *_random_batch(batch, CROP, device))


def our_training(options: dict[str, Any], precision: str, device: str) -> Step:
    """One SGD step, a function of a loader's crops and label maps."""
    segmenter = make_segmenter(options).to(device).train().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    align = segmenter.preset.align_corners
    return training_step(
        segmenter,
        lambda images, labels: segmentation_loss(segmenter(images), labels, align_corners=align),
        precision,
        device,
    )


def their_step(batch: int, precision: str, device: str) -> Function:
    """The same step with torchvision's segmenter, on crops normalised beforehand."""
    images, labels = _random_batch(batch, CROP, device)
    return partial(their_training(precision, device), images / 127.5 - 1, labels.long())


def their_training(precision: str, device: str) -> Step:
    """One SGD step of torchvision's segmenter, a function of normalised crops and int64 label maps."""
    segmenter = make_peer(device).train()
    return training_step(
        segmenter,
        lambda images, labels: F.cross_entropy(segmenter(images)["out"], labels, ignore_index=IGNORE),
        precision,
        device,
    )


def network_options(cfg: DictConfig) -> dict[str, Any]:
    """Return the options of `make_segmenter` from the configuration, as plain values."""
    task = cfg.task
    return {
        "preset": task.preset,
        "head": task.head,
        "filters": task.filters,
        "gate": task.gate,
        "skip": task.skip,
        "pool": task.pool,
        **backbone_options(cfg.backbone),
        "output_stride": cfg.backbone.output_stride,
        "num_classes": NUM_CLASSES,
    }


def make_segmenter(options: dict[str, Any]) -> Segmenter:
    """Build a segmenter with random weights, the same in every process."""
    torch.manual_seed(0)
    return build_segmenter(**options)


def make_peer(device: str) -> nn.Module:
    """Return torchvision's segmenter with random weights: V3-Large at output stride 16 with a full tail."""
    torch.manual_seed(0)
    return lraspp_mobilenet_v3_large(weights=None, weights_backbone=None, num_classes=NUM_CLASSES).to(device)


def _random_batch(batch: int, size: tuple[int, int], device: str) -> tuple[Tensor, Tensor]:
    """Return random images and label maps, the same in every process; a tenth of the pixels is ignored."""
    random = torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, (batch, 3, *size), dtype=torch.uint8, generator=random)
    labels = torch.randint(0, NUM_CLASSES, (batch, *size), dtype=torch.uint8, generator=random)
    labels[:, : size[0] // 10] = IGNORE
    return images.to(device), labels.to(device)
