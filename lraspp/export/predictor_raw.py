"""Post-processing in PyTorch for an exported file with the network alone."""

from collections.abc import Callable

import numpy as np
import torch

from mnv3.lraspp.evaluate.inference import resized
from mnv3.lraspp.model.labels import upsampled_labels
from mnv3.tools.export.description import Description


@torch.inference_mode()
def label_maps(
    session: Callable[[np.ndarray], list[np.ndarray]], description: Description, images: np.ndarray
) -> np.ndarray:
    """Return class indices [N, H, W] uint8 of `images` [N, H, W, 3] uint8 RGB, as from a whole file."""
    sides = description.input_size
    inputs = resized(torch.from_numpy(images).permute(0, 3, 1, 2), None if sides is None else tuple(sides)).float()
    logits = torch.from_numpy(session(inputs.numpy())[0])
    size = (images.shape[1], images.shape[2])
    return upsampled_labels(logits, size, description.rules["align_corners"]).numpy()
