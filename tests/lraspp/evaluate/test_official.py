"""cityscapesscripts on our files: the same figures, and a clear word where it cannot be or is not so."""

import math
import os
import re
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from cityscapesscripts import evaluation
from cityscapesscripts.evaluation import evalPixelLevelSemanticLabeling as script
from PIL import Image

from mnv3.lraspp.data.frames import IGNORE, FrameData
from mnv3.lraspp.evaluate.label_files import label_file, write_label_files
from mnv3.lraspp.evaluate.official import OfficialError, _import_script, check_agreement, check_possible, evaluate
from mnv3.lraspp.evaluate.scorer import Scorer
from mnv3.lraspp.evaluate.scores import Scores
from mnv3.lraspp.evaluate.submission import write_submission
from mnv3.tools.errors import UserError
from tests.lraspp.evaluate.made_up import cityscapes_data


def predicted(data: FrameData, folder: Path, seed: int = 0) -> Scores:
    """Write the truth, half of it replaced, as predictions; their scores."""
    rng = np.random.default_rng(seed)
    scorer = Scorer(data)
    for index, frame in enumerate(data.frames):
        assert frame.label is not None
        truth = data.table[np.array(Image.open(frame.label))]
        noise = rng.integers(0, 19, truth.shape, dtype=np.uint8)
        classes = np.where((rng.random(truth.shape) < 0.5) | (truth == IGNORE), noise, truth)[None]
        maps = torch.from_numpy(classes)
        scorer.add(torch.tensor([index]), maps, torch.from_numpy(truth[None]))
        write_label_files(folder, data, [index], maps)
    return scorer.scores()


def test_it_agrees_to_the_last_digit(
    data: FrameData, tmp_path: Path, capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = predicted(data, tmp_path)
    check_possible(data)
    official = evaluate(data, tmp_path, range(len(data)))
    check_agreement(ours, official, data)
    assert official.mean_iou == ours.stats["mIoU"] > 0.2
    assert 0 < official.mean_instance_iou < 1 and math.isnan(official.instance_iou["road"])
    assert capsys.readouterr() == ("", "")

    # And as the documented command finds and scores the same files.
    assert data.frames[0].label is not None
    truth = [str(frame.label) for frame in data.frames]
    monkeypatch.setenv("CITYSCAPES_RESULTS", str(tmp_path))
    monkeypatch.setattr(script.args, "predictionPath", None)
    monkeypatch.setattr(script.args, "predictionWalk", None)
    found = [script.getPrediction(script.args, name) for name in truth]
    assert found == [str(label_file(tmp_path, data, index)) for index in range(len(data))]


def test_a_difference_is_an_error_that_says_where(data: FrameData, tmp_path: Path) -> None:
    ours = predicted(data, tmp_path)
    path = label_file(tmp_path, data, 2)
    changed = np.array(Image.open(path))
    truth = np.array(Image.open(str(data.frames[2].label)))
    y, x = np.argwhere((truth == changed) & (truth != 26) & (data.table[truth] != IGNORE))[0]
    name = data.classes[data.table[truth[y, x]]].name
    changed[y, x] = 26
    Image.fromarray(changed).save(path)
    with pytest.raises(OfficialError, match=rf"do not agree.* pixels of {name} taken for {name}: \d+ here, \d+ there"):
        check_agreement(ours, evaluate(data, tmp_path, range(len(data))), data)


def test_predictions_of_another_size_or_none(data: FrameData, tmp_path: Path) -> None:
    predicted(data, tmp_path)
    path = label_file(tmp_path, data, 1)
    Image.open(path).resize((10, 20)).save(path)
    with pytest.raises(UserError, match=f"1 of 7 predictions .*{path.name} is 10x20 pixels, its truth 96x48"):
        evaluate(data, tmp_path, range(len(data)))
    path.unlink()
    with pytest.raises(UserError, match=f"{path.name} does not exist"):
        evaluate(data, tmp_path, range(len(data)))


def test_what_makes_the_script_stop_is_told(data: FrameData, tmp_path: Path) -> None:
    predicted(data, tmp_path)
    path = label_file(tmp_path, data, 0)
    Image.open(path).convert("RGB").save(path)
    with pytest.raises(OfficialError, match="cityscapesscripts stopped: Predicted image has multiple channels"):
        evaluate(data, tmp_path, [0])


def test_what_cannot_be_scored_officially(data: FrameData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UserError, match=r"dataset=camvid .*label ids"):
        check_possible(replace(data, name="camvid", official=False))
    own = cityscapes_data(tmp_path, frames=3)
    instances = tmp_path / "cityscapes" / "gtFine" / "val" / "lindau" / "lindau_000001_000019_gtFine_instanceIds.png"
    instances.unlink()
    with pytest.raises(UserError, match=f"needs 1 missing files of instances: {instances}"):
        check_possible(own)
    with pytest.raises(UserError, match="labels of the test frames of cityscapes are not public"):
        check_possible(cityscapes_data(tmp_path, "test"))
    monkeypatch.delattr(np, "in1d")
    with pytest.raises(UserError, match=r'only below 2\.4: pip install "numpy<2\.4"'):
        check_possible(data)


def test_an_export_folder_of_the_user_s_is_not_needed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delitem(sys.modules, script.__name__)
    monkeypatch.delattr(evaluation, script.__name__.rpartition(".")[2])
    monkeypatch.setenv("CITYSCAPES_EXPORT_DIR", str(tmp_path / "nowhere"))
    assert _import_script() is not script
    assert os.environ["CITYSCAPES_EXPORT_DIR"] == str(tmp_path / "nowhere")


def test_submission_holds_what_the_server_looks_for(tmp_path: Path) -> None:

    data = cityscapes_data(tmp_path, "test", frames=3)
    assert not data.has_labels
    maps = torch.randint(0, 19, (3, 48, 96), dtype=torch.uint8)
    write_label_files(tmp_path / "out" / "predictions", data, [0, 1, 2], maps)
    path = write_submission(tmp_path / "out", data, [0, 1, 2], "some-net")
    assert path == tmp_path / "out" / "cityscapes_test_some-net.zip"
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        assert len(names) == 3 and all(re.fullmatch(r"[a-z]+_\d{6}_\d{6}.*\.png", name) for name in names)
        with archive.open(names[1]) as file, Image.open(file) as image:
            assert image.size == (96, 48) and image.mode == "L"
            np.testing.assert_array_equal(np.array(image), data.ids[maps[1].numpy()])
