"""Exported files, written."""

import io
import json
import zipfile

from mnv3.tools.export.description import describe, properties_for
from mnv3.tools.export.engines.litert_session import ENTRY
from mnv3.tools.export.file import Exported
from mnv3.tools.files.write import write_bytes
from mnv3.tools.weights.seal import seal_zip, sealed_onnx


def write_exported(exported: Exported) -> None:
    """Write a file to its place with its description inside: whole, or not at all."""
    if isinstance(exported.model, bytes):
        content = _with_archive(exported.model, json.dumps(properties_for(exported.description)))
    else:
        describe(exported.model, exported.description)
        content = sealed_onnx(exported.model.SerializeToString())
    write_bytes(exported.path, content)


def _with_archive(content: bytes, description: str) -> bytes:
    """A LiteRT file with an archive behind the model, which is where TFLite's own metadata have theirs, and a hash."""
    whole = io.BytesIO(content)
    with zipfile.ZipFile(whole, "a") as archive:
        archive.writestr(ENTRY, description)
    seal_zip(whole)
    return whole.getvalue()
