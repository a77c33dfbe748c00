"""Exported files: written and read whole, and run in the engine of their format."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from mnv3.tools.errors import UserError
from mnv3.tools.export.engines.table import engine_of
from mnv3.tools.files.write import write_bytes
from mnv3.tools.weights.seal import DamagedError, check_seal

if TYPE_CHECKING:
    from mnv3.tools.export.description import Description


class Exported(NamedTuple):
    """A file of `mnv3 export`. `model`: as its engine represents it, an onnx.ModelProto or the file's bytes."""

    path: Path
    model: Any
    description: "Description"


def read_exported(path: Path | str) -> Exported:
    """Read a file in the format of its suffix.
    Raises UserError: missing, of another format, damaged, not from `mnv3 export`; or a library is not installed."""
    path = Path(path).expanduser()
    if not path.is_file():
        raise UserError(f"model={path}: there is no such file.")
    from mnv3.tools.export.description import description_of

    content = path.read_bytes()
    try:
        check_seal(content)
    except DamagedError as error:
        raise UserError(f"model={path}: is damaged: {error}. The file is not used; export it again.") from error
    model, properties = engine_of(path).load().unpack(content, path)
    return Exported(path, model, description_of(properties, path))


def write_exported(exported: Exported) -> None:
    """Write a file with its description inside, whole or not at all."""
    from mnv3.tools.export.description import in_words, properties_for

    pack, description = engine_of(exported.path).load().pack, exported.description
    write_bytes(exported.path, pack(exported.model, properties_for(description), in_words(description)))


def start(exported: Exported, threads: int | None = None) -> Callable[[np.ndarray], list[Any]]:
    """Start a file in its engine. Raises UserError if the engine is not installed or refuses the model."""
    return engine_of(exported.path).load().Session(exported.model, threads)


def stacked(images: Sequence[np.ndarray]) -> np.ndarray:
    """As np.stack, without copying a single image."""
    return images[0][None] if len(images) == 1 else np.stack(images)
