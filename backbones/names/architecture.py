"""Recognise the family and width of the backbone in a weights file by the shapes of its entries."""

from collections.abc import Callable, Mapping
from itertools import product
from typing import Any, Literal, NamedTuple

from mnv3.backbones.edits import halve_tail, scale_width
from mnv3.backbones.names.slim import slim_names
from mnv3.backbones.names.torchvision import torchvision_names
from mnv3.backbones.rows import Table, named_rows
from mnv3.backbones.tables import FAMILIES, TABLES

USUAL_WIDTHS = (1.0, 0.75, 0.5, 0.35, 1.4, 1.3, 0.25)
WIDTHS = (*USUAL_WIDTHS, *(step / 20 for step in range(1, 41) if step / 20 not in USUAL_WIDTHS))
"""Published widths first, because several can round to the same channels."""

Lookup = Callable[[str, str], "tuple[int, int] | None"]
"""(family, layer in mnv3's names) -> output channels and kernel size, None if the file lacks the layer."""

Expansion = Literal["keep", "halve"]


class Recognised(NamedTuple):
    """The arguments of `build_backbone` that follow from the shapes."""

    name: str
    rf2: bool
    width: float
    se: bool
    max_kernel: int

    def options(self) -> dict[str, Any]:
        """Return the keys of a configuration's `backbone` section that a weights file decides, by dotted key."""
        hswish = self.se or self.max_kernel > 3  # the authors' "minimalistic" networks have none of the three
        rest = {
            "backbone.padding": None,
            "backbone.weights": None,
            "backbone.stem": None,
            "backbone.hswish": hswish,
        }
        return {**rest, **{f"backbone.{key}": value for key, value in self._asdict().items()}}


def recognise(lookup: Lookup, rf2_expansion: Callable[[str], Expansion] = lambda name: "keep") -> Recognised | None:
    """Return a file's backbone, None if unknown. `rf2_expansion`: its project's `halve_tail` option by family."""
    for name, table in TABLES.items():
        layers = _convolutions(table)
        found = {layer: shape for layer in layers if (shape := lookup(name, layer)) is not None}
        if any(layer.startswith("block") and layer not in found for layer in layers):
            continue
        for rf2, width in product((False, True), WIDTHS):
            edited = scale_width(halve_tail(table, rf2_expansion(name)) if rf2 else table, width)
            expected = _convolutions(edited)
            full = {} if rf2 else {"last": table[-1].out}  # a classifier's is not narrowed
            if all(channels in (expected.get(layer), full.get(layer)) for layer, (channels, _) in found.items()):
                return Recognised(name, rf2, width, _has_se(lookup, name), _max_kernel(found, table))
    return None


def _convolutions(table: Table) -> dict[str, int]:
    """Return the output channels of a table's convolutions, without squeeze-and-excitation, which a file can lack."""
    return {conv.of(row.name): conv.outputs for row in named_rows(table) for conv in row.convs if conv.norm}


def _has_se(lookup: Lookup, family: str) -> bool:
    """Whether the file has squeeze-and-excitation; true for a family without any."""
    names = [row.name for row in named_rows(TABLES[family]) if row.row.se]
    return not names or lookup(family, f"{names[0]}.se.squeeze") is not None


def _max_kernel(found: Mapping[str, tuple[int, int]], table: Table) -> int:
    """Return 5 if the kernels are the family's, else 3."""
    largest = max(kernel for layer, (_, kernel) in found.items() if layer.startswith("block"))
    return 5 if largest == max(row.kernel for row in table) else largest


def in_our_names(state: Mapping[str, Any]) -> Lookup:
    """Return the lookup of a `Backbone`'s state dict."""
    return lambda family, layer: _of(state, f"{layer}.conv.weight", 0, 3) or _of(state, f"{layer}.weight", 0, 3)


def in_torchvisions(state: Mapping[str, Any]) -> Lookup:
    """Return the lookup of a state dict in torchvision's names."""

    def lookup(family: str, layer: str) -> tuple[int, int] | None:
        names = torchvision_names(TABLES[family])
        return _of(state, f"{names.get(f'{layer}.conv') or names.get(layer)}.weight", 0, 3)

    return lookup


def in_slims(variables: Mapping[str, Any], prefix: str) -> Lookup:
    """Return the lookup of TensorFlow variables; `prefix` precedes the network's scope, e.g. "FeatureExtractor/"."""

    def lookup(family: str, layer: str) -> tuple[int, int] | None:
        name = f"{prefix}{FAMILIES[family].slim}/{slim_names(family, TABLES[family]).get(layer)}"
        return _of(variables, f"{name}/weights", 3, 0) or _of(variables, f"{name}/depthwise_weights", 2, 0)

    return lookup


def _of(entries: Mapping[str, Any], name: str, channels: int, kernel: int) -> tuple[int, int] | None:
    """Return the sizes of the axes `channels` and `kernel` of entry `name`, None unless it is a 4-D tensor."""
    if name not in entries or len(entries[name].shape) != 4:
        return None
    shape = entries[name].shape
    return int(shape[channels]), int(shape[kernel])
