"""What the comparison of engines needs for either task: which there are, and networks of random weights as files."""

import logging
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mnv3.tools.bench.contestant import Contestant
from mnv3.tools.bench.photos import photo
from mnv3.tools.errors import UserError
from mnv3.tools.export.engines import onnx, openvino
from mnv3.tools.export.file import Exported, read_exported, start, write_exported
from mnv3.tools.images.read import read_pixels

if TYPE_CHECKING:
    from onnx import ModelProto

ONNX_RUNTIME, OPENVINO, COMPILED = "ONNX Runtime", "OpenVINO", "PyTorch, compiled"
SESSIONS: dict[str, Callable[..., Any]] = {ONNX_RUNTIME: onnx.Session, OPENVINO: openvino.Session}
EAGER, ALONE = "mnv3, PyTorch", "ONNX Runtime, network alone"
COMPILERS = ("c++", "g++", "clang++", "cl")


def usable(accelerator: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The engines that are here, beside PyTorch as it is, and a line on each that is not.

    Raises UserError for a GPU.
    """
    if accelerator == "gpu":
        raise UserError("bench.what=engines compares engines on the CPU; leave bench.accelerator=gpu out.")
    exporting = all(map(find_spec, ("onnx", "onnxscript", "onnxruntime")))
    here = {
        ONNX_RUNTIME: exporting,
        OPENVINO: exporting and find_spec("openvino") is not None,
        COMPILED: any(map(shutil.which, (os.environ.get("CXX") or COMPILERS[0], *COMPILERS))),
    }
    why = {
        ONNX_RUNTIME: "is not installed: pip install 'mnv3[export]'",
        OPENVINO: "is not installed: pip install 'mnv3[export,openvino]'",
        COMPILED: "needs a C++ compiler, and there is none",
    }
    there = tuple(name for name, found in here.items() if found)
    return there, tuple(f"{name}: left out, it {why[name]}." for name, found in here.items() if not found)


def our_contestants(
    engines: Sequence[str],
    files: Mapping[str, str],
    predictor: Callable[[Exported, int], Any],
    eager: Callable[..., Callable[[], object]],
    *,
    threads: int,
    subject: Any,
    size: tuple[int, int],
    options: Mapping[str, Any],
) -> dict[str, Contestant]:
    """Ours by each of `engines`, and the network alone, in processes that keep freed memory as `mnv3 predict` does.

    `files`: the exported ones, "whole" and "raw", which `predictor` opens; empty without ONNX Runtime. By PyTorch,
    `eager(threads, subject, compiled, options)` makes what is timed. `subject`: see `image_of`; `size` (h, w) is
    that of the network's input.
    """
    work: dict[str, tuple[Callable[..., Callable[[], object]], tuple[Any, ...]]] = {
        f"mnv3, {name}": (by_file, (predictor, threads, subject, name, files["whole"]))
        for name in SESSIONS
        if name in engines
    }
    work[EAGER] = (eager, (threads, subject, False, options))
    if COMPILED in engines:
        work[f"mnv3, {COMPILED}"] = (eager, (threads, subject, True, options))
    if files:
        work[ALONE] = (network_alone, (threads, files["raw"], size))
    return {name: Contestant(make, arguments, keep_freed=True) for name, (make, arguments) in work.items()}


def image_of(subject: str | tuple[int, int]) -> Callable[[], np.ndarray]:
    """Return what gives the image: a path is read each time, of a size (h, w) it is in memory."""
    if isinstance(subject, str):
        return partial(read_pixels, subject)
    image = photo(0, subject)
    return lambda: image


def by_file(
    predictor: Callable[[Exported, int], Any], threads: int, subject: Any, engine: str, file: str
) -> Callable[[], object]:
    """An image to its result, by a file of `mnv3 export` in an engine, without PyTorch."""
    exported = read_exported(file)
    found, image = predictor(exported, threads), image_of(subject)
    if engine != ONNX_RUNTIME:
        found.session = SESSIONS[engine](exported.model, threads)
    return lambda: found([image()])


def hush_compiler() -> None:
    """No warnings about GPUs that are not there."""
    logging.getLogger("torch.utils.cpp_extension").setLevel(logging.ERROR)


def write_random(
    path: Path, model: "ModelProto", *, task: str, kind: str, classes: int, facts: Mapping[str, Any]
) -> str:
    """Write a model of random weights as `mnv3 export` does, its classes named by numbers from 1; returns the path."""
    from mnv3.tools.export.description import ClassRow, Description

    rows = [ClassRow(number, str(number), number, [0, 0, 0]) for number in range(1, classes + 1)]
    origin = {"version": "", "source": "random weights", "command": "mnv3 bench", "config": {}, "figures": {}}
    description = Description(task=task, kind=kind, precision="float32", classes=rows, **origin, **facts)
    write_exported(Exported(path, model, description))
    return str(path)


def network_alone(threads: int, file: str, size: tuple[int, int]) -> Callable[[], object]:
    """The network in ONNX Runtime, from an input of `size` (h, w) that is ready to its raw outputs."""
    session = start(read_exported(file), threads)
    return partial(session, np.random.default_rng(0).uniform(0, 255, (1, 3, *size)).astype(np.float32))
