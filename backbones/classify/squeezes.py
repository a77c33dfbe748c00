"""Fit squeeze-and-excitation of another width: timm does not round MnasNet's squeezes to multiples of 8, mnv3 does."""

from collections.abc import Mapping

import torch
from torch import Tensor

from mnv3.backbones.network import Backbone


@torch.no_grad()
def load_narrower_squeezes(backbone: Backbone, state: Mapping[str, Tensor]) -> set[str]:
    """Load the squeezes of `state` that have fewer channels than the backbone's; return the names of their entries.

    The excitation ignores the channels that the file lacks, so the network computes what the file's did; their own
    random weights in the squeeze let them learn.
    """
    own, loaded = backbone.state_dict(), set()
    for name, value in own.items():
        theirs = state.get(name)
        if ".se." not in name or theirs is None or theirs.shape == value.shape:
            continue
        if theirs.ndim != value.ndim or any(map(int.__gt__, theirs.shape, value.shape)):
            continue
        if ".se.excite." in name:
            value.zero_()
        value[tuple(map(slice, theirs.shape))] = theirs
        loaded.add(name)
    return loaded
