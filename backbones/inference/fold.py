"""Batch norms and activations folded into convolutions: the same outputs in less time, for inference."""

import copy
from typing import TypeVar

from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from mnv3.backbones.blocks import ConvNormAct, SqueezeExcite
from mnv3.backbones.inference.packed import PackedConvolution, can_pack

Network = TypeVar("Network", bound=nn.Module)


def fold_norms(network: Network, pack: bool = True) -> Network:
    """Copy of `network`, in evaluation mode, whose every `ConvNormAct` has its norm in the convolution's weights.

    `pack`: on a CPU its convolutions and their activations are also packed (`PackedConvolution`), but for those of
    squeeze-and-excitation, which see a single pixel: there oneDNN is slower; otherwise what is packed is unpacked.
    Outputs agree to float32 rounding. The copy is for inference: it cannot be trained on, nor its state dict loaded
    into an unfolded network.
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
