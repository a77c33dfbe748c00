"""Several processes count exactly what one counts, and their mistakes come back."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from mnv3.lraspp.data.frames import FrameData
from mnv3.lraspp.evaluate.label_files import label_file
from mnv3.lraspp.evaluate.run import segment_all
from mnv3.lraspp.model.segmenter import Segmenter
from mnv3.tools.errors import UserError
from tests.lraspp.evaluate.made_up import cityscapes_data


def config(**settings: Any) -> dict[str, Any]:
    evaluation = {"accelerator": "cpu", "devices": 1, "precision": "32-true", "batch_size": 3}
    evaluation |= {"flip": False, "scales": [1.0]}
    return {
        "eval": {**evaluation, **settings},
        "data": {"workers": 0, "on_error": "raise"},
        "task": {"input_size": None},
    }


def test_one_two_and_three_processes_agree_exactly(segmenter: Segmenter, data: FrameData, tmp_path: Path) -> None:
    one = segment_all(segmenter, data, config(), kept=(0, 5), folder=tmp_path / "1")
    assert one.indices == list(range(7)) and list(one.maps) == [0, 5]
    assert one.scores.confusion.sum() == 7 * 48 * 96 and one.scoring_seconds > 0
    for devices in (2, 3):
        several = segment_all(segmenter, data, config(devices=devices), kept=(0, 5), folder=tmp_path / str(devices))
        np.testing.assert_array_equal(several.scores.confusion, one.scores.confusion)
        assert several.scores.stats == one.scores.stats and several.indices == one.indices
        assert all(torch.equal(several.maps[index], one.maps[index]) for index in one.maps)
        for index in range(7):
            files = [label_file(tmp_path / str(n), data, index).read_bytes() for n in (1, devices)]
            assert files[0] == files[1]


def test_an_unreadable_frame_is_named_from_any_process_or_left_out(segmenter: Segmenter, tmp_path: Path) -> None:
    data = cityscapes_data(tmp_path, frames=3)
    whole = segment_all(segmenter, data, config())
    broken = data.frames[1].image  # the second process's
    broken.write_bytes(broken.read_bytes()[:500])
    with pytest.raises(UserError, match=broken.name):
        segment_all(segmenter, data, config(devices=2))
    lenient = config()
    lenient["data"]["on_error"] = "skip"
    fewer = segment_all(segmenter, data, lenient, folder=tmp_path / "out")
    assert fewer.indices == [0, 2]
    assert fewer.scores.confusion[:-1].sum() < whole.scores.confusion[:-1].sum()
    assert len(list((tmp_path / "out").iterdir())) == 2


def test_one_batch(segmenter: Segmenter, data: FrameData) -> None:
    assert segment_all(segmenter, data, config(devices=2), one_batch=True).indices == [0, 1, 2]


def test_label_files_have_the_data_set_s_ids(segmenter: Segmenter, data: FrameData, tmp_path: Path) -> None:
    outcome = segment_all(segmenter, data, config(), kept=range(7), folder=tmp_path)
    for index, classes in outcome.maps.items():
        with Image.open(label_file(tmp_path, data, index)) as image:
            np.testing.assert_array_equal(np.array(image), data.ids[classes.numpy()])
