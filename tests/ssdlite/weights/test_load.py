"""Detectors from files: whole, into another class count, and refused."""

import pytest
import torch

from mnv3.ssdlite.weights.load import detector_from_config, init_detector, load_detector, use_input_size
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


def predictors(detector):
    """The class predictors of all levels, [anchors, slots, ...], copied."""
    state = detector.state_dict()
    names = [name for name in state if name.startswith("head.classes.") and ".predict." in name]
    return {name: state[name].clone().unflatten(0, (-1, detector.num_slots)) for name in names}


OTHERS = {1: "Zebra", 2: "DOG", 3: "bus", 4: "cat", 5: "lamp"}


def test_init_carries_class_predictors_over_by_name(tmp_path):
    """At every anchor of every level the rows of cat, dog and background are the file's, others as they were."""
    source = save(tmp_path / "x.ckpt")
    torch.manual_seed(1)
    target = detector_from_config(CONFIG, num_slots=6)
    before = predictors(target)
    begun = init_detector(target, tmp_path / "x.ckpt", OTHERS)
    assert not begun.left
    assert "by name: DOG (dog), cat (2 of 5); new: Zebra, bus, lamp." in begun.classes
    theirs = predictors(source)
    assert len(theirs) == 12 and any(value.any() for value in theirs.values())
    for name, value in predictors(target).items():
        assert torch.equal(value[:, [0, 2, 4]], theirs[name][:, [0, 2, 1]])
        assert torch.equal(value[:, [1, 3, 5]], before[name][:, [1, 3, 5]])
    ours, all_theirs = target.state_dict(), source.state_dict()
    assert all(torch.equal(ours[name], all_theirs[name]) for name in ours.keys() - theirs.keys())


def test_init_sorts_the_same_classes(tmp_path):
    """Other slots for the same names; in the same slots nothing needs to be said."""
    source = save(tmp_path / "x.ckpt")
    target = detector_from_config(CONFIG, num_slots=4)
    begun = init_detector(target, tmp_path / "x.ckpt", {1: "dog", 2: "bird", 3: "cat"})
    assert not begun.left and "(3 of 3); new: none" in begun.classes
    for name, value in predictors(target).items():
        assert torch.equal(value, predictors(source)[name][:, [0, 2, 3, 1]])
    assert init_detector(target, tmp_path / "x.ckpt", CLASSES) == ([], "")
    assert all(torch.equal(value, target.state_dict()[name]) for name, value in source.state_dict().items())


def test_init_keeps_predictors_of_a_level_with_other_anchors(tmp_path):
    """Preset "torchvision" has 6 anchors on the finest level, and its background is learnt by another loss. With 8
    slots of 3 anchors the shape is that of 4 slots of 6: not a match."""
    save(tmp_path / "x.ckpt")
    config = {**CONFIG, "task": {**CONFIG["task"], "preset": "torchvision"}}
    torch.manual_seed(1)
    theirs = detector_from_config(config, num_slots=4)
    state = {f"detector.{name}": value for name, value in theirs.state_dict().items()}
    about = {"config": config, "classes": CLASSES, "num_slots": 4}
    write_checkpoint({"state_dict": state, "hyper_parameters": about, "epoch": 0}, tmp_path / "x.ckpt")
    target = detector_from_config(CONFIG, num_slots=8)
    before = predictors(target)
    begun = init_detector(target, tmp_path / "x.ckpt", {1: "dog", **{slot: f"new {slot}" for slot in range(2, 8)}})
    assert {line.partition(":")[0] for line in begun.left if "head.classes." in line} == {
        f"head.classes.0.predict.{part}" for part in ("weight", "bias")
    }
    assert "by name: dog (1 of 7); new: background, new 2" in begun.classes
    for name, value in predictors(target).items():
        rows = list(range(8)) if ".0." in name else [0, *range(2, 8)]
        assert torch.equal(value[:, rows], before[name][:, rows])
        assert ".0." in name or torch.equal(value[:, 1], predictors(theirs)[name][:, 2])


def test_init_takes_a_bare_state_dict(tmp_path):
    """As torch.save(detector.state_dict()) writes it."""
    source = save(tmp_path / "x.ckpt")
    torch.save(source.state_dict(), tmp_path / "bare.pth")
    target = detector_from_config(CONFIG, num_slots=4)
    begun = init_detector(target, tmp_path / "bare.pth", {1: "ant", 2: "bee", 3: "cat"})
    assert not begun.left and "bare.pth names no classes" in begun.classes
    assert all(torch.equal(value, target.state_dict()[name]) for name, value in source.state_dict().items())
    fewer = detector_from_config(CONFIG, num_slots=3)
    before = predictors(fewer)
    begun = init_detector(fewer, tmp_path / "bare.pth", {1: "cat", 2: "dog"})
    assert not begun.left and "names no classes" in begun.classes and "start anew" in begun.classes
    assert all(torch.equal(value, before[name]) for name, value in predictors(fewer).items())


def test_init_refuses_what_has_nothing_for_it(tmp_path):
    """A state dict of another network would else pass in silence."""
    torch.save({"encoder.weight": torch.zeros(3)}, tmp_path / "other.pth")
    with pytest.raises(UserError, match="none of its weights fits"):
        init_detector(detector_from_config(CONFIG, 4), tmp_path / "other.pth", CLASSES)


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


def test_another_input_size_than_the_weights_is_reported(caplog: pytest.LogCaptureFixture) -> None:
    detector = detector_from_config(CONFIG, 4)
    with caplog.at_level("INFO", "mnv3"):
        use_input_size(detector, (96, 96))
        assert not caplog.records
        use_input_size(detector, (64, 128))
    assert detector.input_size == (64, 128) and "64 x 128" in caplog.text and "96 x 96" in caplog.text
