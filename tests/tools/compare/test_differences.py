"""What differs is told, and only that; labels are short and tell runs apart."""

from copy import deepcopy
from typing import Any

from mnv3.tools.compare.differences import differences, labels
from mnv3.tools.compare.runs import Data, data_of, titles
from tests.tools.compare.made_up import CONFIG, NOT_SCORED


def variant(**keys: Any) -> dict[str, Any]:
    config = deepcopy(CONFIG)
    for key, value in keys.items():
        section, _, leaf = key.rpartition("__")
        (config[section] if section else config)[leaf] = value
    return config


def test_only_what_differs_and_neither_places_nor_names() -> None:
    one = variant(name="a", data__root="/here", backbone__weights="/here/w.pth", backbone__width=1)
    two = variant(name="b", data__root="/there", backbone__weights="/there/w.pth", seed=3, recipe__lr=1e-4)
    two["wandb"] = {"group": "table6", "tags": []}
    two["task"]["preset"] = "paper"
    assert differences([one, two]) == {
        "recipe.lr": ["0.1", "0.0001"],
        "seed": ["0", "3"],
        "task.preset": ["-", "paper"],
    }
    assert differences([one, deepcopy(one)]) == {}
    other = variant(backbone__weights="/here/other.pth")
    assert differences([one, other]) == {"backbone.weights": ["w.pth", "other.pth"]}


def test_labels_are_the_few_words_that_tell_runs_apart() -> None:
    def of(*configs: dict[str, Any]) -> list[str]:
        return labels(configs, [f"name{i}" for i in range(len(configs))])

    assert of(variant(), variant(backbone__name="large", recipe__lr=0.2)) == ["small", "large"]
    width = [variant(), variant(backbone__width=0.5), variant(backbone__width=0.5, seed=1)]
    assert of(*width) == ["width 1 seed 0", "width 0.5 seed 0", "width 0.5 seed 1"]
    assert of(variant(), variant(task__input_size=[512, 640])) == ["320x320", "512x640"]
    rf2 = [variant(backbone__rf2=True), variant(backbone__rf2=False)]
    assert of(*rf2) == ["rf2", "no rf2"]
    assert of(variant(), variant()) == ["name0", "name1"]
    rows = [variant(row="table6/v3_small", seed=1), variant(row="table6/v2_05")]
    assert of(*rows) == ["v3_small", "v2_05"] and of(rows[0], rows[0] | {"seed": 2}) == ["seed 1", "seed 2"]
    many = [variant(seed=i, recipe__lr=i // 2, recipe__epochs=i // 3, backbone__width=i // 4) for i in range(9)]
    assert max(len(label.split()) for label in of(*many)) <= 6


def test_scores_are_of_one_data_only_if_the_same_images_are_scored_the_same_way() -> None:
    streets = CONFIG["dataset"]
    usual = data_of(streets, "val", {}, NOT_SCORED)
    assert (
        data_of(
            {**streets, "train": 5, "class_slots": "category_id"}, "val", {"scales": [1.0], "flip": False}, NOT_SCORED
        )
        == usual
    )
    others = [
        data_of({**streets, "seed": 1}, "val", {}, NOT_SCORED),
        data_of(streets, "train", {}, NOT_SCORED),
        data_of(streets, "val", {"flip": True}, NOT_SCORED),
        data_of(streets, "val", {"scales": [0.5]}, NOT_SCORED),
        data_of({"name": "coco"}, "val", {}, NOT_SCORED),
    ]
    assert len({usual, *others}) == 6
    found = titles([usual, *others, usual])
    assert len(set(found.values())) == 6
    assert found[others[4]] == "coco, val" and found[others[1]] == "streets, train"
    assert found[others[2]].startswith("streets, val, ") and "flip=true" in found[others[2]]


def test_titles_have_the_ends_of_paths_that_tell_as_much() -> None:
    mine, yours = (Data("coco_json", "val", (("val_json", f"/data/{who}/val.json"),)) for who in ("a", "b"))
    assert titles([mine, yours])[mine] == "coco_json, val, val_json=a/val.json"
    assert titles([mine]) == {mine: "coco_json, val"}
    near = Data("coco_json", "val", (("val_json", "/other/a/val.json"),))
    assert titles([mine, near])[near] == "coco_json, val, val_json=/other/a/val.json"
