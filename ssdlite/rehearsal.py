"""The dry run of a training: everything is built and used once, nothing is left."""

import logging
import resource
import sys
import tempfile
import time
from typing import Any

import torch
from omegaconf import DictConfig, OmegaConf, open_dict

from ssdlite.data.datasets import check_same_classes, open_dataset
from ssdlite.evaluate.inference import predict
from ssdlite.training import build, make_loaders
from tools.cost import count
from tools.optim import build_optimizer, make_plan
from tools.progress import quiet_lightning
from tools.training import precision

log = logging.getLogger("mnv3")


def rehearse(cfg: DictConfig) -> None:
    """Build everything, do one training step and one detection, and say what they cost.

    The streets data set is drawn anew, as small as a batch, in a place that is gone afterwards.
    """
    quiet_lightning()
    with tempfile.TemporaryDirectory(prefix="mnv3-dry-") as scratch:
        if cfg.dataset.name == "streets":
            with open_dict(cfg):
                cfg.data.root, cfg.dataset.train, cfg.dataset.val = scratch, cfg.recipe.batch_size, 1
        _rehearse(cfg)


def _rehearse(cfg: DictConfig) -> None:
    config: dict[str, Any] = OmegaConf.to_container(cfg, resolve=True)  # type: ignore[assignment]
    torch.manual_seed(config["seed"])
    train_data, val_data = (open_dataset(cfg.dataset, cfg.data, split, log.info) for split in ("train", "val"))
    check_same_classes(train_data, val_data)
    recipe = config["recipe"]
    plan = make_plan(recipe, -(-len(train_data) // recipe["batch_size"]))
    gpu = config["trainer"]["accelerator"] != "cpu" and torch.cuda.is_available()
    device = torch.device("cuda" if gpu else "cpu")
    detector = build(config, train_data)
    cost = count(detector, torch.zeros(1, 3, *detector.input_size))
    detector.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    config["data"]["workers"] = 0  # one batch only
    loader, _ = make_loaders(config, detector, train_data, val_data, rank=0, world=1)
    batch = next(iter(loader))
    images, targets = batch.images.to(device), type(batch.targets)(*(column.to(device) for column in batch.targets))
    optimizer = build_optimizer(recipe, detector, plan.lr)
    start = time.perf_counter()
    with torch.autocast(device.type, torch.bfloat16, enabled=precision(config) == "bf16-mixed"):
        losses = detector.train().losses(detector(images), targets)
    losses["loss"].backward()
    optimizer.step()
    loss = losses["loss"].item()
    seconds = time.perf_counter() - start
    found = predict(detector.eval(), images, batch.sizes)
    log.info("network         %s SSDLite, preset %s", config["backbone"]["name"], config["task"]["preset"])
    log.info("parameters      %s, %s with batch norm", f"{cost.conv_params:,}", f"{cost.trainable_params:,}")
    log.info("multiply-adds   %s at %d x %d", f"{cost.madds:,}", *detector.input_size)
    log.info("one step        loss %.4f, %.2f s for %d images (later ones are faster)", loss, seconds, len(images))
    log.info("one detection   boxes %s", tuple(found.boxes.shape))
    log.info("memory          %.2f GiB at most, %s", _peak_gib(device), "GPU" if gpu else "this process")
    if cfg.dataset.name != "streets":
        log.info("the run         %d epochs of %d steps, lr %.3g", plan.epochs, plan.steps_per_epoch, plan.lr)


def _peak_gib(device: torch.device) -> float:
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device) / 2**30
    unit = 1 if sys.platform == "darwin" else 1024  # of ru_maxrss: bytes there, KiB on Linux
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**30
