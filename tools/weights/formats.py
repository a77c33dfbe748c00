"""Reads any weights file, recognised by its content: PyTorch, safetensors, TensorFlow's four kinds.

Whose network is in it, `weights/origin.py` of the tasks decides, and `backbones/names/origin.py` for a backbone alone.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

from torch import Tensor

from mnv3.tools.errors import UserError
from mnv3.tools.weights.checkpoint import hyper_parameters, read_checkpoint
from mnv3.tools.weights.safetensors import begins_so, read_safetensors
from mnv3.tools.weights.tensorflow.checkpoint import read_variables
from mnv3.tools.weights.tensorflow.frozen import read_graph
from mnv3.tools.weights.tensorflow.graph import Graph
from mnv3.tools.weights.tensorflow.input import Preprocessing, preprocessing
from mnv3.tools.weights.tensorflow.layers import variables
from mnv3.tools.weights.tensorflow.lite import IDENTIFIER, read_tflite
from mnv3.tools.weights.tensorflow.tfjs import MODEL, read_tfjs
from mnv3.tools.weights.tensors import sound_arrays, sound_state

ZIP, PICKLE, GZIP = b"PK\x03\x04", b"\x80", b"\x1f\x8b"  # start of PyTorch files, new and old, and of an archive
WRAPPERS = ("state_dict", "model", "model_state_dict")
"""Keys under which trainers store a state dict."""

VARIABLES = (
    "/weights",
    "/depthwise_weights",
    "/biases",
    "/gamma",
    "/beta",
    "/moving_mean",
    "/moving_variance",
)
"""Endings of slim's variable names, without those of an optimiser."""


class WeightsFile(NamedTuple):
    """Content of a weights file.

    `kind`: "ours", a checkpoint of `mnv3 train`, then wholly in `checkpoint`; "torch", any other state dict; or
    "tensorflow". `tensors`: by their names in the file: PyTorch's Tensors, or arrays in TensorFlow's order of axes, a
    graph's layers by slim's names. `graph`: of all of TensorFlow's kinds but checkpoints.
    """

    path: Path
    kind: Literal["ours", "torch", "tensorflow"]
    tensors: Mapping[str, Any]
    checkpoint: Mapping[str, Any] = MappingProxyType({})
    graph: Graph | None = None

    @property
    def quantised(self) -> str:
        """A sentence on quantised weights, "" if there are none."""
        count = self.graph.quantised if self.graph else 0
        return (
            f"{self.path} is quantised: {count} of its kernels are integers, read as scale * integer." if count else ""
        )

    def pixels(self) -> tuple[float, float] | None:
        """Return (scale, offset) if the file's graph takes images in scale * pixel - offset; None if it is open."""
        found = preprocessing(self.graph, self.path) if self.graph else Preprocessing()
        return None if found.scale is None or found.offset is None else (found.scale, found.offset)


class Noted(dict[str, Any]):
    """Variables by name, recording in `read` the names that were requested."""

    def __init__(self, variables: Mapping[str, Any]) -> None:
        super().__init__(variables)
        self.read: set[str] = set()

    def __getitem__(self, name: str) -> Any:
        self.read.add(name)
        return super().__getitem__(name)

    def get(self, name: str, default: Any = None) -> Any:
        """As dict.get."""
        self.read.add(name)
        return super().get(name, default)

    def unread(self) -> list[str]:
        """Return lines on the layers' variables that were not requested, ignoring an optimiser's."""
        return [f"{name}: only in the file" for name in self if name.endswith(VARIABLES) and name not in self.read]


def read_noting(
    variables: Mapping[str, Any], read: Callable[[Mapping[str, Any]], dict[str, Any]]
) -> tuple[dict[str, Any], list[str]]:
    """Return what `read` makes of TensorFlow's variables, and `Noted.unread`."""
    noted = Noted(variables)
    state = read(noted)
    return state, noted.unread()


