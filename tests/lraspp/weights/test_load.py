"""Segmenters from files: whole, into another class count, and refused."""

import pytest
import torch

from mnv3.lraspp.weights.load import init_segmenter, load_segmenter, segmenter_from_config
from mnv3.tools.errors import UserError
from mnv3.tools.weights.checkpoint import write_checkpoint

TASK = {"name": "lraspp", "preset": "paper", "head": "lraspp", "filters": 16, "gate": None, "pool": None}
BACKBONE = {"name": "small", "rf2": True, "width": 0.35, "output_stride": 16, "padding": None, "weights": None}
CONFIG = {"task": {**TASK, "input_size": None}, "backbone": BACKBONE}
CLASSES = [["road", [128, 64, 128], "flat", 7], ["car", [0, 0, 142], "vehicle", 26], ["sky", [70, 130, 180], None, 23]]
TABLE = {0: "road", 1: "car", 2: "sky"}


def save(path, config=CONFIG, classes=CLASSES, seed=0):
    """A checkpoint as training writes it; the segmenter in it is returned."""
    torch.manual_seed(seed)
    segmenter = segmenter_from_config(CONFIG, len(CLASSES))
    state = {f"segmenter.{name}": value for name, value in segmenter.state_dict().items()}
    hyper_parameters = {"config": config, "classes": classes}
    write_checkpoint({"state_dict": state, "hyper_parameters": hyper_parameters, "epoch": 0}, path)
    return segmenter


def test_a_checkpoint_alone_is_enough(tmp_path):
    """The loaded segmenter has the weights, the configuration and the classes that were saved."""
    saved = save(tmp_path / "x.ckpt")
    loaded = load_segmenter(tmp_path / "x.ckpt", TABLE)
    assert loaded.config == CONFIG and loaded.classes == TABLE
    image = torch.randint(0, 256, (1, 3, 65, 97), dtype=torch.uint8)
    assert torch.equal(loaded.segmenter.eval()(image), saved.eval()(image))


CLASSIFIERS = {f"head.{layer}.{part}" for layer in ("classes", "skip") for part in ("weight", "bias")}


def test_init_carries_classifiers_over_by_name(tmp_path):
    """Both of the head, at two strides; the rest is the file's."""
    source = save(tmp_path / "x.ckpt").state_dict()
    torch.manual_seed(1)
    target = segmenter_from_config(CONFIG, 5)
    fresh = {name: value.clone() for name, value in target.state_dict().items()}
    classes = {0: "Sky", 1: "tram", 2: "road", 3: "bus", 4: "pole"}
    begun = init_segmenter(target, tmp_path / "x.ckpt", classes)
    assert not begun.left and "by name: Sky (sky), road (2 of 5); new: tram, bus, pole." in begun.classes
    ours = target.state_dict()
    for name in CLASSIFIERS:
        assert torch.equal(ours[name][[0, 2]], source[name][[2, 0]])
        assert torch.equal(ours[name][[1, 3, 4]], fresh[name][[1, 3, 4]])
    assert all(torch.equal(ours[name], source[name]) for name in ours.keys() - CLASSIFIERS)


def test_init_sorts_the_same_classes_and_leaves_strange_ones(tmp_path):
    """In another order; in the same order nothing needs to be said; with no name in common all start anew."""
    source = save(tmp_path / "x.ckpt").state_dict()
    target = segmenter_from_config(CONFIG, 3)
    fresh = {name: value.clone() for name, value in target.state_dict().items()}
    begun = init_segmenter(target, tmp_path / "x.ckpt", {0: "cat", 1: "dog", 2: "cow"})
    assert not begun.left and "by name: none (0 of 3); new: cat, dog, cow." in begun.classes
    assert all(torch.equal(target.state_dict()[name], fresh[name]) for name in CLASSIFIERS)
    begun = init_segmenter(target, tmp_path / "x.ckpt", {0: "road", 1: "sky", 2: "car"})
    assert not begun.left and "(3 of 3); new: none" in begun.classes
    assert all(torch.equal(target.state_dict()[name], source[name][[0, 2, 1]]) for name in CLASSIFIERS)
    assert init_segmenter(target, tmp_path / "x.ckpt", TABLE) == ([], "")
    assert all(torch.equal(value, source[name]) for name, value in target.state_dict().items())


def test_init_lists_classifiers_of_another_width(tmp_path):
    """task.filters differs: the classifier of the features starts anew for every class, that of the skip does not."""
    source = save(tmp_path / "x.ckpt").state_dict()
    target = segmenter_from_config({**CONFIG, "task": {**CONFIG["task"], "filters": 24}}, 3)
    begun = init_segmenter(target, tmp_path / "x.ckpt", {0: "sky", 1: "car", 2: "lamp"})
    assert any(line.startswith("head.classes.weight: shape (3, 16, 1, 1)") for line in begun.left)
    assert len({line.partition(":")[0] for line in begun.left}) == len(begun.left)
    assert "sky, car (2 of 3); new: lamp" in begun.classes
    assert torch.equal(target.state_dict()["head.skip.weight"][:2], source["head.skip.weight"][[2, 1]])


@pytest.mark.parametrize(
    ("classes", "sentence"),
    [
        ({0: "road", 1: "car"}, r"trained on 3 classes \(road, car, sky\), the data set has 2 \(road, car\).*init="),
        ({0: "road", 1: "sky", 2: "car"}, "class 'car' at index 1, but the data set has 'sky'"),
    ],
)
def test_other_classes_are_refused(tmp_path, classes, sentence):
    """Another count; the same in another order."""
    save(tmp_path / "x.ckpt")
    with pytest.raises(UserError, match=sentence):
        load_segmenter(tmp_path / "x.ckpt", classes)


def test_another_task_and_an_altered_file_are_refused(tmp_path):
    """A detection checkpoint; a configuration that is not that of the weights; nothing that fits."""
    save(tmp_path / "other.ckpt", config={**CONFIG, "task": {"name": "ssdlite"}})
    for load in (load_segmenter, lambda path: init_segmenter(segmenter_from_config(CONFIG, 3), path, TABLE)):
        with pytest.raises(UserError, match="task=ssdlite, not of task=lraspp"):
            load(tmp_path / "other.ckpt")
    save(tmp_path / "altered.ckpt", config={**CONFIG, "backbone": {**BACKBONE, "width": 1.0}})
    with pytest.raises(UserError, match="do not fit its configuration"):
        load_segmenter(tmp_path / "altered.ckpt")
    torch.save({"encoder.weight": torch.zeros(3)}, tmp_path / "strange.pth")
    with pytest.raises(UserError, match="none of its weights fits"):
        init_segmenter(segmenter_from_config(CONFIG, 3), tmp_path / "strange.pth", TABLE)
