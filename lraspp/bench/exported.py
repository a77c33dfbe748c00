"""An exported segmenter as a contestant. Nothing here imports PyTorch, whose memory would be counted."""

from collections.abc import Callable

from mnv3.lraspp.export.predictor import OnnxSegmenter
from mnv3.tools.bench.engines import ONNX_RUNTIME, SESSIONS
from mnv3.tools.bench.photos import photo
from mnv3.tools.export.file import read_exported


def labels_of_frame(threads: int, size: tuple[int, int], engine: str, file: str) -> Callable[[], object]:
    """A frame of `size` (h, w) in memory to its label map, by a file of `mnv3 export` in an engine."""
    exported = read_exported(file)
    predictor = OnnxSegmenter(exported, threads)
    if engine != ONNX_RUNTIME:
        predictor.session = SESSIONS[engine](exported.model, threads)
    frame = photo(0, size)
    return lambda: predictor([frame])
