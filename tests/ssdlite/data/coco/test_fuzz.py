"""COCO files that nobody wrote: a sentence, or a data set that can be used."""

import json
import random

import numpy as np
import pytest
import torch

from mnv3.ssdlite.data.coco.annotations import load_coco
from mnv3.ssdlite.data.coco.file_names import as_on_disk, missing_files
from mnv3.ssdlite.data.dataset import Sample
from mnv3.ssdlite.data.loader import collate
from mnv3.ssdlite.data.verdict import faults, not_learnt, too_small
from mnv3.ssdlite.evaluate.scorer import score_results
from tests.mutations import altered, damaged, survives, written


def use(path, images):
    """All that is done with a data set but decoding."""
    for class_slots in ("contiguous", "category_id"):
        data = load_coco(path, images, class_slots)
        data, _ = as_on_disk(data)
        "\n".join([*data.remarks(), *faults(data, "train"), *not_learnt(data, data), *too_small(data, (8, 8))]).encode()
        missing_files(data)
        for index in range(len(data)):
            boxes, slots = data.training_boxes(index)
            assert np.isfinite(boxes).all() and (slots > 0).all() and (slots < data.num_slots).all()
            collate([Sample(torch.zeros(3, 2, 2), boxes, slots, int(data.image_ids[index]), (2, 2))])
        assert (data.areas >= 0).all() and np.isfinite(data.areas).all()
        truth = data.ground_truth()["annotations"]
        perfect = [{**{key: a[key] for key in ("image_id", "category_id", "bbox")}, "score": 0.5} for a in truth]
        score_results(data, perfect)


def run(files, seed, rounds):
    files.write()
    rng = random.Random(seed)
    text = json.dumps(files.document).encode()
    usable = 0
    for number in range(rounds):
        if number % 3:
            written(files.json, altered(files.document, rng))
        else:
            files.json.write_bytes(damaged(text, rng))
        usable += survives(lambda: use(files.json, files.images))
    assert 0 < usable < rounds


def test_mutated_files_are_one_sentence_or_usable(files):
    run(files, 0, 150)


@pytest.mark.nightly
def test_many_mutated_files(files):
    run(files, 1, 5000)
