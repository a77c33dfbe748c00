"""`mnv3 bench task=ssdlite`: mnv3's network and torchvision's ssdlite320_mobilenet_v3_large on the same images.

Each contestant has its own process; torchvision's runs with the default allocator and with that of `mnv3 train`.
"""

from collections.abc import Iterator
from functools import partial
from typing import Any

import torch
from omegaconf import DictConfig
from torch import Tensor, nn
from torchvision.models.detection import ssdlite320_mobilenet_v3_large

from mnv3.backbones.inference.fold import fold_norms
from mnv3.backbones.network import backbone_options
from mnv3.ssdlite.model.detector import Detector, build_detector
from mnv3.ssdlite.model.resize import resize
from mnv3.ssdlite.model.targets import PADDING, Targets
from mnv3.tools.bench.peer import Function, Step, finished, three_ways, training_step
from mnv3.tools.bench.rounds import Comparison

BOXES = 100  # rows of padded targets, as in the loader
MOST_BOXES = 15  # real boxes of an image; COCO has 7 on average
PHOTO = (480, 640)  # size of the single image, the most frequent in COCO
NUM_SLOTS = 91  # COCO by category id
BATCH = 32


def comparisons(cfg: DictConfig, device: torch.device) -> Iterator[Comparison]:
    """Yield a training step in float32 and bfloat16, and detection on one photo with the peer's NMS busy and idle."""
    options, batch, place = network_options(cfg), cfg.bench.batch_size or BATCH, str(device)
    for precision in ("float32", "bfloat16"):
        yield three_ways(
            f"training step, batch {batch}, {precision}",
            (our_step, (options, batch, precision, place)),
            (their_step, (options, batch, precision, place)),
        )
    for sure in (False, True):
        nms = "no candidate" if sure else "every anchor a candidate"
        title = f"one {PHOTO[1]} x {PHOTO[0]} image to its detections; {nms} for torchvision"
        yield three_ways(
            title, (our_image, (options, place)), (their_image, (sure, place)), rounds_factor=5, in_a_row=4
        )


def our_step(options: dict[str, Any], batch: int, precision: str, device: str) -> Function:
    """One SGD step from uint8 images and boxes to new weights."""
    images, targets = _random_batch(batch, options["input_size"], device)
    return partial(our_training(options, precision, device), images, targets)


def our_training(options: dict[str, Any], precision: str, device: str) -> Step:
    """One SGD step, a function of a loader's images and targets."""
    detector = make_detector(options).to(device).train().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return training_step(
        detector, lambda images, targets: detector.losses(detector(images), targets)["loss"], precision, device
    )


def their_step(options: dict[str, Any], batch: int, precision: str, device: str) -> Function:
    """The same step with torchvision's detector."""
    images, targets = _random_batch(batch, options["input_size"], device)
    floats = list(images.float() / 255)
    real = [{"boxes": boxes[labels > 0], "labels": labels[labels > 0]} for boxes, labels in zip(*targets, strict=True)]
    return partial(their_training(precision, device), floats, real)


def their_training(precision: str, device: str) -> Step:
    """One SGD step of torchvision's detector, a function of lists of images and targets."""
    detector = make_peer(device).train()
    zero = torch.zeros((), device=device)
    return training_step(
        detector, lambda images, targets: sum(detector(images, targets).values(), zero), precision, device
    )


def our_image(options: dict[str, Any], device: str) -> Function:
    """One uint8 photo to its detections, batch 1, eager mode: resizing, network, NMS."""
    detector = fold_norms(make_detector(options).to(device).eval())
    photo, size = _photo(device), torch.tensor([PHOTO], device=device)

    @torch.inference_mode()
    def detect() -> object:
        image = resize(photo, detector.input_size, detector.preset.resize_rule)
        return finished(detector.detect(detector(image[None]), size))

    return detect


def their_image(sure: bool, device: str) -> Function:
    """The same with torchvision's detector; `sure`: without candidates for NMS (see `ssdlite.bench.engines`)."""
    detector = make_peer(device).eval()
    if sure:
        silence(detector)
    photo = _photo(device)

    @torch.inference_mode()
    def detect() -> object:
        return finished(detector([photo / 255]))

    return detect


def silence(peer: nn.Module) -> None:
    """Raise the background's bias of torchvision's detector until it has no candidate."""
    for predictor in peer.head.classification_head.module_list:  # type: ignore[union-attr]
        predictor[1].bias.data[::NUM_SLOTS] = 20.0


def network_options(cfg: DictConfig) -> dict[str, Any]:
    """Return the options of `make_detector` from the configuration, as plain values."""
    return {
        "preset": cfg.task.preset,
        **backbone_options(cfg.backbone),
        "num_slots": NUM_SLOTS,
        "input_size": tuple(cfg.task.input_size),
    }


def make_detector(options: dict[str, Any]) -> Detector:
    torch.manual_seed(0)
    return build_detector(**options)


def make_peer(device: str) -> nn.Module:
    """Return torchvision's detector as published (halved tail, 320 x 320), with random weights."""
    torch.manual_seed(0)
    return ssdlite320_mobilenet_v3_large(weights=None, weights_backbone=None, num_classes=NUM_SLOTS).to(device)


def _random_batch(batch: int, size: tuple[int, int], device: str) -> tuple[Tensor, Targets]:
    """Return random images and boxes, the same in every process."""
    random = torch.Generator().manual_seed(0)
    height, width = size
    images = torch.randint(0, 256, (batch, 3, height, width), dtype=torch.uint8, generator=random)
    sides = torch.tensor((width, height))
    corners = torch.rand((batch, BOXES, 2), generator=random) * sides * 0.6
    extents = (0.05 + torch.rand((batch, BOXES, 2), generator=random) * 0.35) * sides
    labels = torch.randint(1, NUM_SLOTS, (batch, BOXES), generator=random)
    counts = torch.randint(1, MOST_BOXES + 1, (batch, 1), generator=random)
    labels = labels.where(torch.arange(BOXES) < counts, PADDING)
    return images.to(device), Targets(torch.cat((corners, corners + extents), -1).to(device), labels.to(device))


def _photo(device: str) -> Tensor:
    random = torch.Generator().manual_seed(0)
    return torch.randint(0, 256, (3, *PHOTO), dtype=torch.uint8, generator=random).to(device)
