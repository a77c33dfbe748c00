"""What `mnv3 data check` refuses, `mnv3 train` refuses in the same words, before it trains."""

import re
from typing import Any

import numpy as np
import pytest
from omegaconf import OmegaConf
from PIL import Image

from mnv3.cli.call.composing import composer
from mnv3.cli.data import run as run_data
from mnv3.lraspp.data.labels.look import look
from mnv3.lraspp.data.labels.verdict import between, faults
from mnv3.lraspp.evaluate.score import open_data as open_masks
from mnv3.lraspp.training import Segmentation
from mnv3.ssdlite.evaluate.score import open_data as open_boxes
from mnv3.ssdlite.training import Detection
from mnv3.tools.errors import UserError
from mnv3.tools.training.run import open_data
from tests.lraspp.data.files import section
from tests.lraspp.data.own_masks import BLACK, RED, Masks, grey, painted
from tests.ssdlite.data.conftest import Files

MASKS = {
    "black and white": lambda values, path, number: grey(values * 255, path, number),
    "values without a class": lambda values, path, number: grey(values * 7, path, number),
    "palettes": lambda values, path, number: painted(
        values ^ (number % 2), path, *((RED, BLACK) if number % 2 else (BLACK, RED))
    ),
    "JPEG": lambda values, path, number: Image.fromarray(values).save(path, "JPEG"),
    "another size": lambda values, path, number: grey(values[: 20 + number], path, number),
    "empty files": lambda values, path, number: path.write_bytes(b""),
    "all ignored": lambda values, path, number: grey(np.full_like(values, 255), path, number),
}


def refused(call) -> set[str]:
    with pytest.raises(UserError) as caught:
        call()
    return set(caught.value.problems)


def both(task, keys, tmp_path) -> tuple[set[str], set[str]]:
    """What the check says and what training says."""
    with composer("data") as compose:
        checked = refused(lambda: run_data(compose(["action=check", f"out={tmp_path / 'out'}", *keys])))
    with composer("train") as compose:
        cfg = compose([f"task={task.name}", *keys])
    return checked, refused(lambda: open_data(task, cfg))


@pytest.mark.parametrize("save", MASKS.values(), ids=MASKS)
def test_masks(tmp_path, save):
    masks = Masks(tmp_path).write(save)
    keys = ["dataset=mask_folder", *(f"dataset.{key}={path}" for key, path in masks.keys().items())]
    checked, trained = both(Segmentation(), keys, tmp_path)
    without_place = {re.sub(r" \(all: [^)]*\)", "", sentence) for sentence in checked}
    (how,) = trained - without_place
    assert "mnv3 data check" in how and without_place < trained


@pytest.mark.parametrize("name", ["black and white", "palettes", "all ignored"])
def test_masks_that_are_refused_are_not_scored(tmp_path, name):
    masks = Masks(tmp_path).write(MASKS[name])
    scoring = {"split": "train", "scales": [1.0], "official": False}
    sections = {"dataset": dict(masks.dataset()), "data": dict(section(tmp_path)), "eval": scoring}
    seen = look(masks.opened())
    assert refused(lambda: open_masks(sections)) == {*faults(seen), *between([seen])} != set()


@pytest.mark.parametrize("annotated", [True, False])
def test_boxes_that_are_refused_are_not_scored_but_a_test_set_is(tmp_path, annotated):
    files = Files(tmp_path)
    (crowds if annotated else without)(files.document)
    with composer("eval") as compose:
        cfg = compose(["task=ssdlite", *keys_of(files)])
    config: dict[str, Any] = OmegaConf.to_container(cfg, resolve=False)  # type: ignore[assignment]
    config["data"]["root"] = str(tmp_path)
    if annotated:
        assert "are crowds" in refused(lambda: open_boxes(config)).pop()
    else:
        assert len(open_boxes(config)) == 4


def crowds(document):
    for annotation in document["annotations"]:
        annotation["iscrowd"] = 1


def texts(document):
    for annotation in document["annotations"]:
        annotation["iscrowd"] = "0"


def without(document):
    del document["annotations"]


def keys_of(files) -> list[str]:
    files.write()
    places = [(split, part) for split in ("train", "val") for part in ("json", "images")]
    return ["dataset=coco_json", *(f"dataset.{split}_{part}={getattr(files, part)}" for split, part in places)]


@pytest.mark.parametrize("change", [crowds, texts, without])
def test_boxes(tmp_path, change):
    files = Files(tmp_path)
    change(files.document)
    checked, trained = both(Detection(), keys_of(files), tmp_path)
    assert checked == trained


def test_what_is_fit_is_opened(tmp_path, caplog):
    files = Files(tmp_path)
    files.document["annotations"][2]["iscrowd"] = 1
    with composer("train") as compose:
        train, val = open_data(Detection(), compose(["task=ssdlite", *keys_of(files)]))
    assert len(train) == len(val) == 4 and "no box to learn from: dog" in caplog.text
