"""A detection run from its configuration to its report."""

import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from lightning.pytorch.loggers import WandbLogger
from omegaconf import DictConfig, OmegaConf

from backbones.weights import load_backbone_weights
from ssdlite.data.coco import CocoData
from ssdlite.data.datasets import check_same_classes, open_dataset
from ssdlite.data.loader import Batch, Loader, train_loader, val_loader
from ssdlite.evaluate.coco_scores import SCORE_THRESHOLD, CocoScorer, Scores
from ssdlite.evaluate.inference import predict
from ssdlite.evaluate.report import score_table, write_report
from ssdlite.evaluate.results import Result
from ssdlite.load import detector_from_config, init_detector, load_detector
from ssdlite.model import Detector
from ssdlite.module import SCORE, DetectionModule, class_table
from ssdlite.panels import sample_panels, score_tables
from tools.checkpoint import read_checkpoint, run_config
from tools.cost import count
from tools.draw import class_colour, draw_boxes, mosaic, save_image
from tools.optim import Plan, make_plan
from tools.plots import plot_training
from tools.progress import quiet_lightning
from tools.run_folder import RunFolder, read_metrics, shown
from tools.tracking import start_run, upload_checkpoint
from tools.training import build_trainer, share_of_batch

log = logging.getLogger("mnv3")


