"""Parts that take another way on a GPU."""

import numpy as np
import pytest
import torch
from torch import nn

from mnv3.lraspp.data.classes import CAMVID
from mnv3.lraspp.evaluate.confusion import ConfusionMatrix
from mnv3.lraspp.model.losses import segmentation_loss
from mnv3.lraspp.model.lovasz import lovasz_softmax
from mnv3.ssdlite.model.losses import box_loss, focal_loss, hard_negative_loss
from mnv3.tools.training.trainer import _on_the_way, share_batch_norm

SCALE = 65536.0
"""GradScaler's first factor on the loss."""

SLOTS = torch.randint(0, 21, (2, 300), generator=torch.Generator().manual_seed(0))
SLOTS[:, 20:] = 0
LABELS = torch.randint(0, 5, (2, 40, 48), generator=torch.Generator().manual_seed(0)).to(torch.uint8)
LOSSES = {
    "focal": ((2, 300, 21), lambda x: focal_loss(x, SLOTS.to(x.device), 0.75)),
    "hard negatives": ((2, 300, 21), lambda x: hard_negative_loss(x, SLOTS.to(x.device)) / 64),
    "boxes": (
        (2, 300, 4),
        lambda x: box_loss(x, torch.zeros_like(x, dtype=torch.float32), SLOTS.to(x.device) > 0) / 64,
    ),
    "cross-entropy": ((2, 5, 5, 6), lambda x: segmentation_loss(x, LABELS.to(x.device), align_corners=True)),
    "ohem": ((2, 5, 5, 6), lambda x: segmentation_loss(x, LABELS.to(x.device), align_corners=True, ohem=0.7)),
    "lovasz": ((2, 5, 5, 6), lambda x: lovasz_softmax(x.float().softmax(1), LABELS[:, ::8, ::8].to(x.device))),
}


@pytest.mark.parametrize("deterministic", [False, True])
@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, 1e-4), (torch.bfloat16, 1e-2), (torch.float16, 3e-3)])
@pytest.mark.parametrize("name", LOSSES)
def test_losses_and_gradients_are_those_of_a_cpu(name, dtype, tolerance, deterministic) -> None:
    shape, loss = LOSSES[name]
    torch.manual_seed(0)
    outputs = (torch.randn(shape) * 2 - 4).to(dtype)
    found = []
    torch.use_deterministic_algorithms(deterministic)
    try:
        for device in ("cpu", "cuda"):
            x = outputs.to(device).clone().requires_grad_()
            value = loss(x)
            (value * SCALE).backward()
            assert x.grad is not None
            found.append((value.detach().cpu(), x.grad.float().cpu()))
    finally:
        torch.use_deterministic_algorithms(False)
    (value, gradient), (other, theirs) = found
    torch.testing.assert_close(value, other, rtol=1e-4, atol=0)
    torch.testing.assert_close(gradient, theirs, rtol=tolerance, atol=tolerance * float(gradient.abs().max()))


def test_pixels_are_counted_without_waiting() -> None:
    rng = np.random.default_rng(0)
    truth, predicted = (torch.from_numpy(rng.integers(0, 11, (4, 512, 512), dtype=np.uint8)) for _ in range(2))
    here, there = ConfusionMatrix(CAMVID), ConfusionMatrix(CAMVID, "cuda")
    here.add(predicted, truth)
    there.add(predicted.cuda(), truth.cuda())
    np.testing.assert_array_equal(here.total(), there.total())
    torch.cuda.set_sync_debug_mode("error")
    try:
        there.add(predicted.cuda(non_blocking=True), truth.cuda(non_blocking=True))
    finally:
        torch.cuda.set_sync_debug_mode("default")


@pytest.mark.parametrize(("wanted", "batch", "shared"), [(None, 8, True), (None, 64, False), (False, 8, False)])
def test_batch_norm_is_shared_where_each_gpu_has_few_images(wanted, batch, shared) -> None:
    network = nn.Sequential(nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4))
    strategy = type("Strategy", (), {"root_device": torch.device("cuda")})
    trainer = type("Trainer", (), {"world_size": 2, "strategy": strategy})
    config = {"trainer": {"sync_batchnorm": wanted}, "recipe": {"batch_size": batch}}
    share_batch_norm(network, config, trainer())  # type: ignore[arg-type]
    assert isinstance(network[1], nn.SyncBatchNorm) == shared


def test_a_step_does_not_wait_for_its_loss() -> None:
    loss = torch.zeros((), device="cuda")
    torch.cuda.set_sync_debug_mode("error")
    try:
        flag, arrival = _on_the_way((~torch.isfinite(loss)).to(torch.int32))
    finally:
        torch.cuda.set_sync_debug_mode("default")
    arrival.synchronize()
    assert flag.item() == 0
