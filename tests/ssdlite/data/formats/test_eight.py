"""One data set in eight formats: the same boxes, classes, splits, and score."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from omegaconf import OmegaConf

from mnv3.cli.call.composing import composer
from mnv3.ssdlite.data.coco.annotations import CocoData
from mnv3.ssdlite.evaluate.run import detect_all
from mnv3.ssdlite.evaluate.scorer import score_results
from mnv3.ssdlite.weights.load import detector_from_config
from tests.box_files import NAMES, WRITERS, Drawn, draw
from tests.ssdlite.data.formats.opening import opened

DRAWN = draw()


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("eight")
    for name, write in WRITERS.items():
        write(root / name, DRAWN)
    return {name: root / name for name in WRITERS}


def boxes_of(data: CocoData) -> dict[str, list[tuple[str, list[float]]]]:
    """Class and box of each object, by the name of its image."""
    found = {}
    names = {category.id: category.name for category in data.categories}
    for index in range(len(data)):
        rows = slice(data.starts[index], data.starts[index + 1])
        classes = [names[number] for number in data.category_ids[rows].tolist()]
        found[data.path(index).name] = list(zip(classes, data.boxes[rows].tolist(), strict=True))
    return found


def want(drawn: list[Drawn], split: str) -> dict[str, list[tuple[str, list[float]]]]:
    return {
        image.name: [(name, [x, y, right - x, bottom - y]) for name, x, y, right, bottom in image.boxes]
        for image in drawn
        if image.split == split
    }


@pytest.mark.parametrize("split", ["train", "val"])
@pytest.mark.parametrize("name", WRITERS)
def test_the_same_boxes_classes_and_splits(folders: dict[str, Path], name: str, split: str) -> None:
    data = opened(folders[name], split)
    found, wanted = boxes_of(data), want(DRAWN, split)
    assert found.keys() == wanted.keys()
    for image, boxes in wanted.items():
        assert [entry[0] for entry in found[image]] == [entry[0] for entry in boxes], image
        if boxes:
            np.testing.assert_allclose([box for _, box in found[image]], [box for _, box in boxes], atol=0.5)
            np.testing.assert_allclose([box for _, box in found[image]], [box for _, box in boxes], atol=1e-9)
    assert [category.name for category in data.categories] == list(NAMES) and data.num_slots == 4
    assert [category.slot for category in data.categories] == [1, 2, 3]
    sizes = {image.name: list(image.size) for image in DRAWN if image.split == split}
    assert {data.path(i).name: data.sizes[i].tolist() for i in range(len(data))} == sizes


def test_one_checkpoint_has_the_same_score_in_all(folders: dict[str, Path]) -> None:
    with composer("train") as compose:
        call = ["backbone.width=0.35", "task.input_size=[96,96]", "data.workers=0", "recipe.batch_size=10"]
        config: Any = OmegaConf.to_container(compose(call), resolve=True)
    config["eval"] = {"batch_size": 10, "accelerator": "cpu", "devices": 1, "precision": "32-true"}
    torch.manual_seed(0)
    detector = detector_from_config(config, len(NAMES) + 1)
    for name, weights in detector.named_parameters():
        if "head" in name:  # so that anchors of any class are found, some of them by luck in the right place
            torch.nn.init.normal_(weights, std=0.3)
    stats = {}
    for name, folder in folders.items():
        data = opened(folder, "val")
        stats[name] = score_results(data, detect_all(detector, data, config)).stats
    first = stats["COCO"]
    assert first["AP50"] > 0 and first["AR100"] > 0
    for name, found in stats.items():
        assert found == pytest.approx(first, abs=1e-9, nan_ok=True), name


def test_without_splits_the_same_images_are_held_out_in_all(tmp_path: Path) -> None:
    """Wherever the format keeps them: the choice depends on the images' names, the share and the seed."""
    drawn = [image._replace(split="images") for image in DRAWN[:20]]
    chosen = {}
    for name, write in WRITERS.items():
        write(tmp_path / name, drawn)
        if name == "YOLO":
            (tmp_path / name / "data.yaml").unlink()
            (tmp_path / name / "classes.txt").write_text("\n".join(NAMES))
        if name == "VOC":
            (tmp_path / name / "ImageSets" / "Main" / "images.txt").unlink()
        if name == "CSV":
            table = tmp_path / name / "labels.csv"
            table.write_text(table.read_text().replace(",images", ","))
        lines: list[str] = []
        data = opened(tmp_path / name, "val", lines)
        chosen[name] = sorted(data.path(index).name for index in range(len(data)))
        assert len(data) == 4 and len(opened(tmp_path / name, "train")) == 16
        assert "dataset.val_share=0.2" in lines[0] and "dataset.seed=0" in lines[0]
    assert len(set(map(tuple, chosen.values()))) == 1
    assert sorted(opened(tmp_path / "CVAT", "val", seed=1).file_names) != chosen["CVAT"]
    assert len(opened(tmp_path / "CVAT", "val", val_share=0.5)) == 10
