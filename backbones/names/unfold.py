"""Undo the folding of batch norms into convolutions, which every TensorFlow converter does."""

from collections.abc import Mapping

import numpy as np

from mnv3.tools.errors import UserError

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
"""Scope endings of slim's layers with biases and no batch norm; `image_pooling` of Lite R-ASPP is another."""

EPSILONS = {"aspp0": 1e-5, "image_pooling": 1e-5, "concat_projection": 1e-5}
"""Of the batch norms in DeepLab's heads; all others have EPSILON."""

EPSILON = 1e-3


def unfolded(variables: Mapping[str, np.ndarray]) -> Mapping[str, np.ndarray]:
    """Restore batch norms in slim's `variables`, which only add the bias.

    Layers that still have their batch norms stay as they are.
    """
    found = dict(variables)
    lite = "concat_projection/weights" not in variables
    for name, bias in variables.items():
        scope, _, kind = name.rpartition("/")
        if kind != "biases" or f"{scope}/{NORM}" in variables:
            continue
        if scope.endswith(BIASED) or (lite and scope == "image_pooling"):
            continue
        del found[name]
        found |= {f"{scope}/BatchNorm/{part}": value for part, value in _adding(bias, scope).items()}
    return found


def check_epsilons(found: Mapping[str, float], path: object) -> None:
    """Raise UserError if a batch norm has another epsilon in a file, `found` by its scope, than in mnv3."""
    for scope, theirs in found.items():
        ours = EPSILONS.get(scope, EPSILON)
        if abs(theirs - ours) > 0.01 * ours:
            raise UserError(f"{path}: the batch norm of {scope!r:.80} has epsilon {theirs:g}, mnv3's has {ours:g}.")


def _adding(bias: np.ndarray, scope: str) -> dict[str, np.ndarray]:
    """Return the variables of a batch norm that only adds `bias`."""
    variance = np.full_like(bias, 1 - EPSILONS.get(scope, EPSILON))
    return {
        "gamma": np.ones_like(bias),
        "beta": bias,
        "moving_mean": np.zeros_like(bias),
        "moving_variance": variance,
    }
