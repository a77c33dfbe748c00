"""Dry run of a training: builds and uses everything once, leaves nothing."""

import logging
import resource
import sys
import time
from typing import Any

import torch
from omegaconf import DictConfig, OmegaConf, open_dict

from mnv3.tools.files.temporaries import scratch_folder
from mnv3.tools.machine.precision import DTYPES, training_precision, training_remarks
from mnv3.tools.paper.cost import count
from mnv3.tools.task import Training
from mnv3.tools.training.automatic import settle
from mnv3.tools.training.optim import build_optimizer, make_plan
from mnv3.tools.training.progress import quiet_lightning
from mnv3.tools.training.run import open_data

log = logging.getLogger("mnv3")


def rehearse(task: Training, cfg: DictConfig) -> None:
    """Build everything, do one training step and one prediction, and log their cost.
    The streets data set is drawn anew, as small as a batch, in a temporary folder."""
    quiet_lightning()
    with scratch_folder("dry") as scratch:
        if cfg.dataset.name == "streets":
            with open_dict(cfg):
                cfg.data.root, cfg.dataset.train, cfg.dataset.val = str(scratch), cfg.recipe.batch_size, 1
        _rehearse(task, cfg)


def _rehearse(task: Training, cfg: DictConfig) -> None:
    torch.manual_seed(cfg.seed)
    train_data, val_data = open_data(task, cfg)
    settle(task, cfg, train_data, None)
    config: dict[str, Any] = OmegaConf.to_container(cfg, resolve=True)  # type: ignore[assignment]
    recipe = config["recipe"]
    plan = make_plan(recipe, -(-len(train_data) // recipe["batch_size"]))
    gpu = config["trainer"]["accelerator"] != "cpu" and torch.cuda.is_available()
    device = torch.device("cuda" if gpu else "cpu")
    for remark in training_remarks(config):
        log.warning(remark)
    network = task.build(config, train_data)
    size = task.input_size(config, train_data)
    cost = count(network, torch.zeros(1, 3, *size))
    config["data"]["workers"] = 0  # one batch only
    loader, _ = task.loaders(config, network, train_data, val_data, rank=0, world=1)
    module = task.module(config, network, plan, train_data, val_data)
    module.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    batch = module.transfer_batch_to_device(next(iter(loader)), device, 0)
    optimizer = build_optimizer(recipe, network, plan.lr)
    start = time.perf_counter()
    loss = _step(module, batch, optimizer, training_precision(config))
    seconds = time.perf_counter() - start
    found = task.rehearse_prediction(network.eval(), batch)
    log.info("network         %s %s, preset %s", config["backbone"]["name"], task.title, config["task"]["preset"])
    log.info("parameters      %s, %s with batch norm", f"{cost.conv_params:,}", f"{cost.trainable_params:,}")
    log.info("multiply-adds   %s at %d x %d", f"{cost.madds:,}", *size)
    log.info(
        "one step        loss %.4f, %.2f s for %d images (later ones are faster)", loss, seconds, len(batch.images)
    )
    log.info("arithmetic      %s", training_precision(config))
    log.info("one prediction  %s", found)
    log.info("memory          %.2f GiB at most, %s", _peak_gib(device), "GPU" if gpu else "this process")
    if cfg.dataset.name != "streets":
        log.info("the run         %d epochs of %d steps, lr %.3g", plan.epochs, plan.steps_per_epoch, plan.lr)


def _step(module: Any, batch: Any, optimizer: torch.optim.Optimizer, precision: str) -> float:
    """Return the loss of one training step as in the run; if 16-mixed's scaling overflows, the weights stay."""
    device = batch.images.device.type
    scaler = torch.GradScaler(device, enabled=precision == "16-mixed")
    with torch.autocast(device, DTYPES[precision], enabled=precision != "32-true"):
        losses = module.train().losses(batch)
    scaler.scale(losses["loss"]).backward()
    scaler.step(optimizer)
    return losses["loss"].item()


def _peak_gib(device: torch.device) -> float:
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device) / 2**30
    unit = 1 if sys.platform == "darwin" else 1024  # of ru_maxrss: bytes there, KiB on Linux
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**30
