"""Cut a full backbone's weights to one with fewer channels in its tail (RF2, the paper's dagger).

The paper trained its halved tails from scratch. To start from the full network's weights, half of the channels of each
layer in the tail have to go. A channel's worth is what the layers that read it see: the deviation of its values times
the norm of the kernels applied to it, each scaled as the following batch norm scales its output. Batch norm gives the
deviation without images: values before the activation have mean beta and deviation gamma, assumed normal.

- Inside a bottleneck (expansion, depthwise convolution, squeeze-and-excitation) the reader is the projection.
- Blocks joined by shortcuts add to the same channels, so they share one choice; the readers are the expansions after
  each of them and the layer after the last.
- The last convolution has no reader yet: its channels' worth is their deviation.
- A squeeze unit's worth is the product of the norms of its two kernels.

Given images of the data set, `backbones.narrow.fit` continues from here.

The constant part of a removed channel does not matter before a batch norm. In squeeze-and-excitation none follows:
there the means of the removed channels move into the bias.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from mnv3.backbones.rows import Conv, Table, has_shortcut, named_rows

State = Mapping[str, Tensor]
Kept = dict[str, Tensor]
"""Kept channels by layer: "block10.expand" for those inside a block, and "last"."""

POINTS, SHARES = (
    torch.tensor(values, dtype=torch.float32) for values in np.polynomial.hermite_e.hermegauss(64)
)  # Gauss-Hermite quadrature, for means over a normal distribution
ACTIVATIONS = {"relu": F.relu, "relu6": F.relu6, "hswish": F.hardswish, "none": lambda x: x}


class Row(NamedTuple):
    """A row of the narrow table; `residual`: whether it has a shortcut in the full network."""

    name: str
    out: int
    convs: tuple[Conv, ...]
    residual: bool

    @property
    def writer(self) -> str:
        """Name of the layer that computes the row's output."""
        return self.convs[-1].of(self.name)


def narrow(state: State, table: Table) -> tuple[dict[str, Tensor], Kept]:
    """Cut a full backbone's `state` to the channels of `table`, which has the same rows; also return the kept channels.

    Entries that fit are unchanged. Raises KeyError if the state lacks a layer of the table.
    """
    rows = _rows(state, table)
    result, kept, inputs = dict(state), Kept(), None
    for first in range(len(rows)):
        if rows[first].residual:
            continue
        chain = [rows[first]]
        while first + len(chain) < len(rows) and rows[first + len(chain)].residual:
            chain.append(rows[first + len(chain)])
        following = rows[first + len(chain)] if first + len(chain) < len(rows) else None
        outputs = _chosen(_worth_of_stream(state, chain, following), chain[0].out)
        for member in chain:
            inside = _cut(result, state, member, inputs, outputs)
            kept |= {f"{member.name}.expand": inside} if inside is not None else {member.name: outputs}
            inputs = outputs
    return result, kept


def full_table(table: Table, state: State) -> Table:
    """Return `table` with the channels of `state`."""
    rows = []
    for name, row, _, convs in named_rows(table):
        kernels = state[f"{convs[-1].of(name)}.conv.weight"]
        rows.append(replace(row, out=len(kernels), expand=kernels.shape[1] if row.expand else 0))
    return tuple(rows)


def _rows(state: State, table: Table) -> list[Row]:
    full = named_rows(full_table(table, state))
    return [
        Row(name, row.out, convs, has_shortcut(wide.row, wide.inputs))
        for (name, row, _, convs), wide in zip(named_rows(table), full, strict=True)
    ]


def _worth_of_stream(state: State, chain: list[Row], following: Row | None) -> Tensor:
    """Return the worth of each channel that the rows of `chain` add to; `following` is the row after them."""
    deviations = [_moments(state, row.writer, row.convs[-1].act)[1] for row in chain]
    deviation = torch.stack(deviations).square().sum(0).sqrt()
    readers = [
        norm
        for row in (*chain[1:], *([following] if following else []))
        if (norm := reading(state, row.name)) is not None
    ]
    return deviation * torch.stack(readers).square().sum(0).sqrt() if readers else deviation


def reading(state: State, row: str) -> Tensor | None:
    """Return the norm of a row's first convolution's kernels by input channel; None if it is depthwise."""
    layer = next((layer for layer in (row, f"{row}.expand") if f"{layer}.conv.weight" in state), None)
    return None if layer is None else _norms(state, layer)


