"""A training run of any task, from its configuration to its report."""

import logging
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from omegaconf import DictConfig, OmegaConf
from torch import nn

from mnv3.tools.drawing.curves import plot_training
from mnv3.tools.files.write import write_json
from mnv3.tools.machine.precision import training_remarks
from mnv3.tools.paper.cost import count
from mnv3.tools.runs.folder import RunFolder, display_path, read_metrics
from mnv3.tools.runs.wandb_run import finishing
from mnv3.tools.task import Training
from mnv3.tools.text.progress import counted
from mnv3.tools.training.automatic import settle
from mnv3.tools.training.module import TrainingModule
from mnv3.tools.training.optim import Plan, make_plan
from mnv3.tools.training.progress import quiet_lightning
from mnv3.tools.training.ranks import watched
from mnv3.tools.training.resuming import Restored, check_resumed, restoring
from mnv3.tools.training.trackers import Trackers, check_trackers, start_trackers
from mnv3.tools.training.trainer import build_trainer, share_batch_norm
from mnv3.tools.weights.checkpoint import read_checkpoint

log = logging.getLogger("mnv3")


def fit_and_score(task: Training, cfg: DictConfig, folder: RunFolder, begin: Callable[[], None]) -> None:
    """Train, or resume training, in `folder`, then evaluate the best checkpoint there.

    `begin` is called once all inputs are validated, just before training starts (rank 0).

    Raises:
        UserError: a mistake in the configuration, the data or a weights file.
        tools.training.trainer.NonFiniteLoss: training diverged.
    """
    quiet_lightning()
    check_trackers(cfg.logger)
    torch.manual_seed(cfg.seed)
    train_data, val_data = open_data(task, cfg)
    settle(task, cfg, train_data, folder.path if cfg.resume and folder.last.exists() else None)
    config: dict[str, Any] = OmegaConf.to_container(cfg, resolve=True)  # type: ignore[assignment]
    plan = make_plan(config["recipe"], -(-len(train_data) // config["recipe"]["batch_size"]))
    network = task.build(config, train_data)
    resumed = folder.last if config["resume"] and folder.last.exists() else None
    if resumed is not None:
        check_resumed(folder, config, task.name)
    names = partial(task.names, train_data=train_data)
    restored = Restored()
    trainer = build_trainer(config, plan, folder, score=_score(task), names=names, callbacks=[restored])
    module = task.module(config, network, plan, train_data, val_data)
    batch_norm = share_batch_norm(network, config, trainer)
    loaders = task.loaders(config, network, train_data, val_data, trainer.global_rank, trainer.world_size)
    trackers = Trackers()
    if trainer.is_global_zero:
        for remark in [*training_remarks(config), *([batch_norm] if batch_norm else [])]:
            log.warning(remark)
        batch = next(iter(loaders[0]))
        begin()
        facts = _facts(task, config, module, (train_data, val_data))
        write_json(folder.facts, facts)
        if resumed is None:
            picture = folder.samples / "train.jpg"
            task.draw_batch(batch, train_data, picture)
            log.info("Labelled training samples: %s", display_path(picture))
        trackers = _start_tracking(task, config, folder, facts)
        log.info(_headline(task, config, plan, network, len(train_data)))
    with finishing(trackers.run), watched():
        trainer.loggers = trackers.loggers
        if config["trainer"]["channels_last"]:
            network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        if config["trainer"]["compile"]:
            network.compile()  # in place, after loading: the names in the state dict stay
        with restoring(resumed, restored):
            trainer.fit(module, *loaders, ckpt_path=resumed, weights_only=True)
        # The file, as `mnv3 eval` does, not the weights in memory.
        loader = loaders[1]
        if trainer.is_global_zero:
            loader = counted(loader, "scoring the best checkpoint", "images", total=len(val_data))
        results, scores = task.score_file(folder.best, loader, val_data, trainer.strategy.root_device, config)
        if trainer.is_global_zero:
            _report(task, folder, config, val_data, results, scores, trackers)


def open_data(task: Training, cfg: DictConfig) -> tuple[Any, Any]:
    """Open and check the configuration's training and validation data; a reader may write what it found in a user's
    folder into the data set's section. Raises UserError."""
    train_data, val_data = (task.open_dataset(cfg.dataset, cfg.data, split, log.info) for split in ("train", "val"))
    task.check_data(train_data, val_data, cfg.data.on_error)
    return train_data, val_data


def _score(task: Training) -> str:
    """Return the logged value that decides on the best checkpoint, the higher the better."""
    return f"val/{task.figures[0]}"


def _headline(task: Training, config: dict[str, Any], plan: Plan, network: nn.Module, images: int) -> str:
    recipe = config["recipe"]
    params = sum(parameter.numel() for parameter in network.parameters() if parameter.requires_grad)
    longer = recipe["epochs"] is not None and plan.epochs > recipe["epochs"]
    why = f" (not {recipe['epochs']}: at least {recipe['min_steps']} steps, recipe.min_steps)" if longer else ""
    return (
        f"Training: {config['backbone']['name']} {task.title}, {params / 1e6:.2f} M parameters, "
        f"recipe {recipe['name']}, {plan.epochs} epochs{why} of {plan.steps_per_epoch} steps of {recipe['batch_size']} "
        f"of {images} images, lr {plan.lr:.3g}"
    )


def _facts(task: Training, config: dict[str, Any], module: TrainingModule, data: tuple[Any, Any]) -> dict[str, Any]:
    """Return what a run has: the cost of its network for one image of its input size, its images and classes."""
    (network,) = module.children()
    size = task.input_size(config, data[0])
    return {
        "cost": count(network, torch.zeros(1, 3, *size))._asdict(),
        "input_size": list(size),
        "images": {"train": len(data[0]), "val": len(data[1])},
        "classes": len(module.hparams["classes"]),
    }


def _start_tracking(task: Training, config: dict[str, Any], folder: RunFolder, facts: dict[str, Any]) -> Trackers:
    tags = [task.name, *(config[section]["name"] for section in ("backbone", "dataset", "recipe"))]
    return start_trackers(config, folder, tags=tags, facts=facts, row_cost=partial(task.row_cost, config))


def _report(
    task: Training, folder: RunFolder, config: dict[str, Any], data: Any, results: Any, scores: Any, trackers: Trackers
) -> None:
    epoch = int(read_checkpoint(folder.best)["epoch"]) + 1
    more = {"epoch": epoch, "checkpoint": "checkpoints/best.ckpt"}
    table = task.report(folder.path, data, results, scores, more)
    rows = read_metrics(folder.metrics_csv)
    plot_training(folder.path / "plots" / "training.png", rows, _score(task))

    def panels() -> dict[str, Any]:
        return {**task.panels(data, results, scores), **task.score_tables(scores)}

    trackers.report(folder, config, scores.stats, epoch, panels)
    log.info("%s", table)
    stats = ", ".join(f"{name} {scores.stats[name]:.4f}" for name in task.headline)
    last = max([epoch, *(int(row["epoch"]) for row in rows)])
    log.info("%s: epoch %d of %d, %s", stats, epoch, last, display_path(folder.best))
    log.info("Run folder: %s", folder)
    log.info("Next: mnv3 eval run=%s", folder)
