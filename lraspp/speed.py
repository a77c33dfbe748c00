"""What `mnv3 bench task=lraspp` times: ours and torchvision's lraspp_mobilenet_v3_large on the same frames.

Each contestant runs in a process of its own. torchvision's runs there as it comes; in the memory layout that suits a
CPU better, channels last; and with the memory allocator set as `mnv3 train` sets it. Training has the first of these
alone: a contestant takes 4 to 5 GB there, and all are in memory at once.
"""

from collections.abc import Callable, Iterator
from typing import Any

import torch
import torch.nn.functional as F
from omegaconf import DictConfig
from torch import Tensor, nn
from torchvision.models.segmentation import lraspp_mobilenet_v3_large

from backbones.fold import fold_norms
from backbones.network import backbone_options
from lraspp.cost import PAPER_SIZE, multiply_adds, parameters
from lraspp.data.frames import IGNORE
from lraspp.losses import segmentation_loss
from lraspp.model import Segmenter, build_segmenter
from lraspp.speed_scoring import comparison as scoring
from tools.timing import Comparison, Contestant

FRAME = (1024, 2048)  # of Cityscapes
CROP = (769, 769)  # the authors' training crop
BATCH = 4
NUM_CLASSES = 19
OURS = "mnv3"
THEIRS, THEIRS_LAST = "torchvision", "torchvision, channels last"
THEIRS_LAST_KEEPING = "torchvision, channels last, our allocator"

Function = Callable[[], object]


def cost(cfg: DictConfig) -> str:
    """What the segmenter that `cfg` names costs, in a sentence."""
    segmenter = _segmenter(_options(cfg))
    madds = multiply_adds(segmenter, PAPER_SIZE)
    return (
        f"{parameters(segmenter):,} parameters; {madds.conv:,} multiply-adds in convolutions a frame of "
        f"{PAPER_SIZE[0]} x {PAPER_SIZE[1]}, {madds.total:,.0f} with the element-wise ones that the paper counts"
    )


def comparisons(cfg: DictConfig, device: torch.device) -> Iterator[Comparison]:
    """One frame to its label map; a training step in float32 and in bfloat16; scoring, beside cityscapesscripts."""
    options, batch, place = _options(cfg), cfg.bench.batch_size or BATCH, str(device)
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
    """One uint8 frame to the class of every pixel, batch 1, eager."""
    segmenter = fold_norms(_segmenter(options).to(device))
    frame, _ = _random_batch(1, FRAME, device)

    @torch.inference_mode()
    def label() -> object:
        return _finished(segmenter.labels(segmenter(frame), FRAME))

    return label


def their_frame(channels_last: bool, device: str) -> Function:
    """The same with torchvision's segmenter, the frame normalised beforehand."""
    layout = torch.channels_last if channels_last else torch.contiguous_format
    segmenter = _peer(device).eval().to(memory_format=layout)  # type: ignore[call-overload]
    frame = _random_batch(1, FRAME, device)[0].div(127.5).sub(1).contiguous(memory_format=layout)

    @torch.inference_mode()
    def label() -> object:
        return _finished(segmenter(frame)["out"].argmax(1))

    return label


def our_step(options: dict[str, Any], batch: int, precision: str, device: str) -> Function:
    """One step of SGD from uint8 crops and label maps to new weights."""
    segmenter = _segmenter(options).to(device).train().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    images, labels = _random_batch(batch, CROP, device)
    align = segmenter.preset.align_corners
    return _step(segmenter, lambda: segmentation_loss(segmenter(images), labels, align_corners=align), precision)


def their_step(batch: int, precision: str, device: str) -> Function:
    """The same step of torchvision's segmenter, the crops normalised beforehand."""
    segmenter = _peer(device).train()
    images, labels = _random_batch(batch, CROP, device)
    floats, index = images / 127.5 - 1, labels.long()
    return _step(segmenter, lambda: F.cross_entropy(segmenter(floats)["out"], index, ignore_index=IGNORE), precision)


def _options(cfg: DictConfig) -> dict[str, Any]:
    task, backbone = cfg.task, cfg.backbone
    return {
        "preset": task.preset,
        "head": task.head,
        "filters": task.filters,
        "gate": task.gate,
        "skip": task.skip,
        "pool": task.pool,
        **backbone_options(backbone),
        "output_stride": backbone.output_stride,
        "num_classes": NUM_CLASSES,
    }


def _segmenter(options: dict[str, Any]) -> Segmenter:
    torch.manual_seed(0)
    return build_segmenter(**options)


def _peer(device: str) -> nn.Module:
    """torchvision's segmenter with random weights: V3-Large at output stride 16, its tail not halved."""
    torch.manual_seed(0)
    return lraspp_mobilenet_v3_large(weights=None, weights_backbone=None, num_classes=NUM_CLASSES).to(device)


def _step(network: nn.Module, loss: Callable[[], Tensor], precision: str) -> Function:
    optimizer = torch.optim.SGD(network.parameters(), lr=1e-4, momentum=0.9, weight_decay=4e-5)
    device = next(network.parameters()).device.type

    def step() -> None:
        optimizer.zero_grad()
        with torch.autocast(device, torch.bfloat16, enabled=precision == "bfloat16"):
            value = loss()
        value.backward()
        optimizer.step()
        _finished(None)

    return step


def _random_batch(batch: int, size: tuple[int, int], device: str) -> tuple[Tensor, Tensor]:
    """The same images and label maps in every process; a tenth of the pixels is void."""
    random = torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, (batch, 3, *size), dtype=torch.uint8, generator=random)
    labels = torch.randint(0, NUM_CLASSES, (batch, *size), dtype=torch.uint8, generator=random)
    labels[:, : size[0] // 10] = IGNORE
    return images.to(device), labels.to(device)


def _finished(result: object) -> object:
    """What a GPU was asked for is done only now."""
    if torch.cuda.is_initialized():
        torch.cuda.synchronize()
    return result
