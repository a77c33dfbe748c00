"""Fold batch norms and activations into convolutions, for faster inference with the same outputs."""

import copy
from typing import TypeVar

from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from mnv3.backbones.blocks import ConvNormAct, SqueezeExcite
from mnv3.backbones.inference.packed import PackedConvolution, can_pack

Network = TypeVar("Network", bound=nn.Module)


def fold_norms(network: Network, pack: bool = True) -> Network:
    """Return a copy of `network` in evaluation mode with the norm of every `ConvNormAct` folded into its weights.

    `pack`: on a CPU, also pack convolutions with their activations (`PackedConvolution`), except those of
    squeeze-and-excitation, which compute a single pixel and are slower in oneDNN; if false, unpack packed ones.
    Outputs agree to float32 rounding. The copy cannot be trained, nor its state dict loaded into an unfolded network.
    """
    folded = copy.deepcopy(network).eval()
    for parent in list(folded.modules()):
        for name, layer in parent.named_children():
            if isinstance(layer, ConvNormAct) and isinstance(layer.norm, nn.BatchNorm2d):
                layer.conv = fuse_conv_bn_eval(layer.conv, layer.norm)
                layer.norm = nn.Identity()
                if pack and can_pack(layer.conv):
                    setattr(parent, name, PackedConvolution(layer.conv, layer.act))
            elif pack and type(layer) is nn.Conv2d and not isinstance(parent, SqueezeExcite) and can_pack(layer):
                setattr(parent, name, PackedConvolution(layer, nn.Identity()))
            elif not pack and isinstance(layer, PackedConvolution):
                plain = layer.conv if isinstance(layer.act, nn.Identity) else nn.Sequential(layer.conv, layer.act)
                setattr(parent, name, plain)
    return folded
