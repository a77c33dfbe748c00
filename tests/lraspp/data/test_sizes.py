"""Sizes of training samples and of scored frames, and the warning where they do not go together."""

import logging
from functools import partial

import pytest

from mnv3.lraspp.data.sizes import check_sizes, first_size, unlike
from mnv3.lraspp.training import Segmentation
from mnv3.tools.errors import UserError
from mnv3.tools.runs.folder import RunFolder
from mnv3.tools.training.run import fit_and_score
from tests.lraspp.cityscapes_files import write_cityscapes
from tests.lraspp.data.files import label_of, opened

train = partial(fit_and_score, Segmentation())


@pytest.mark.parametrize(
    ("crop", "scored", "fitting"),
    [
        ((769, 769), (1024, 2048), "[1025,2049]"),
        ((369, 481), (360, 480), "[361,481]"),
        ((360, 480), (361, 480), "[368,480]"),
        ((769, 769), (1025, 2049), None),
        ((768, 768), (1024, 2048), None),
        ((360, 480), (720, 960), None),
    ],
)
def test_sides_that_leave_another_rest_by_the_stride_are_told(crop, scored, fitting):
    """With a size that fits, at least as large as the frames."""
    warning = unlike(crop, scored)
    assert (warning is None) if fitting is None else f"task.input_size={fitting}" in str(warning)


@pytest.mark.parametrize(("overrides", "warns"), [((), True), (("task.input_size=[49,97]",), False)])
def test_training_warns(compose, tmp_path, caplog, overrides, warns):
    """Crops of 49 x 65 of frames of 48 x 96; and where the frames are resized to what fits."""
    with caplog.at_level(logging.WARNING, "mnv3"):
        train(compose("recipe.epochs=1", *overrides), RunFolder(tmp_path / "run"), lambda: None)
    assert any("[49,97]" in record.message for record in caplog.records) == warns


@pytest.mark.parametrize(("overrides", "size"), [((), (48, 96)), (("task.input_size=[33,65]",), (33, 65))])
def test_without_a_crop_samples_are_as_large_as_a_frame(compose, tmp_path, monkeypatch, overrides, size):
    """Or as large as frames are made."""
    from mnv3.lraspp.module import SegmentationModule

    seen = []
    original = SegmentationModule.losses

    def look(self, batch):
        seen.append(tuple(batch.images.shape[-2:]))
        return original(self, batch)

    monkeypatch.setattr(SegmentationModule, "losses", look)
    train(compose("recipe.crop=null", "recipe.epochs=1", *overrides), RunFolder(tmp_path / "run"), lambda: None)
    assert set(seen) == {size}


def test_the_first_frame_that_can_be_read_gives_the_size(tmp_path):
    """Not a placeholder in the place of one that cannot."""
    write_cityscapes(tmp_path / "cityscapes")
    data = opened(tmp_path)
    label_of(data, 0).write_bytes(b"no image")
    assert first_size({"task": {"input_size": None}}, data) == (48, 96)


def test_an_input_that_no_checkpoint_may_have_is_refused_before_training() -> None:
    check_sizes({"recipe": {"crop": None}, "task": {"input_size": [4096, 4096]}})
    for size in ([4096, 4097], [1, 16385]):
        with pytest.raises(UserError, match=r"task\.input_size"):
            check_sizes({"recipe": {"crop": None}, "task": {"input_size": size}})
