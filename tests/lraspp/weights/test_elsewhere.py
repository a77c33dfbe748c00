"""Other people's segmenters: each file says itself which network it is for, and gives its own outputs here."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torchvision.models.segmentation import LRASPP_MobileNet_V3_Large_Weights, lraspp_mobilenet_v3_large

from mnv3.backbones.weights import load_backbone_weights
from mnv3.lraspp.data.classes import CAMVID, CITYSCAPES, VOC
from mnv3.lraspp.model.pooling import AUTHORS_WINDOWS, Windows
from mnv3.lraspp.model.segmenter import build_segmenter
from mnv3.lraspp.weights.load import init_segmenter, load_weights, segmenter_from_config
from mnv3.tools.errors import UserError
from mnv3.tools.weights.formats import open_weights
from mnv3.tools.weights.tensorflow.frozen import read_graph
from tests.tools.weights.tensorflow.files import write_checkpoint

ENDS = ("weights", "biases", "gamma", "beta", "moving_mean", "moving_variance")


@pytest.fixture(scope="module")
def variables(test_data: Path) -> dict[str, np.ndarray]:
    """Those of a real network of the authors, Small at output stride 32, of 5 classes."""
    constants = read_graph(test_data / "lraspp_tf" / "frozen_inference_graph.pb").constants
    return {name: np.array(value) for name, value in constants.items() if name.endswith(ENDS)}


def image() -> torch.Tensor:
    return torch.randint(0, 256, (1, 3, 65, 97), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))


@torch.inference_mode()
def test_the_authors_graph(test_data: Path, caplog: pytest.LogCaptureFixture) -> None:
    """That it computes what they do: test_authors_graph. Here: that it says how to build it."""
    source = str(test_data / "lraspp_tf" / "frozen_inference_graph.pb")
    with caplog.at_level("INFO", "mnv3"):
        loaded = load_weights(source)
    assert [record.message for record in caplog.records] == [f"Loaded all of {source}."]
    task, backbone = loaded.config["task"], loaded.config["backbone"]
    assert (task["preset"], task["head"], task["filters"], task["gate"]) == ("paper", "lraspp", 128, "hard_sigmoid")
    assert (backbone["name"], backbone["rf2"], backbone["output_stride"]) == ("small", True, 32)
    assert loaded.segmenter.head.windows == Windows((13, 25), (4, 5), whole=False)
    assert loaded.classes == {n: f"class {n}" for n in range(5)} and loaded.note == ""
    assert load_weights(source, asked={"task.pool": "global"}).segmenter.head.windows is None


@torch.inference_mode()
def test_their_network_for_tensorflow_lite(test_data: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Batch norms are folded into kernels and biases there, and the addends of hard sigmoids."""
    source = str(test_data / "lraspp_tf" / "seg_graph_f.tflite")
    with caplog.at_level("INFO", "mnv3"):
        loaded = load_weights(source)
    assumed, whole = (record.message for record in caplog.records)
    assert "does not hold the range of pixels" in assumed and whole == f"Loaded all of {source}."
    graph = load_weights(str(test_data / "lraspp_tf"))
    assert loaded.config["task"].pop("input_size") == [513, 1025]  # a graph for frames of any size holds none
    assert graph.config["task"].pop("input_size") is None
    assert loaded.config == graph.config and loaded.segmenter.head.windows == graph.segmenter.head.windows
    frame = torch.randint(0, 256, (1, 3, 257, 513), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(loaded.segmenter.eval()(frame), graph.segmenter.eval()(frame), atol=1e-4, rtol=1e-4)
    backbone = build_segmenter(backbone="small", num_classes=2).backbone
    assert load_backbone_weights(backbone, source, entries=open_weights(source).tensors) == []
    state = loaded.segmenter.backbone.state_dict()
    assert all(torch.equal(value, state[name]) for name, value in backbone.state_dict().items())


@pytest.mark.parametrize("average", [False, True])
@torch.inference_mode()
def test_a_checkpoint_of_theirs(
    test_data: Path, tmp_path: Path, variables: dict[str, np.ndarray], average: bool
) -> None:
    """The same as the graph, but for what only that tells; an optimizer's variables do not count as left."""
    extra = {"aspp0/weights/Momentum": variables["aspp0/weights"], "global_step": np.array(3)}
    if average:
        extra |= {f"{name}/ExponentialMovingAverage": value for name, value in variables.items()}
    noise = {name: value + average for name, value in variables.items()}
    write_checkpoint(tmp_path / "model.ckpt-3", {**noise, **extra})
    loaded = load_weights(str(tmp_path))
    assert loaded.segmenter.head.windows == AUTHORS_WINDOWS[32]
    loaded.segmenter.head.windows = Windows((13, 25), (4, 5), whole=False)
    graph = load_weights(str(test_data / "lraspp_tf")).segmenter.eval()
    assert torch.equal(loaded.segmenter.eval()(image()), graph(image()))


def test_cityscapes_releases(tmp_path: Path, variables: dict[str, np.ndarray]) -> None:
    """19 classes are Cityscapes'; the published figure is told; a stride that the user asks for counts."""
    of_19 = {
        name: np.zeros((*value.shape[:-1], 19), np.float32) if name.startswith("decoder/") else value
        for name, value in variables.items()
    }
    write_checkpoint(tmp_path / "model.ckpt", of_19)
    loaded = load_weights(str(tmp_path / "model.ckpt"), asked={"backbone.output_stride": 16})
    assert loaded.entries == CITYSCAPES and "mIoU 0.6899" in loaded.note
    assert loaded.segmenter.head.windows == AUTHORS_WINDOWS[16]


def test_heads_that_are_not_the_paper_s(tmp_path: Path, variables: dict[str, np.ndarray]) -> None:
    rates = {"aspp1_depthwise/depthwise_weights": np.zeros((3, 3, 4, 1), np.float32)}
    write_checkpoint(tmp_path / "rates", {**variables, **rates})
    with pytest.raises(UserError, match="neither R-ASPP nor Lite R-ASPP: it has an ASPP of several rates"):
        load_weights(str(tmp_path / "rates"))
    plain = {name: value for name, value in variables.items() if not name.startswith("decoder/")}
    write_checkpoint(tmp_path / "plain", plain)
    with pytest.raises(UserError, match="neither R-ASPP nor Lite R-ASPP: it has other layers"):
        load_weights(str(tmp_path / "plain"))
    xception = {name.replace("MobilenetV3", "xception_65"): value for name, value in variables.items()}
    write_checkpoint(tmp_path / "xception", xception)
    with pytest.raises(UserError, match=r"xception.*does not build"):
        load_weights(str(tmp_path / "xception"))


@torch.inference_mode()
def test_r_aspp_of_mobilenetv2(tmp_path: Path) -> None:
    """As deeplabv3_mnv2_cityscapes_train names it: written from a segmenter of ours, and read again."""
    torch.manual_seed(0)
    segmenter = build_segmenter(head="raspp", filters=256, backbone="v2", rf2=False, pool="global", num_classes=19)
    write_checkpoint(tmp_path / "model.ckpt-30000", in_slims_names(segmenter))
    loaded = load_weights(str(tmp_path / "model.ckpt-30000"))
    assert loaded.config["backbone"]["name"] == "v2" and loaded.config["backbone"]["output_stride"] == 16
    assert loaded.config["task"]["head"] == "raspp" and loaded.config["task"]["pool"] == "global"
    assert torch.equal(loaded.segmenter.eval()(image()), segmenter.eval()(image()))


def in_slims_names(segmenter: torch.nn.Module) -> dict[str, np.ndarray]:
    """The weights of an R-ASPP segmenter on V2 under the names that slim gives them."""
    norms = {"weight": "gamma", "bias": "beta", "running_mean": "moving_mean", "running_var": "moving_variance"}
    heads = {"pooled": "image_pooling", "features": "aspp0", "mix": "concat_projection", "classes": "logits/semantic"}
    found = {}
    for name, value in segmenter.state_dict().items():
        part, *inside, kind = name.split(".")
        if kind == "num_batches_tracked":
            continue
        if part == "head":
            scope, inside = heads[inside[0]], inside[1:]
        elif inside[0] == "stem":
            scope, inside = "MobilenetV2/Conv", inside[1:]
        else:
            block = int(inside[0].removeprefix("block")) - 1
            scope = f"MobilenetV2/expanded_conv{f'_{block}' if block else ''}/{inside[1]}"
            inside = inside[2:]
        if inside == ["norm"]:
            found[f"{scope}/BatchNorm/{norms[kind]}"] = value.numpy()
        elif kind == "bias":
            found[f"{scope}/biases"] = value.numpy()
        elif "depthwise" in scope:
            found[f"{scope}/depthwise_weights"] = value.permute(2, 3, 0, 1).numpy()
        else:
            found[f"{scope}/weights"] = value.permute(2, 3, 1, 0).numpy()
    return {name: np.ascontiguousarray(value) for name, value in found.items()}


@torch.inference_mode()
def test_torchvision_s_file_and_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    theirs = lraspp_mobilenet_v3_large(weights=None, weights_backbone=None).eval()
    weights = LRASPP_MobileNet_V3_Large_Weights.COCO_WITH_VOC_LABELS_V1
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    with pytest.raises(UserError, match=r"(?s)lraspp.*is missing. Fetch https://.*12 MB.*python -c"):
        load_weights("torchvision")
    file = tmp_path / "hub" / "checkpoints" / Path(weights.url).name
    file.parent.mkdir(parents=True)
    torch.save(theirs.state_dict(), file)
    assert [entry.name for entry in VOC] == weights.meta["categories"]
    assert VOC[15].colour == (192, 128, 128) and VOC[1].colour == (128, 0, 0)  # as the devkit's label files have them
    mean, std = (torch.tensor(values).reshape(3, 1, 1) for values in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)))
    want = theirs((image() / 255 - mean) / std)["out"]
    for source in (str(file), "torchvision"):
        loaded = load_weights(source)
        segmenter = loaded.segmenter.eval()
        assert loaded.entries == VOC and loaded.config["task"]["preset"] == "torchvision"
        torch.testing.assert_close(segmenter.upsample(segmenter(image()), (65, 97)), want, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize(
    "network",
    [
        {"backbone": "small"},
        {"backbone": "large", "filters": 64, "width": 0.5, "num_classes": 3},
        {"backbone": "v2", "head": "raspp", "rf2": False},
        {"backbone": "large", "preset": "torchvision", "rf2": False},
        {"backbone": "small", "gate": "none"},
        {"backbone": "small", "skip": False},
        {"backbone": "mnasnet"},
    ],
    ids=str,
)
def test_a_bare_state_dict_of_ours_tells_its_network(tmp_path: Path, network: dict) -> None:
    segmenter = build_segmenter(**{"num_classes": 19, **network})
    torch.save(segmenter.state_dict(), tmp_path / "bare.pth")
    loaded = load_weights(str(tmp_path / "bare.pth"))
    assert loaded.segmenter.preset == segmenter.preset
    assert loaded.segmenter.backbone.table == segmenter.backbone.table
    state = loaded.segmenter.state_dict()
    assert all(torch.equal(value, state[name]) for name, value in segmenter.state_dict().items())


@pytest.mark.parametrize(
    ("names", "sentence"),
    [
        (["BoxPredictor_0/weights"], "holds a detector, not a segmenter: add task=ssdlite"),
        (["features.0.0.weight"], r"holds no \(Lite\) R-ASPP segmenter"),
    ],
)
def test_other_networks(tmp_path: Path, names: list[str], sentence: str) -> None:
    torch.save({name: torch.zeros(24, 4, 1, 1) for name in names}, tmp_path / "x.pth")
    with pytest.raises(UserError, match=sentence):
        load_weights(str(tmp_path / "x.pth"))


def test_a_new_run_begins_with_the_authors_weights(test_data: Path) -> None:
    task = {"name": "lraspp", "preset": "paper", "head": "lraspp", "filters": 128, "gate": None, "pool": None}
    backbone = {"name": "small", "rf2": True, "width": 1.0, "output_stride": 16, "padding": None}
    segmenter = segmenter_from_config({"task": task, "backbone": backbone}, 11)
    classes = {index: entry.name for index, entry in enumerate(CAMVID)}
    begun = init_segmenter(segmenter, test_data / "lraspp_tf", classes)
    assert not begun.left and "names no classes" in begun.classes and "start anew" in begun.classes
    with pytest.raises(UserError, match="is backbone=small, not large"):
        init_segmenter(build_segmenter(num_classes=3), test_data / "lraspp_tf", {0: "a", 1: "b", 2: "c"})


def test_a_new_run_begins_with_torchvision_s_classes_of_voc(tmp_path: Path) -> None:
    theirs = lraspp_mobilenet_v3_large(weights=None, weights_backbone=None)
    torch.save(theirs.state_dict(), tmp_path / "theirs.pth")
    segmenter = build_segmenter(backbone="large", preset="torchvision", num_classes=4)
    classes = {0: "background", 1: "airplane", 2: "Potted Plant", 3: "pedestrian"}
    begun = init_segmenter(segmenter, tmp_path / "theirs.pth", classes)
    assert "(3 of 4); new: pedestrian." in begun.classes
    got, want = segmenter.state_dict(), theirs.state_dict()
    for ours, name in (("classes", "high"), ("skip", "low")):
        assert torch.equal(got[f"head.{ours}.weight"][:3], want[f"classifier.{name}_classifier.weight"][[0, 1, 16]])
