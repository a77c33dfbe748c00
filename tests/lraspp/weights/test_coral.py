"""DeepLab with MobileNetV2 for VOC, fully quantised, against TensorFlow Lite running the same file."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from mnv3.lraspp.data.classes import VOC
from mnv3.lraspp.weights.load import Loaded, load_weights
from tests.tools.weights.tensorflow.interpreter import run_litert

NAME = "deeplabv3_mnv2_pascal_quant.tflite"
BIRD, IMAGES = "bird_segmentation.bmp", 5


@pytest.fixture(scope="module")
def coral(test_data: Path) -> Path:
    return test_data / "elsewhere" / "coral"


@pytest.fixture(scope="module")
def loaded(coral: Path) -> Loaded:
    return load_weights(str(coral / NAME))


def test_its_network_and_what_is_printed(coral: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO", "mnv3"):
        loaded = load_weights(str(coral / NAME))
    assert [record.message for record in caplog.records] == [
        f"{coral / NAME} is quantised: 55 of its kernels are integers, read as scale * integer.",
        f"Loaded all of {coral / NAME}.",
    ]
    task, backbone = loaded.config["task"], loaded.config["backbone"]
    assert (task["head"], task["filters"], task["input_size"]) == ("raspp", 256, [513, 513])
    assert (backbone["name"], backbone["width"], backbone["output_stride"]) == ("v2", 1.0, 16)
    assert loaded.entries == VOC and loaded.segmenter.preset.align_corners
    np.testing.assert_allclose(loaded.segmenter.preset.pixel_mean, 128 / 255, rtol=1e-6)  # scale 1/128, zero point 128
    np.testing.assert_allclose(loaded.segmenter.preset.pixel_std, 128 / 255, rtol=1e-6)


@torch.inference_mode()
def test_label_maps_are_those_of_tensorflow_lite(test_data: Path, coral: Path, loaded: Loaded) -> None:
    """Ours does not round activations to integers."""
    photos = sorted((test_data / "coco_sample" / "val2017").glob("*.jpg"))[: IMAGES - 1]
    segmenter, seen = loaded.segmenter.eval(), set()
    for path in (coral / BIRD, *photos):
        image = np.array(Image.open(path).convert("RGB").resize((513, 513), Image.Resampling.BILINEAR))
        want = run_litert(coral / NAME, image[None])[0]
        batch = torch.from_numpy(image).permute(2, 0, 1)[None]
        got = segmenter.labels(segmenter(batch), (513, 513))[0].numpy()
        assert (got == want).mean() >= 0.975, path.name
        seen |= {loaded.classes[label] for label in np.unique(want)}
        if path.name == BIRD:
            mask = np.array(Image.open(coral / "bird_segmentation_mask.bmp"))
            assert (got == mask).mean() >= 0.975
    assert {"background", "bird", "person"} <= {name.strip("_") for name in seen}
