"""A full backbone cut to a halved one: what is kept, and that it is kept coherently."""

import pytest
import torch

from mnv3.backbones.edits import halve_tail
from mnv3.backbones.narrow.cut import narrow
from mnv3.backbones.network import build_backbone
from mnv3.backbones.rows import layer_names
from mnv3.backbones.tables import TABLES


def kept_rows(full, cut):
    """Index in `full` of each row of `cut`."""
    return [next(i for i, row in enumerate(full) if torch.equal(row, own)) for own in cut]


@pytest.mark.parametrize("expansion", ["keep", "halve"])
@pytest.mark.parametrize("family", list(TABLES))
def test_every_entry_fits_the_halved_network(family, expansion):
    last = layer_names(TABLES[family])[-1]
    state = build_backbone(family, taps=[last]).state_dict()
    halved = build_backbone(family, rf2=True, rf2_expansion=expansion, taps=[last])
    halved.load_state_dict(narrow(state, halved.table)[0])
    assert all(torch.equal(value, state[name]) for name, value in narrow(state, TABLES[family])[0].items())


@torch.inference_mode()
def test_channels_worth_nothing_are_those_that_go(randomise):
    """A network whose superfluous half is dead computes the same without it; squeeze-and-excitation shrinks along."""
    full = randomise(build_backbone("small", taps=["last"]))
    table = halve_tail(TABLES["small"], "keep")
    generator = torch.Generator().manual_seed(0)
    stream = torch.randperm(96, generator=generator) < 48  # what blocks 9 to 11 add to
    alive = torch.randperm(576, generator=generator) < 288
    state = full.state_dict()

    def kill(layer, living):
        for name in ("weight", "bias"):
            state[f"{layer}.norm.{name}"][~living] = 0

    for block in ("block9", "block10", "block11"):
        kill(f"{block}.project", stream)
    for block in ("block10", "block11"):
        kill(f"{block}.expand", alive)
        kill(f"{block}.depthwise", alive)
        units = torch.arange(144) < 72
        state[f"{block}.se.squeeze.weight"][~units] = 0
        state[f"{block}.se.squeeze.bias"][~units] = -1
    kill("last", alive)

    halved = build_backbone("small", rf2=True, taps=["last"]).eval()
    assert halved.table == table
    halved.load_state_dict(narrow(state, table)[0])
    image = torch.randn(2, 3, 96, 96, generator=generator)
    want = full(image)["last"][:, alive]
    torch.testing.assert_close(halved(image)["last"], want, atol=1e-5, rtol=1e-5)


@torch.inference_mode()
def test_a_constant_channel_moves_into_the_bias_of_the_squeeze(randomise):
    """It varies not at all, so that it goes; squeeze-and-excitation goes on as if it were there."""
    full = randomise(build_backbone("small", taps=["block10.depthwise", "last"]))
    state = full.state_dict()
    constant = torch.arange(576) % 2 == 0
    state["block10.depthwise.norm.weight"][constant] = 0
    state["block10.depthwise.norm.bias"][constant] = 1.5
    squeeze = state["block10.se.squeeze.weight"].flatten(1)
    cut = narrow(state, halve_tail(TABLES["small"], "keep"))[0]
    units = kept_rows(squeeze[:, ~constant], cut["block10.se.squeeze.weight"].flatten(1))
    moved = squeeze[:, constant].sum(1) * torch.nn.functional.hardswish(torch.tensor(1.5))
    want = (state["block10.se.squeeze.bias"] + moved)[units]
    torch.testing.assert_close(cut["block10.se.squeeze.bias"], want, atol=1e-4, rtol=1e-4)


def test_shortcuts_share_one_choice():
    state = build_backbone("large", taps=["last"]).state_dict()
    for name, value in state.items():
        if name.endswith("project.norm.running_mean"):
            value.copy_(torch.arange(len(value)))  # tells which channel it was
    cut = narrow(state, halve_tail(TABLES["large"], "halve"))[0]
    channels = [cut[f"block{n}.project.norm.running_mean"] for n in (13, 14, 15)]
    assert len(channels[0]) == 80
    assert torch.equal(channels[0], channels[1]) and torch.equal(channels[1], channels[2])
    kept = channels[0].long()
    assert torch.equal(cut["last.conv.weight"][0], state["last.conv.weight"][_row(state, cut)][kept])


def _row(state, cut):
    """Which channel of the last convolution became the first."""
    first = cut["last.conv.weight"][0].flatten().tolist()
    return next(i for i, row in enumerate(state["last.conv.weight"]) if set(first) <= set(row.flatten().tolist()))
