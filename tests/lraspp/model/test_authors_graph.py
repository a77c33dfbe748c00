"""Preset "paper" against a real network of the authors' code: weights from its frozen graph, logits from LiteRT."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from mnv3.lraspp.model.heads import LiteHead
from mnv3.lraspp.model.pooling import Windows
from mnv3.lraspp.model.segmenter import Segmenter, build_segmenter
from mnv3.lraspp.weights.names import from_tensorflow
from mnv3.tools.weights.tensorflow.frozen import read_graph

SIZE = (513, 1025)
CLASSES = 5
# Of the published model's export: half the window that the authors have at output stride 32.
WINDOWS = Windows((13, 25), (4, 5), whole=False)


@pytest.fixture(scope="module")
def segmenter(test_data: Path) -> Segmenter:
    segmenter = build_segmenter(backbone="small", output_stride=32, gate="hard_sigmoid", num_classes=CLASSES)
    variables = read_graph(test_data / "lraspp_tf" / "frozen_inference_graph.pb").constants
    segmenter.load_state_dict(from_tensorflow(variables, segmenter))
    assert isinstance(segmenter.head, LiteHead)
    segmenter.head.windows = WINDOWS
    return segmenter.eval()


@pytest.fixture(scope="module")
def images(test_data: Path) -> Tensor:
    """[5, 3, *SIZE] uint8: street scenes and photos."""
    files = sorted((test_data / "camvid" / "val").glob("*.jpg"))[::40][:3]
    files += sorted((test_data / "coco_sample" / "val2017").glob("*.jpg"))[:2]
    height, width = SIZE
    pictures = [np.asarray(Image.open(file).convert("RGB").resize((width, height))) for file in files]
    return torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2)


@pytest.mark.parametrize("index", range(5))
@torch.inference_mode()
def test_logits_are_the_authors(segmenter: Segmenter, images: Tensor, test_data: Path, index: int) -> None:
    image = images[index]
    logits = segmenter(image[None])
    got = segmenter.upsample(logits, SIZE)[0].permute(1, 2, 0).numpy()
    want, classes = run_litert(test_data / "lraspp_tf" / "seg_graph_f.tflite", image)
    assert want.shape == got.shape == (*SIZE, CLASSES)
    assert len(np.unique(classes)) > 1
    assert np.abs(got - want).max() < 1e-2
    assert (segmenter.labels(logits, SIZE)[0].numpy() == classes).mean() > 0.999


def run_litert(path: Path, image: Tensor) -> tuple[np.ndarray, np.ndarray]:
    """Logits [H, W, classes] and their argmax [H, W] of the float network in `path`."""
    litert = pytest.importorskip("ai_edge_litert.interpreter")
    interpreter = litert.Interpreter(
        str(path),
        experimental_op_resolver_type=litert.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
        experimental_preserve_all_tensors=True,
    )
    interpreter.allocate_tensors()
    pixels = image.permute(1, 2, 0).float() * (2 / 255) - 1
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], pixels[None].numpy())
    interpreter.invoke()
    tensors = {tensor["name"]: tensor["index"] for tensor in interpreter.get_tensor_details()}
    return interpreter.get_tensor(tensors["ResizeBilinear_2"])[0], interpreter.get_tensor(tensors["ArgMax"])[0]
