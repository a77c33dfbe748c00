"""An exported detector as a contestant. Nothing here imports PyTorch, whose memory would be counted."""

from collections.abc import Callable

from mnv3.ssdlite.export.predictor import OnnxDetector
from mnv3.tools.bench.engines import ONNX_RUNTIME, SESSIONS
from mnv3.tools.export.file import read_exported
from mnv3.tools.images.read import read_pixels


def detections_of_file(threads: int, photo: str, engine: str, file: str) -> Callable[[], object]:
    """An image file to its final boxes, by a file of `mnv3 export` in an engine."""
    exported = read_exported(file)
    predictor = OnnxDetector(exported, threads)
    if engine != ONNX_RUNTIME:
        predictor.session = SESSIONS[engine](exported.model, threads)
    return lambda: predictor([read_pixels(photo)])
