"""`mnv3 bench task=lraspp bench.what=engines`: one frame in memory to its label map, by every engine, on the CPU."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from omegaconf import DictConfig

from mnv3.backbones.inference.fold import fold_norms
from mnv3.lraspp.bench.network import FRAME, NUM_CLASSES, make_peer, make_segmenter, network_options
from mnv3.lraspp.data.frames import SegClass
from mnv3.lraspp.export.predictor import OnnxSegmenter
from mnv3.lraspp.predict import SegmenterPredictor
from mnv3.tools.bench.contestant import Contestant
from mnv3.tools.bench.engines import ONNX_RUNTIME, hush_compiler, image_of, our_contestants, usable, write_random
from mnv3.tools.bench.peer import THEIRS, Function
from mnv3.tools.bench.photos import photo
from mnv3.tools.bench.rounds import Comparison
from mnv3.tools.files.temporaries import scratch_folder

Size = tuple[int, int]


def comparisons(cfg: DictConfig, device: torch.device) -> Iterator[Comparison]:
    """Yield the same contestants for every number of threads."""
    engines, notes = usable(cfg.bench.accelerator)
    options = network_options(cfg)
    with scratch_folder("engines") as folder:
        files = _export(folder, options, FRAME) if ONNX_RUNTIME in engines else {}
        for threads in cfg.bench.threads:
            contestants = our_contestants(
                engines,
                files,
                OnnxSegmenter,
                eager,
                threads=threads,
                subject=FRAME,
                size=FRAME,
                options=options,
            )
            contestants[THEIRS] = Contestant(theirs, (threads, FRAME), keep_freed=False)
            yield Comparison(
                f"one frame of {FRAME[1]} x {FRAME[0]} to its label map",
                next(iter(contestants)),
                contestants,
                rounds_factor=4,
                images=1,
                threads=threads,
                notes=notes,
            )


def eager(threads: int, size: Size, compiled: bool, options: dict[str, Any]) -> Function:
    """mnv3's segmenter in PyTorch, as `mnv3 predict` runs a checkpoint; `compiled`: with torch.compile."""
    torch.set_num_threads(threads)
    predictor = _predictor(options)
    if compiled:
        hush_compiler()
        predictor.segmenter = fold_norms(predictor.segmenter, pack=False)
        predictor.segmenter.compile()
    image = image_of(size)
    return lambda: predictor([image()])


def theirs(threads: int, size: Size) -> Function:
    """torchvision's segmenter in PyTorch."""
    torch.set_num_threads(threads)
    segmenter = make_peer("cpu").eval()
    frame = torch.from_numpy(photo(0, size)).permute(2, 0, 1)

    @torch.inference_mode()
    def label() -> object:
        return segmenter((frame / 127.5 - 1).contiguous()[None])["out"].argmax(1)

    return label


def _export(folder: Path, options: dict[str, Any], size: Size) -> dict[str, str]:
    """Export the whole pipeline and the network alone; return their paths by kind."""
    from mnv3.lraspp.export.build import export_network, raw_model, whole_model
    from mnv3.lraspp.export.hooks import facts

    predictor = _predictor(options)
    predictor.input_size = size
    graph = export_network(predictor.segmenter, size)
    models = {"whole": whole_model, "raw": raw_model}
    common = {"task": "lraspp", "classes": NUM_CLASSES, "facts": facts(predictor)}
    return {
        kind: write_random(folder / f"{kind}.onnx", make(predictor.segmenter, graph, size), kind=kind, **common)
        for kind, make in models.items()
    }


def _predictor(options: dict[str, Any]) -> SegmenterPredictor:
    classes = [SegClass(str(index), (0, 0, 0), None, index) for index in range(NUM_CLASSES)]
    return SegmenterPredictor(make_segmenter(options), classes)
