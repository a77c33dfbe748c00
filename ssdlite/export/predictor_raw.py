"""Post-processing in PyTorch for an exported file with the network alone."""

from collections.abc import Callable

import numpy as np
import torch

from mnv3.ssdlite.model.postprocess import detect
from mnv3.ssdlite.model.presets import Preset
from mnv3.ssdlite.model.resize import resize
from mnv3.ssdlite.model.targets import Raw
from mnv3.tools.export.description import Description


@torch.inference_mode()
def detections(
    session: Callable[[np.ndarray], list[np.ndarray]], description: Description, images: np.ndarray
) -> list[np.ndarray]:
    """Return boxes, scores and slots, padded, of `images` [N, H, W, 3] uint8 RGB, as from a whole file."""
    preset = Preset(**description.rules, anchors=())
    height, width = description.input_size or images.shape[1:3]
    planes = torch.from_numpy(images).permute(0, 3, 1, 2)
    inputs = torch.stack([resize(image, (height, width), preset.resize_rule) for image in planes])
    codes, logits, anchors = (torch.from_numpy(value) for value in session(inputs.numpy()))
    sizes = torch.tensor([images.shape[1:3]]).expand(len(images), 2)
    found = detect(Raw(codes, logits), anchors, (height, width), sizes, preset)
    return [found.boxes.numpy(), found.scores.numpy(), found.slots.numpy()]
