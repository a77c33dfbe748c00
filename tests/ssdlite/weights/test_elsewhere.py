"""Other people's detectors: each file says itself which network it is for, and gives its own outputs here."""

from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from torchvision.models.detection import SSDLite320_MobileNet_V3_Large_Weights, ssdlite320_mobilenet_v3_large

from mnv3.ssdlite.data.coco.names import COCO_NAMES
from mnv3.ssdlite.model.detector import build_detector
from mnv3.ssdlite.model.resize import resize
from mnv3.ssdlite.weights.load import detector_from_config, init_detector, load_weights
from mnv3.ssdlite.weights.names import from_torchvision
from mnv3.tools.errors import UserError

YX_TO_XY = [1, 0, 3, 2]
TENSORFLOW = ["ssd_v3_small_random_frozen.pb", "ssd_v3_small_random_ckpt", "ssd_v3_small_random_ckpt/model.ckpt"]


@pytest.fixture(scope="module")
def oracle(test_data: Path) -> Path:
    return test_data / "oracle_tf"


@pytest.mark.parametrize("name", TENSORFLOW)
@torch.inference_mode()
def test_the_authors_graph_and_checkpoint(oracle: Path, name: str, caplog: pytest.LogCaptureFixture) -> None:
    """Nothing is said of the network; images of the input's size and of another."""
    with caplog.at_level("INFO", "mnv3"):
        loaded = load_weights(str(oracle / name))
    *assumed, whole = (record.message for record in caplog.records)
    assert whole == f"Loaded all of {oracle / name}."
    assert len(assumed) == (not name.endswith(".pb"))  # a graph holds its rules, a checkpoint does not
    assert all("task.input_size=[320,320]" in sentence for sentence in assumed)
    assert loaded.classes == COCO_NAMES and loaded.ids[90] == 90 and "AP 0.154" in loaded.note
    backbone = loaded.config["backbone"]
    assert (backbone["name"], backbone["rf2"], backbone["width"]) == ("small", True, 1.0)
    arrays = np.load(oracle / "ssd_v3_small_io.npz")
    for run, pixels in (("a", arrays["images_320"]), ("b", arrays["image_480x640"])):
        images = torch.from_numpy(pixels).permute(0, 3, 1, 2)
        sizes = torch.tensor([images.shape[2:]] * len(images))
        detector = loaded.detector.eval()
        inputs = torch.stack([resize(image, detector.input_size, detector.resize_rule) for image in images])
        raw = detector(inputs)
        # Codes are as large as 12, and TensorFlow's float32 is itself 1.25e-4 from the same network in float64.
        assert_allclose(raw.codes[..., YX_TO_XY], arrays[f"{run}/box_encodings"], atol=1.5e-4, rtol=0)
        assert_allclose(raw.logits, arrays[f"{run}/class_logits"], atol=1e-4, rtol=0)
        found = detector.detect(raw, sizes)
        assert_array_equal(found.counts, arrays[f"{run}/num_detections"])
        same_detections(found, arrays, run, sizes)


def same_detections(found, arrays, run: str, sizes: torch.Tensor) -> None:
    """Two scores nearer than the network's own rounding may change places."""
    scale = sizes[:, [1, 0, 1, 0]][:, None]
    boxes = (found.boxes / scale)[..., YX_TO_XY]
    for i in range(len(sizes)):
        wanted = sorted_rows(arrays[f"{run}/detection_classes"][i], arrays[f"{run}/detection_boxes"][i])
        got = sorted_rows(found.slots[i].numpy(), boxes[i].numpy())
        assert_allclose(got, wanted, atol=2e-5)
        assert_allclose(found.scores[i], arrays[f"{run}/detection_scores"][i], atol=2e-5)