def open_weights(path: Path | str) -> WeightsFile:
    """Read a weights file, a TensorFlow checkpoint by the common part of its names, or a folder with either.

    Never executes code from the file. Raises UserError: nothing there, unknown or truncated, or with pickled objects.
    """
    path = Path(path).expanduser()
    if path.is_dir():
        path = _in_folder(path)
    if (prefix := _prefix(path)) is not None:
        return _tensorflow(path, read_variables(prefix))
    if not path.is_file():
        raise UserError(f"{path}: there is no such file of weights.")
    with path.open("rb") as file:
        head = file.read(16)
    if head.startswith(GZIP):
        raise UserError(f"{path} is an archive: unpack it (tar xf {path.name}) and give the folder that comes out.")
    if head.startswith((ZIP, PICKLE)):
        return _pytorch(path)
    if begins_so(head, path.stat().st_size):
        return WeightsFile(path, "torch", sound_state(read_safetensors(path), path))
    if head[4:8] == IDENTIFIER or path.suffix == ".tflite":
        return _of_graph(path, read_tflite(path))
    if path.suffix == ".pb":
        return _of_graph(path, read_graph(path))
    if path.suffix == ".json":
        return _of_graph(path, read_tfjs(path))
    raise UserError(
        f"{path}: cannot be read; it is truncated or damaged, or none of a PyTorch checkpoint or state dict, "
        "safetensors, a frozen TensorFlow graph (.pb), a TensorFlow checkpoint (.index and .data), a network of "
        "TensorFlow Lite (.tflite) or of TensorFlow.js (model.json)."
    )


def inside(entries: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    """Return the entries whose names begin with `prefix`, without it."""
    return {name.removeprefix(prefix): value for name, value in entries.items() if name.startswith(prefix)}


def unused(entries: Mapping[str, Tensor], state: Mapping[str, Tensor]) -> list[str]:
    """Return lines on the tensors of a file that are not, as the very same objects, in the `state` made of them."""
    used = {id(value) for value in state.values()}
    return [f"{name}: only in the file" for name, value in entries.items() if id(value) not in used]


def _pytorch(path: Path) -> WeightsFile:
    content = read_checkpoint(path)
    if "config" in hyper_parameters(content):
        return WeightsFile(path, "ours", sound_state(content.get("state_dict"), path), content)
    for key in WRAPPERS:
        if isinstance(content.get(key), Mapping):
            content = content[key]
    tensors = sound_state(content, path)
    if not tensors:
        raise UserError(f"{path}: holds no tensors; give a checkpoint or a state dict.")
    return WeightsFile(path, "torch", {name.removeprefix("module."): value for name, value in tensors.items()})


def _tensorflow(path: Path, arrays: Mapping[str, Any], graph: Graph | None = None) -> WeightsFile:
    sound_arrays(arrays, path)
    return WeightsFile(path, "tensorflow", arrays, graph=graph)


def _of_graph(path: Path, graph: Graph) -> WeightsFile:
    return _tensorflow(path, variables(graph), graph)


def _in_folder(folder: Path) -> Path:
    """Return the file to read from an unpacked release: the frozen graph, which says more, or the checkpoint."""
    if (folder / MODEL).is_file():
        return folder / MODEL
    found = sorted(folder.glob("*.pb")) + sorted(folder.glob("*.index"))
    if not found:
        raise UserError(
            f"{folder}: holds no frozen graph (.pb), no TensorFlow checkpoint (.index) and no {MODEL} of "
            "TensorFlow.js; give a file."
        )
    graphs = [path for path in found if path.name == "frozen_inference_graph.pb"]
    checkpoints = [path for path in found if path.suffix == ".index"]
    if not graphs and len(checkpoints) > 1:
        names = ", ".join(path.stem for path in checkpoints[:5])
        raise UserError(f"{folder}: holds several checkpoints ({names}); give one of them.")
    return (graphs + checkpoints + found)[0]


def _prefix(path: Path) -> Path | None:
    """Return the common part of a TensorFlow checkpoint's names, if `path` is that or one of its files."""
    if path.suffix == ".index":
        return path.with_suffix("")
    if ".data-" in path.name and path.name.rpartition("-of-")[2].isdigit():
        return path.with_name(path.name.rpartition(".data-")[0])
    return path if not path.exists() and path.with_name(f"{path.name}.index").is_file() else None
