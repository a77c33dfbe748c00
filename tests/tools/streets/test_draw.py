"""A scene: the same from the same seed, and its annotations true to its map."""

import numpy as np
import pytest
from pycocotools import mask as coco_mask

from mnv3.tools.streets.cityscapes import label_maps
from mnv3.tools.streets.classes import COCO_CATEGORIES, LABEL_IDS
from mnv3.tools.streets.coco import SMALLEST_VISIBLE_PART, annotate
from mnv3.tools.streets.draw import draw_scene
from mnv3.tools.streets.folder import scene_seed
from mnv3.tools.streets.scene.canvas import SUPERSAMPLING

SIZE = (180, 240)


@pytest.fixture(scope="module")
def scenes():
    return [draw_scene(seed, SIZE) for seed in range(24)]


def test_a_seed_draws_the_same_scene_again_and_another_seed_another(scenes):
    again = draw_scene(5, SIZE)
    assert np.array_equal(again.image, scenes[5].image)
    assert np.array_equal(again.map, scenes[5].map)
    assert not np.array_equal(scenes[5].image, scenes[6].image)


def test_no_scene_is_in_two_splits_or_two_seeds():
    keys = [(seed, split, index) for seed in (0, 1) for split in ("train", "val") for index in range(2000)]
    assert len({scene_seed(*key) for key in keys}) == len(keys)


def test_boxes_areas_and_masks_are_the_extents_in_the_map(scenes):
    seen = 0
    for scene in scenes:
        masks = [scene.map == key for key, segment in enumerate(scene.segments) if segment.category]
        for thing in annotate(scene):
            decoded = coco_mask.decode(thing["segmentation"]).astype(bool)
            assert any(np.array_equal(decoded, mask) for mask in masks)
            rows, columns = np.nonzero(decoded)
            x, y, width, height = thing["bbox"]
            assert (columns.min(), rows.min()) == (x, y)
            assert (columns.max() + 1, rows.max() + 1) == (x + width, y + height)
            assert thing["area"] == decoded.sum()
            seen += 1
    assert seen > 50


def test_what_is_mostly_hidden_is_not_annotated(scenes):
    hidden = 0
    for scene in scenes:
        annotated = {(*thing["bbox"], thing["area"]) for thing in annotate(scene)}
        for key, segment in enumerate(scene.segments):
            rows, columns = np.nonzero(scene.map == key)
            if segment.category is None or not 0 < rows.size * SUPERSAMPLING**2 < SMALLEST_VISIBLE_PART * segment.area:
                continue
            hidden += 1
            corner = (columns.min(), rows.min(), columns.max() - columns.min() + 1, rows.max() - rows.min() + 1)
            assert (*corner, rows.size) not in annotated
    assert hidden > 3


def test_every_coco_category_and_every_label_occurs(scenes):
    more = [draw_scene(seed, SIZE) for seed in range(24, 60)]
    labels, categories = set(), set()
    for scene in [*scenes, *more]:
        labels |= set(np.unique(label_maps(scene)[0]).tolist())
        categories |= {thing["category_id"] for thing in annotate(scene)}
    assert categories == {key for key, _ in COCO_CATEGORIES.values()}
    assert labels == set(LABEL_IDS.values()) - {LABEL_IDS["unlabeled"]}


def test_scenes_without_trams_have_no_rails_either():
    absent = {LABEL_IDS["train"], LABEL_IDS["rail track"]}
    for seed in range(12):
        assert not absent & {segment.label for segment in draw_scene(seed, (64, 96), trams=False).segments}


@pytest.mark.parametrize("size", [(64, 64), (97, 201), (256, 640)])
def test_any_size_can_be_drawn(size):
    scene = draw_scene(1, size)
    assert scene.image.shape == (*size, 3)
    assert scene.map.shape == size
