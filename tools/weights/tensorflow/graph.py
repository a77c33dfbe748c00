"""A network as TensorFlow's files hold it: operations and constants by name, in any of the formats."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

CONVOLUTIONS = ("Conv2D", "DepthwiseConv2dNative", "_FusedConv2D", "FusedDepthwiseConv2dNative")
PASSING = ("Identity", "Enter", "StopGradient", "Dequantize")
SIZED = (
    "ResizeBilinear", "ResizeNearestNeighbor", "Pad", "PadV2", "Reshape", "StridedSlice", "Slice", "Tile", "ExpandDims",
)  # fmt: skip
"""Operations whose further inputs are sizes or places."""

PASSED_ON = 8
"""Most nodes in a row that only pass a constant on."""

VALID = "valid"
"""The flag of operations whose padding is "VALID": none."""

RELU = "relu"
"""The flag of operations with a ReLU after them that has no limit."""

NONE: Mapping[str, Any] = MappingProxyType({})


DOUBLED = re.compile(r"(Mobilenet\w+)/\1/")


def variable_scope(name: str) -> str:
    """Return the scope of the variables of a layer whose operations are called `name`: slim's V1 doubles its own."""
    return DOUBLED.sub(r"\1/", name)


class Node(NamedTuple):
    """An operation. `inputs`: names of other nodes and of constants, in order; "" for one that was left out.

    `lists`: attributes that are lists of integers, such as ("strides", (1, 2, 2, 1)). `values`: those that are single
    numbers or flags, such as ("align_corners", True); VALID and RELU are flags, too.
    """

    op: str
    inputs: tuple[str, ...] = ()
    lists: Mapping[str, tuple[int, ...]] = NONE
    values: Mapping[str, float] = NONE


class Input(NamedTuple):
    """The images that a file takes: `size` (H, W) and the network's numbers, `scale` * pixel - `offset`, of pixels in
    0..255; None for what the file leaves open."""

    size: tuple[int, int] | None = None
    scale: float | None = None
    offset: float | None = None


@dataclass
class Graph:
    """`constants`: numbers by name, in TensorFlow's order of axes. `nodes`: operations by name. `quantised`: how many
    of the kernels were stored as integers; `steps`: the scale of such constants, by name. `labels`: class names, if the
    file has them."""

    constants: dict[str, np.ndarray] = field(default_factory=dict)
    nodes: dict[str, Node] = field(default_factory=dict)
    input: Input = field(default_factory=Input)
    quantised: int = 0
    steps: dict[str, float] = field(default_factory=dict)
    labels: tuple[str, ...] = ()

    def constant(self, name: str) -> np.ndarray | None:
        """Return a constant, also through nodes that only pass it on; None if it is none."""
        return self.constants.get(self.constant_name(name))

    def constant_name(self, name: str) -> str:
        """Return the name of the constant that a node only passes on, else the name itself."""
        for _ in range(PASSED_ON):
            node = self.nodes.get(name)
            if node is None or node.op not in PASSING or not node.inputs:
                break
            name = node.inputs[0]
        return name

    def before(self, name: str) -> Iterator[tuple[str, Node]]:
        """Yield the nodes whose numbers reach `name`, nearest first, without those that only compute sizes."""
        seen, waiting = {name}, [name]
        while waiting:
            nodes = [self.nodes[name] for name in waiting]
            inputs = [i for node in nodes for i in (node.inputs[:1] if node.op in SIZED else node.inputs)]
            waiting = list(dict.fromkeys(i for i in inputs if i in self.nodes and i not in seen))
            seen.update(waiting)
            yield from ((name, self.nodes[name]) for name in waiting)

    def users(self) -> dict[str, list[str]]:
        """Return the nodes that use each node or constant, by its name."""
        found: dict[str, list[str]] = {}
        for name, node in self.nodes.items():
            for source in node.inputs:
                found.setdefault(source, []).append(name)
        return found

    def convolutions(self) -> Iterator[tuple[str, Node, np.ndarray]]:
        """Yield name, node and kernel of each convolution."""
        for name, node in self.nodes.items():
            if node.op in CONVOLUTIONS and len(node.inputs) > 1:
                kernel = self.constant(node.inputs[1])
                if kernel is not None and kernel.ndim == 4:
                    yield name, node, kernel