def train(cfg: DictConfig, folder: RunFolder, begin: Callable[[], None]) -> None:
    """Train, or go on training, in `folder`, then score the best checkpoint there.

    `begin` is called once, on the first process, when all that the user gave has been found good and the run begins.

    Raises:
        UserError: a mistake in the configuration, the data or a weights file.
        tools.training.NonFiniteLoss: training broke down.
    """
    quiet_lightning()
    config: dict[str, Any] = OmegaConf.to_container(cfg, resolve=True)  # type: ignore[assignment]
    torch.manual_seed(config["seed"])
    train_data, val_data = (open_dataset(cfg.dataset, cfg.data, split, log.info) for split in ("train", "val"))
    check_same_classes(train_data, val_data)
    plan = make_plan(config["recipe"], -(-len(train_data) // config["recipe"]["batch_size"]))
    detector = build(config, train_data)
    resumed = folder.last if config["resume"] and folder.last.exists() else None
    if resumed is not None:
        run_config(read_checkpoint(resumed), resumed, "ssdlite")
    trainer = build_trainer(config, plan, folder, score=SCORE)
    loaders = make_loaders(config, detector, train_data, val_data, trainer.global_rank, trainer.world_size)
    run = None
    if trainer.is_global_zero:
        batch = next(iter(loaders[0]))
        begin()
        if resumed is None:
            draw_batch(batch, train_data, folder.samples / "train.jpg")
        run = _start_tracking(config, folder, detector)
        log.info(_headline(config, plan, detector, len(train_data)))
    try:
        trainer.loggers = [WandbLogger(experiment=run)] if run is not None else []
        module = DetectionModule(detector, config, plan, val_data, _panels(run, val_data))
        if config["trainer"]["channels_last"]:
            detector.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        if config["trainer"]["compile"]:
            detector.compile()  # in place, after the weights: the names in the state dict stay
        trainer.fit(module, *loaders, ckpt_path=resumed, weights_only=True)
        results, scores = _score(folder.best, loaders[1], val_data, trainer.strategy.root_device, config)
        if trainer.is_global_zero:
            _report(folder, val_data, results, scores, run)
    finally:
        if run is not None:
            run.finish()


def build(config: dict[str, Any], data: CocoData) -> Detector:
    """The detector of a new run with its first weights: random, of a backbone, or of a checkpoint."""
    detector = detector_from_config(config, data.num_slots)
    backbone, init = config["backbone"], config["init"]
    if weights := backbone["weights"]:
        inputs = backbone["weights_inputs"]
        _tell_left(weights, load_backbone_weights(detector.backbone, weights, inputs=inputs))
    if init:
        _tell_left(init, init_detector(detector, Path(init)))
    return detector


def _tell_left(source: str, left: Sequence[str]) -> None:
    if left:
        log.info("Not loaded from %s (random instead, or not needed): %s", source, "; ".join(left))
    else:
        log.info("Loaded all of %s.", source)


def make_loaders(
    config: dict[str, Any], detector: Detector, train_data: CocoData, val_data: CocoData, rank: int, world: int
) -> tuple[Loader, Loader]:
    """Loaders of training and validation images for process `rank` of `world`."""
    common: dict[str, Any] = {
        "size": detector.input_size,
        "rule": detector.resize_rule,
        "batch_size": share_of_batch(config["recipe"]["batch_size"], world),
        "workers": config["data"]["workers"],
        "on_error": config["data"]["on_error"],
        "rank": rank,
        "world": world,
        "log": log.info,
    }
    training = train_loader(train_data, augmentation=config["recipe"]["augment"], seed=config["seed"], **common)
    return training, val_loader(val_data, **common)


def draw_batch(batch: Batch, data: CocoData, path: Path, most: int = 16) -> None:
    """One picture of labelled training samples, as the network gets them."""
    names = class_table(data)
    panels = []
    for image, boxes, labels in zip(batch.images[:most], *(column[:most] for column in batch.targets), strict=True):
        real = labels >= 0
        slots = labels[real].tolist()
        colours = [class_colour(slot) for slot in slots]
        panels.append(draw_boxes(image.to(torch.uint8), boxes[real], [names[slot] for slot in slots], colours))
    save_image(mosaic(panels, columns=4), path)
    log.info("Labelled training samples: %s", shown(path))


def _headline(config: dict[str, Any], plan: Plan, detector: Detector, images: int) -> str:
    recipe = config["recipe"]
    params = sum(parameter.numel() for parameter in detector.parameters() if parameter.requires_grad)
    return (
        f"Training: {config['backbone']['name']} SSDLite, {params / 1e6:.2f} M parameters, recipe {recipe['name']}, "
        f"{plan.epochs} epochs of {plan.steps_per_epoch} steps of {recipe['batch_size']} of {images} images, "
        f"lr {plan.lr:.3g}"
    )


def _start_tracking(config: dict[str, Any], folder: RunFolder, detector: Detector) -> Any:
    tags = ["ssdlite", config["backbone"]["name"], config["dataset"]["name"], config["recipe"]["name"]]
    image = torch.zeros(1, 3, *detector.input_size)
    extra = {"cost": count(detector, image)._asdict(), "folder": str(folder.path)}
    return start_run(
        config["wandb"], folder.path, job_type="train", config={**config, **extra}, tags=tags, summary={SCORE: "max"}
    )


def _panels(run: Any, data: CocoData) -> Callable[[Sequence[Result], Scores], None] | None:
    if run is None:
        return None

    def log_panels(results: Sequence[Result], scores: Scores) -> None:
        run.log({"val/samples": sample_panels(data, results, SCORE_THRESHOLD)}, commit=False)

    return log_panels


def _score(
    checkpoint: Path, loader: Loader, data: CocoData, device: torch.device, config: dict[str, Any]
) -> tuple[list[Result], Scores]:
    """Score the file, as `mnv3 eval` does, not what is left in memory. All processes take part."""
    detector = load_detector(checkpoint).detector.to(device).eval()
    scorer = CocoScorer(data)
    rows = config["recipe"]["batch_size"]
    for batch in loader:
        scorer.add(batch.image_ids, predict(detector, batch.images.to(device), batch.sizes, rows))
    results = scorer.results()
    return results, scorer.scores(results)


def _report(folder: RunFolder, data: CocoData, results: list[Result], scores: Scores, run: Any) -> None:
    epoch = int(read_checkpoint(folder.best)["epoch"]) + 1
    write_report(folder.path, data, results, scores, more={"epoch": epoch, "checkpoint": "checkpoints/best.ckpt"})
    plot_training(folder.path / "plots" / "training.png", folder.metrics_csv)
    if run is not None:
        run.log(score_tables(scores))
        run.summary["best_epoch"] = epoch
        upload_checkpoint(run, folder.best, scores.stats)
    rows = read_metrics(folder.metrics_csv)
    log.info("%s", score_table(data, scores))
    stats = scores.stats
    log.info("AP %.4f, AP50 %.4f: epoch %d of %d, %s", stats["AP"], stats["AP50"], epoch, len(rows), shown(folder.best))
    log.info("Run folder: %s", folder)
    log.info("Next: mnv3 eval run=%s", folder)