def _norms(state: State, layer: str) -> Tensor:
    """Return the norm of a 1x1 convolution's kernels by input channel, scaled as its batch norm scales the outputs."""
    scale = state[f"{layer}.norm.weight"] / state[f"{layer}.norm.running_var"].clamp(min=1e-5).sqrt()
    return (state[f"{layer}.conv.weight"].flatten(1) * scale[:, None]).norm(dim=0)


def _moments(state: State, layer: str, act: str) -> tuple[Tensor, Tensor]:
    """Return mean and deviation of a layer's outputs after activation, by channel."""
    beta, gamma = state[f"{layer}.norm.bias"], state[f"{layer}.norm.weight"]
    values = ACTIVATIONS[act](beta[:, None] + gamma[:, None] * POINTS)
    shares = SHARES / SHARES.sum()
    mean = values @ shares
    return mean, ((values - mean[:, None]).square() @ shares).sqrt()


def _chosen(worth: Tensor, count: int) -> Tensor:
    """Return the `count` channels of the highest worth, in their old order."""
    return worth.argsort(descending=True, stable=True)[:count].sort().values


def _cut(result: dict[str, Tensor], state: State, row: Row, inputs: Tensor | None, outputs: Tensor) -> Tensor | None:
    """Cut the entries of one row in `result`; return the channels kept inside a block that expands, else None.

    `inputs`: channels kept of the previous row, None for all.
    """
    inside, expands = inputs, False
    for conv in row.convs[:-1]:
        layer = conv.of(row.name)
        if conv.groups > 1:
            _cut_layer(result, layer, inside, None)
        elif conv.norm:
            expands, inside = True, _chosen_inside(state, row, conv.outputs)
            _cut_layer(result, layer, inside, inputs)
        elif conv.part == "se.squeeze" and expands and inside is not None:
            _cut_squeeze(result, row.name, inside, conv.outputs, _moments_inside(state, row)[0])
    _cut_layer(result, row.writer, outputs, inside)
    return inside if expands else None


def _chosen_inside(state: State, row: Row, count: int) -> Tensor:
    """Return the `count` channels inside a block of the highest worth to its projection."""
    mean, deviation = _moments_inside(state, row)
    gated = any(not conv.norm for conv in row.convs)
    gate = _gate(state, row.name, mean) if gated else 1.0
    return _chosen(deviation * gate * _norms(state, row.writer), count)


def _moments_inside(state: State, row: Row) -> tuple[Tensor, Tensor]:
    """Return `_moments` of a block's last layer before squeeze-and-excitation and projection."""
    last = [conv for conv in row.convs[:-1] if conv.norm][-1]
    return _moments(state, last.of(row.name), last.act)


def _gate(state: State, name: str, mean: Tensor) -> Tensor:
    """Return squeeze-and-excitation's factor of each channel when all have their `mean`."""
    squeeze, excite = (state[f"{name}.se.{part}.weight"].flatten(1) for part in ("squeeze", "excite"))
    hidden = F.relu(squeeze @ mean + state[f"{name}.se.squeeze.bias"])
    return F.hardsigmoid(excite @ hidden + state[f"{name}.se.excite.bias"])


def _cut_layer(result: dict[str, Tensor], layer: str, outputs: Tensor | None, inputs: Tensor | None) -> None:
    """Keep `outputs` and `inputs` of a convolution and its norm; None for all (a depthwise one has only outputs)."""
    entries = [name for name in result if name.startswith((f"{layer}.conv.", f"{layer}.norm."))]
    for name in entries:
        if outputs is not None and result[name].ndim > 0:
            result[name] = result[name][outputs]
        if inputs is not None and name.endswith("conv.weight"):
            result[name] = result[name][:, inputs]


def _cut_squeeze(result: dict[str, Tensor], name: str, inside: Tensor, width: int, mean: Tensor) -> None:
    """Keep the channels `inside` of squeeze-and-excitation and `width` units of its squeeze; `mean` is by channel."""
    squeeze, excite = f"{name}.se.squeeze", f"{name}.se.excite"
    first, second = result[f"{squeeze}.weight"], result[f"{excite}.weight"]
    worth = first.flatten(1).norm(dim=1) * second.flatten(1).norm(dim=0)
    units = _chosen(worth, width)
    gone = torch.ones(len(mean), dtype=torch.bool)
    gone[inside] = False
    result[f"{squeeze}.bias"] = (result[f"{squeeze}.bias"] + first.flatten(1)[:, gone] @ mean[gone])[units]
    result[f"{squeeze}.weight"] = first[units][:, inside]
    result[f"{excite}.weight"] = second[inside][:, units]
    result[f"{excite}.bias"] = result[f"{excite}.bias"][inside]
