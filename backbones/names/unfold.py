"""Networks of TensorFlow whose batch norms have been folded into the convolutions, as every converter does."""

from collections.abc import Mapping

import numpy as np

NORM = "BatchNorm/beta"
BIASED = (
    "squeeze_excite/Conv",
    "squeeze_excite/Conv_1",
    "decoder/decoder_conv0",
    "decoder/feature_projection0",
    "logits/semantic",
    "BoxEncodingPredictor",
    "ClassPredictor",
    "Conv2d_1c_1x1",
)
"""How the scopes of slim's layers end that have biases and no batch norm; `image_pooling` of Lite R-ASPP is one too."""

EPSILONS = {"aspp0": 1e-5, "image_pooling": 1e-5, "concat_projection": 1e-5}
"""Of the batch norms of DeepLab's heads; all others have EPSILON."""

EPSILON = 1e-3


HARD_SIGMOID = 3.0
"""relu6(x + 3) / 6: what a converter moves into the bias of the layer before, too."""


def unfolded(variables: Mapping[str, np.ndarray]) -> Mapping[str, np.ndarray]:
    """Slim's `variables` with a batch norm where there was one, which adds the bias and does nothing else; biases
    before a hard sigmoid without its addend.

    Variables of a network that still has its batch norms come back as they are.
    """
    if any(name.endswith(NORM) for name in variables):
        return variables
    found = dict(variables)
    lite = "concat_projection/weights" not in variables
    for name, bias in variables.items():
        scope, _, kind = name.rpartition("/")
        if kind != "biases":
            continue
        if scope.endswith(BIASED) or (lite and scope == "image_pooling"):
            if f"{scope}/mul/y" in variables and f"{scope}/add/y" not in variables:
                found[name] = bias - HARD_SIGMOID
            continue
        del found[name]
        found |= {f"{scope}/BatchNorm/{part}": value for part, value in _adding(bias, scope).items()}
    return found


def _adding(bias: np.ndarray, scope: str) -> dict[str, np.ndarray]:
    """The variables of a batch norm that adds `bias`."""
    variance = np.full_like(bias, 1 - EPSILONS.get(scope, EPSILON))
    return {
        "gamma": np.ones_like(bias),
        "beta": bias,
        "moving_mean": np.zeros_like(bias),
        "moving_variance": variance,
    }
