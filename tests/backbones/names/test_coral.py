"""A quantised MobileNetV2 classifier of ImageNet as weights of a backbone, against TensorFlow Lite running the file."""

from pathlib import Path

import numpy as np
import torch
from PIL import Image

from mnv3.backbones.classify.network import Classifier
from mnv3.backbones.network import build_backbone
from mnv3.backbones.weights import load_backbone_weights
from mnv3.tools.weights.formats import open_weights
from tests.tools.weights.tensorflow.interpreter import run_litert

PHOTOS = 20


@torch.inference_mode()
def test_classes_of_twenty_photos(test_data: Path) -> None:
    path = test_data / "elsewhere" / "coral" / "mobilenet_v2_1.0_224_quant.tflite"
    file = open_weights(path)
    assert file.pixels() == (1 / 128, 1.0)
    backbone = build_backbone("v2", padding="same", taps=("last",))
    assert load_backbone_weights(backbone, path, entries=file.tensors, pixels=file.pixels()) == []
    classifier = Classifier(backbone, 1001, None).eval()
    scope = "MobilenetV2/Logits/Conv2d_1c_1x1"
    classifier.scores.weight.copy_(torch.from_numpy(file.tensors[f"{scope}/weights"][0, 0].T.copy()))
    classifier.scores.bias.copy_(torch.from_numpy(file.tensors[f"{scope}/biases"].copy()))
    photos = sorted((test_data / "coco_sample" / "val2017").glob("*.jpg"))[:PHOTOS]
    images = [np.array(Image.open(photo).convert("RGB").resize((224, 224))) for photo in photos]
    batch = torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2)
    got = classifier(batch / 127.5 - 1).argmax(1)  # the stem was adapted to this range
    want = [int(run_litert(path, image[None])[0].argmax()) for image in images]
    assert len(set(want)) > PHOTOS / 2
    assert (got.numpy() == np.array(want)).sum() >= PHOTOS - 1
