"""Give batch norms that a converter folded into the weights their statistics back, before training.

A folded layer computes conv(x) + bias. Loaded into a convolution and a batch norm it gives the same in evaluation, with
mean 0 and variance 1; in training, the batch's own statistics would scale every channel to variance 1, which is another
network. With the statistics of a few images, and scale and bias that undo them, training starts at the same outputs.
"""

import logging
from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn

log = logging.getLogger("mnv3")

AT_ONCE = 8
"""Images in a batch."""

SAME = 0.1
"""Share of epsilon up to which a variance is 1 - epsilon, which `names.unfold` sets."""


def looks_folded(state: Mapping[str, Tensor]) -> bool:
    """Whether a batch norm of a backbone's `state` may only add a bias; a new network's look so, too."""
    means = [name for name in state if name.endswith("running_mean")]
    scales = {name: name.replace("running_mean", "weight") for name in means}
    return any(not state[name].any() and bool((state[scales[name]] == 1).all()) for name in means)


def folded_norms(network: nn.Module) -> list[nn.BatchNorm2d]:
    """Return the batch norms that only add a bias, see `names.unfold`."""
    return [layer for layer in network.modules() if isinstance(layer, nn.BatchNorm2d) and _only_adds(layer)]


def _only_adds(norm: nn.BatchNorm2d) -> bool:
    assert norm.running_mean is not None and norm.running_var is not None
    unit = (norm.running_var + norm.eps - 1).abs().max() < SAME * norm.eps
    return bool(unit and (norm.running_mean == 0).all() and (norm.weight == 1).all())


@torch.no_grad()
def restore_statistics(network: nn.Module, images: Callable[[], Tensor]) -> None:
    """Set mean and variance of the `folded_norms` of `network` to those of its inputs on `images` [N, 3, H, W], and
    scale and bias so that outputs in evaluation stay the same. Logs a line; without such norms, does nothing."""
    norms = folded_norms(network)
    if not norms:
        return
    seen = {norm: _Sums(norm) for norm in norms}
    was_training = network.training
    network.eval()
    examples = images()
    for batch in examples.split(AT_ONCE):
        network(batch)
    network.train(was_training)
    for norm, sums in seen.items():
        sums.handle.remove()
        mean, variance = sums.moments()
        assert norm.running_mean is not None and norm.running_var is not None
        norm.running_mean.copy_(mean)
        norm.running_var.copy_(variance)
        norm.weight.copy_((variance + norm.eps).sqrt())
        norm.bias.add_(mean)
    log.info(
        "%d batch norms were folded into the weights: their statistics are those of %d images.",
        len(norms),
        len(examples),
    )


class _Sums:
    """Sums over all positions of the inputs of a norm, by channel."""

    def __init__(self, norm: nn.BatchNorm2d) -> None:
        self.count = 0
        self.total = self.squares = torch.zeros(norm.num_features, dtype=torch.float64)
        self.handle = norm.register_forward_pre_hook(self._add)

    def _add(self, module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        x = inputs[0].double()
        self.count += x.numel() // x.shape[1]
        self.total = self.total + x.sum((0, 2, 3))
        self.squares = self.squares + (x * x).sum((0, 2, 3))

    def moments(self) -> tuple[Tensor, Tensor]:
        """Return mean and variance."""
        mean = self.total / self.count
        return mean, (self.squares / self.count - mean * mean).clamp(min=0)
