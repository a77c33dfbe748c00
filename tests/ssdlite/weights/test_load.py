"""Detectors from files: whole, into another class count, and refused."""

import pytest
import torch

from mnv3.ssdlite.weights.load import detector_from_config, init_detector, load_detector
from mnv3.tools.errors import UserError
from mnv3.tools.weights.checkpoint import write_checkpoint

CONFIG = {
    "recipe": {"class_prior": 0.01},
    "task": {"name": "ssdlite", "preset": "paper", "input_size": [96, 96]},
    "backbone": {
        "name": "small",
        "rf2": False,
        "width": 0.35,
        "output_stride": 32,
        "padding": None,
        "weights": None,
    },
}
CLASSES = {1: "cat", 2: "dog", 3: "bird"}


def save(path, config=CONFIG, classes=CLASSES, num_slots=4, seed=0):
    """A checkpoint as training writes it; the detector in it is returned."""
    torch.manual_seed(seed)
    detector = detector_from_config(CONFIG, num_slots)
    state = {f"detector.{name}": value for name, value in detector.state_dict().items()}
    hyper_parameters = {"config": config, "classes": classes, "num_slots": num_slots}
    write_checkpoint({"state_dict": state, "hyper_parameters": hyper_parameters, "epoch": 0}, path)
    return detector


def test_a_checkpoint_alone_is_enough(tmp_path):
    """The loaded detector has the weights, the configuration and the classes that were saved."""
    saved = save(tmp_path / "x.ckpt")
    loaded = load_detector(tmp_path / "x.ckpt", CLASSES)
    assert loaded.config == CONFIG and loaded.classes == CLASSES
    image = torch.randint(0, 256, (1, 3, 96, 96), dtype=torch.uint8)
    for ours, theirs in zip(loaded.detector.eval()(image), saved.eval()(image), strict=True):
        assert torch.equal(ours, theirs)


def test_init_loads_all_but_the_class_predictors_of_another_class_count(tmp_path):
    """What was not loaded is named, with both shapes; the rest is the file's."""
    source = save(tmp_path / "x.ckpt")
    torch.manual_seed(1)
    target = detector_from_config(CONFIG, num_slots=6)
    left = init_detector(target, tmp_path / "x.ckpt")
    changed = {line.partition(":")[0] for line in left}
    assert changed and all(name.startswith("head.classes.") and ".predict." in name for name in changed)
    assert any("shape (12," in line and "here (18," in line for line in left)  # 3 anchors of 4 and of 6 slots
    ours, theirs = target.state_dict(), source.state_dict()
    assert changed == {name for name in ours if ours[name].shape != theirs[name].shape}
    assert all(torch.equal(ours[name], theirs[name]) for name in ours.keys() - changed)


def test_init_takes_a_bare_state_dict(tmp_path):
    """As torch.save(detector.state_dict()) writes it."""
    source = save(tmp_path / "x.ckpt")
    torch.save(source.state_dict(), tmp_path / "bare.pth")
    target = detector_from_config(CONFIG, num_slots=4)
    assert init_detector(target, tmp_path / "bare.pth") == []
    assert all(torch.equal(value, target.state_dict()[name]) for name, value in source.state_dict().items())


def test_init_refuses_what_has_nothing_for_it(tmp_path):
    """A state dict of another network would else pass in silence."""
    torch.save({"encoder.weight": torch.zeros(3)}, tmp_path / "other.pth")
    with pytest.raises(UserError, match="none of its weights fits"):
        init_detector(detector_from_config(CONFIG, 4), tmp_path / "other.pth")


@pytest.mark.parametrize(
    ("classes", "sentence"),
    [
        ({1: "cat", 2: "dog"}, r"trained on 3 classes \(cat, dog, bird\), the data set has 2 \(cat, dog\).*init="),
        ({1: "cat", 2: "bird", 3: "dog"}, "class 'dog' in slot 2, but the data set has 'bird'"),
        ({1: "cat", 2: "dog", 5: "bird"}, "class 'bird' in slot 3, but the data set has None"),
    ],
)
def test_other_classes_are_refused(tmp_path, classes, sentence):
    """Another count; the same in another order; the same in other slots."""
    save(tmp_path / "x.ckpt")
    with pytest.raises(UserError, match=sentence):
        load_detector(tmp_path / "x.ckpt", classes)


def test_another_task_and_an_altered_file_are_refused(tmp_path):
    """A segmentation checkpoint; a configuration that is not that of the weights."""
    save(tmp_path / "other.ckpt", config={**CONFIG, "task": {"name": "lraspp"}})
    with pytest.raises(UserError, match="task=lraspp, not of task=ssdlite"):
        load_detector(tmp_path / "other.ckpt")
    save(tmp_path / "altered.ckpt", config={**CONFIG, "backbone": {**CONFIG["backbone"], "width": 1.0}})
    with pytest.raises(UserError, match="do not fit its configuration"):
        load_detector(tmp_path / "altered.ckpt")