def sorted_rows(classes: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    rows = np.concatenate([classes[:, None], boxes], 1)
    return rows[np.lexsort(rows.round(3).T[::-1])]


@torch.inference_mode()
def test_torchvision_s_file_and_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    theirs = ssdlite320_mobilenet_v3_large(weights=None, weights_backbone=None).eval()
    file = tmp_path / "hub" / "checkpoints" / Path(SSDLite320_MobileNet_V3_Large_Weights.COCO_V1.url).name
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    with pytest.raises(UserError, match=r"(?s)ssdlite320.*is missing. Fetch https://.*13 MB.*python -c"):
        load_weights("torchvision")
    file.parent.mkdir(parents=True)
    torch.save(theirs.state_dict(), file)
    image = torch.randint(0, 256, (1, 3, 320, 320), dtype=torch.uint8)
    want = theirs(image / 255)[0]
    for source in (str(file), "torchvision", "torchvision-coco"):
        loaded = load_weights(source)
        assert loaded.config["task"]["preset"] == "torchvision" and loaded.classes == COCO_NAMES
        assert "AP 0.213" in loaded.note
        detector = loaded.detector.eval()
        found = detector.detect(detector(image), torch.tensor([[320, 320]]))
        count = int(found.counts[0])
        assert count == len(want["scores"])
        assert_allclose(found.scores[0, :count], want["scores"], atol=1e-5)


@pytest.mark.parametrize(
    "network",
    [
        {"backbone": "large"},
        {"backbone": "small", "rf2": True, "num_slots": 4},
        {"backbone": "small", "width": 0.35},
        {"backbone": "large", "se": False, "max_kernel": 3, "hswish": False},
        {"backbone": "large", "preset": "torchvision", "rf2": True},
        {"backbone": "v1"},
        {"backbone": "v2", "rf2": True, "width": 0.5},
        {"backbone": "mnasnet", "num_slots": 9},
    ],
    ids=str,
)
def test_a_bare_state_dict_of_ours_tells_its_network(tmp_path: Path, network: dict) -> None:
    detector = build_detector(**{"num_slots": 91, **network})
    torch.save(detector.state_dict(), tmp_path / "bare.pth")
    loaded = load_weights(str(tmp_path / "bare.pth"))
    assert loaded.detector.preset == detector.preset and loaded.detector.num_slots == detector.num_slots
    assert loaded.detector.backbone.table == detector.backbone.table
    state = loaded.detector.state_dict()
    assert all(torch.equal(value, state[name]) for name, value in detector.state_dict().items())
    assert loaded.classes == (COCO_NAMES if detector.num_slots == 91 else {n: f"class {n}" for n in loaded.ids})


def test_the_user_s_words_win_or_contradict(oracle: Path) -> None:
    source = str(oracle / TENSORFLOW[0])
    config = {"task": {"name": "ssdlite"}, "backbone": {"name": "large"}, "recipe": {}, "eval": {"split": "val"}}
    loaded = load_weights(source, config, {"backbone.padding": "symmetric", "backbone.rf2": True})
    assert loaded.detector.preset.padding == "symmetric" and loaded.config["eval"] == {"split": "val"}
    assert config["backbone"] == {"name": "large"}
    with pytest.raises(UserError, match=r"has backbone\.rf2=true, .*backbone\.rf2=false was asked for"):
        load_weights(source, config, {"backbone.rf2": False})
    with pytest.raises(UserError, match=r"has task\.preset=paper"):
        load_weights(source, config, {"task.preset": "torchvision"})


def test_what_a_file_has_too_much_is_told_and_too_little_is_refused(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    state = build_detector(backbone="small", num_slots=4).state_dict()
    torch.save({**state, "teacher.weight": torch.zeros(2)}, tmp_path / "more.pth")
    with caplog.at_level("INFO", "mnv3"):
        load_weights(str(tmp_path / "more.pth"))
    assert "Not loaded from" in caplog.text and "teacher.weight: only in the file" in caplog.text
    state.pop("extras.0.reduce.conv.weight")
    torch.save(state, tmp_path / "less.pth")
    with pytest.raises(UserError, match=r"does not hold all weights .*extras\.0\.reduce\.conv\.weight.*init=FILE"):
        load_weights(str(tmp_path / "less.pth"))


@pytest.mark.parametrize(
    ("names", "sentence"),
    [
        (["classifier.cbr.0.weight"], "holds a segmenter, not a detector: add task=lraspp"),
        (["features.0.0.weight"], "holds no SSDLite detector"),
        (
            ["head.boxes.0.predict.weight", "head.classes.0.predict.weight"],
            "does not know the backbone",
        ),
    ],
)
def test_other_networks(tmp_path: Path, names: list[str], sentence: str) -> None:
    torch.save({name: torch.zeros(24, 4, 1, 1) for name in names}, tmp_path / "x.pth")
    with pytest.raises(UserError, match=sentence):
        load_weights(str(tmp_path / "x.pth"))


CONFIG = {
    "recipe": {},
    "task": {"name": "ssdlite", "preset": "paper", "input_size": [320, 320]},
    "backbone": {"name": "small", "rf2": True, "width": 1.0, "output_stride": 32, "padding": None, "weights": None},
}


def test_a_new_run_begins_with_the_authors_weights(oracle: Path) -> None:
    """Of the class predictors COCO's person and tv, and the background; of another backbone nothing."""
    source, classes = str(oracle / TENSORFLOW[1]), {1: "tvmonitor", 2: "elk", 3: "Person"}
    detector = detector_from_config(CONFIG, 4)
    fresh = {name: value.clone() for name, value in detector.state_dict().items()}
    begun = init_detector(detector, source, classes)
    assert not begun.left and "tvmonitor (tv), Person (person) (2 of 3); new: elk." in begun.classes
    want, got = load_weights(source).detector.state_dict(), detector.state_dict()
    for name, value in got.items():
        if name.startswith("head.classes.") and ".predict." in name:
            value = value.unflatten(0, (-1, 4))
            assert torch.equal(value[:, [0, 1, 3]], want[name].unflatten(0, (-1, 91))[:, [0, 72, 1]])
            assert torch.equal(value[:, 2], fresh[name].unflatten(0, (-1, 4))[:, 2])
        else:
            assert torch.equal(value, want[name])
    with pytest.raises(UserError, match="is backbone=small, not large"):
        init_detector(
            detector_from_config({**CONFIG, "backbone": {**CONFIG["backbone"], "name": "large"}}, 4), source, classes
        )


def test_a_new_run_begins_with_torchvision_s_backbone(tmp_path: Path) -> None:
    """Anchors are others, so that no predictor of the finest level fits; the backbone and the extra maps do."""
    theirs = ssdlite320_mobilenet_v3_large(weights=None, weights_backbone=None)
    torch.save(theirs.state_dict(), tmp_path / "theirs.pth")
    detector = detector_from_config({**CONFIG, "backbone": {**CONFIG["backbone"], "name": "large"}}, 91)
    left = init_detector(detector, tmp_path / "theirs.pth", COCO_NAMES).left
    assert left and {line.split(".")[0] for line in left} == {"head"}
    want = from_torchvision(theirs.state_dict(), detector)
    assert torch.equal(detector.state_dict()["backbone.last.conv.weight"], want["backbone.last.conv.weight"])
