"""`mnv3 bench task=ssdlite bench.what=engines`: one JPEG file to its final boxes, by every engine, on the CPU.

With random weights every anchor scores above torchvision's threshold in every class: its NMS has the most work. It is
also timed with a background bias that leaves NMS nothing to do; trained networks lie in between. mnv3's detector takes
the best candidates in either case; its norms have the statistics of photos, its allocator that of `mnv3 predict`.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from omegaconf import DictConfig
from PIL import Image
from torch import nn
from torchvision.transforms.v2.functional import pil_to_tensor

from mnv3.backbones.inference.fold import fold_norms
from mnv3.ssdlite.bench.network import (
    NUM_SLOTS,
    make_detector,
    make_peer,
    network_options,
    silence,
)
from mnv3.ssdlite.export.predictor import OnnxDetector
from mnv3.ssdlite.model.detector import Detector
from mnv3.ssdlite.model.resize import resize
from mnv3.ssdlite.predict import DetectorPredictor
from mnv3.tools.bench.contestant import Contestant
from mnv3.tools.bench.engines import ONNX_RUNTIME, hush_compiler, image_of, our_contestants, usable, write_random
from mnv3.tools.bench.peer import THEIRS, THEIRS_KEEPING, Function
from mnv3.tools.bench.photos import photo, photo_files
from mnv3.tools.bench.rounds import Comparison
from mnv3.tools.files.temporaries import scratch_folder

SURE = f"{THEIRS}, NMS idle"


def comparisons(cfg: DictConfig, device: torch.device) -> Iterator[Comparison]:
    """Yield the same contestants for every number of threads."""
    engines, notes = usable(cfg.bench.accelerator)
    options = network_options(cfg)
    with scratch_folder("engines") as folder:
        file = str(photo_files(folder, 1, cfg.bench.images, cfg.seed)[0])
        files = _export(folder, options) if ONNX_RUNTIME in engines else {}
        for threads in cfg.bench.threads:
            contestants = our_contestants(
                engines,
                files,
                OnnxDetector,
                eager,
                threads=threads,
                subject=file,
                size=options["input_size"],
                options=options,
            )
            peer = (threads, file, False)
            contestants[THEIRS] = Contestant(theirs, peer, keep_freed=False)
            contestants[THEIRS_KEEPING] = Contestant(theirs, peer, keep_freed=True)
            contestants[SURE] = Contestant(theirs, (threads, file, True), keep_freed=False)
            yield Comparison(
                "one JPEG file to its final boxes",
                next(iter(contestants)),
                contestants,
                rounds_factor=10,
                in_a_row=4,
                images=1,
                threads=threads,
                notes=notes,
            )


def eager(threads: int, photo: str, compiled: bool, options: dict[str, Any]) -> Function:
    """mnv3's detector in PyTorch, as `mnv3 predict` runs a checkpoint; `compiled`: with torch.compile."""
    torch.set_num_threads(threads)
    predictor = _predictor(options)
    if compiled:
        hush_compiler()
        predictor.detector = fold_norms(predictor.detector, pack=False)
        predictor.detector.compile()
    image = image_of(photo)
    return lambda: predictor([image()])


def theirs(threads: int, photo: str, sure: bool) -> Function:
    """torchvision's detector in PyTorch."""
    torch.set_num_threads(threads)
    detector = make_peer("cpu").eval()
    if sure:
        silence(detector)

    @torch.inference_mode()
    def detect() -> object:
        with Image.open(photo) as image:
            return detector([pil_to_tensor(image.convert("RGB")) / 255])

    return detect


def _export(folder: Path, options: dict[str, Any]) -> dict[str, str]:
    """Export the whole pipeline and the network alone; return their paths by kind."""
    from mnv3.ssdlite.export.build import export_network, raw_model, whole_model
    from mnv3.ssdlite.export.hooks import facts

    predictor = _predictor(options)
    detector = predictor.detector
    models = {
        "whole": whole_model(detector, export_network(detector, whole=True)),
        "raw": raw_model(detector, export_network(detector, whole=False)),
    }
    common = {"task": "ssdlite", "classes": NUM_SLOTS - 1, "facts": facts(predictor)}
    return {kind: write_random(folder / f"{kind}.onnx", model, kind=kind, **common) for kind, model in models.items()}


def _predictor(options: dict[str, Any]) -> DetectorPredictor:
    names = {slot: str(slot) for slot in range(1, NUM_SLOTS)}
    return DetectorPredictor(_settled(make_detector(options)), names, {slot: slot for slot in names})


@torch.no_grad()
def _settled(detector: Detector) -> Detector:
    """Set the norms to the statistics of photos: otherwise random weights score all anchors alike."""
    photos = [torch.from_numpy(photo(seed)).permute(2, 0, 1) for seed in range(8)]
    for layer in detector.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.momentum = 1.0
    detector.train()(torch.stack([resize(image, detector.input_size, detector.resize_rule) for image in photos]))
    return detector.eval()
