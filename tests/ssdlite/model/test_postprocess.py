"""Batched NMS against one call of torchvision.ops.nms a class and image, over every candidate."""

import pytest
import torch
from torch import Tensor
from torchvision.ops import nms

import mnv3.ssdlite.model.postprocess
from mnv3.ssdlite.model.anchors import grid_anchors
from mnv3.ssdlite.model.boxes import area, clip, decode
from mnv3.ssdlite.model.postprocess import detect
from mnv3.ssdlite.model.presets import PRESETS, Preset, allowing
from mnv3.ssdlite.model.targets import PADDING, Raw

SIZE = (96, 128)


def random_raw(num_slots: int, preset: Preset, spread: float) -> tuple[Raw, Tensor]:
    torch.manual_seed(0)
    anchors = grid_anchors(preset.anchors, SIZE, preset.square_anchors)
    codes = torch.randn((3, len(anchors), 4)) * 2
    logits = torch.randn((3, len(anchors), num_slots)) * spread
    logits[1] -= 12  # an image in which nothing scores much
    return Raw(codes, logits), anchors


def by_classes(raw: Raw, anchors: Tensor, preset: Preset, image: int) -> tuple[Tensor, Tensor, Tensor]:
    """Boxes, scores and slots of one image, the slow way."""
    boxes = decode(raw.codes[image], anchors, preset.max_stretch)
    clipped = clip(boxes, *SIZE)
    boxes = clipped if preset.clip_first else boxes
    sigmoid = preset.class_loss != "hard_negatives"
    scores = raw.logits[image].sigmoid() if sigmoid else raw.logits[image].softmax(-1)
    rows = []
    for slot in range(1, scores.shape[1]):
        candidates = (scores[:, slot] > preset.score_threshold).nonzero()[:, 0]
        candidates = candidates[scores[candidates, slot].argsort(descending=True)][: preset.class_candidates]
        kept = candidates[nms(boxes[candidates], scores[candidates, slot], preset.nms_iou)][: preset.max_per_class]
        if not preset.clip_first:
            kept = kept[area(clipped[kept]) > 0]
        rows.append((clipped[kept], scores[kept, slot], torch.full_like(kept, slot)))
    all_boxes, all_scores, slots = (torch.cat(parts) for parts in zip(*rows, strict=True))
    order = all_scores.argsort(descending=True)[: preset.max_detections]
    return all_boxes[order], all_scores[order], slots[order]


@pytest.mark.parametrize("name", PRESETS)
@pytest.mark.parametrize("num_slots", [2, 5, 91])
@pytest.mark.parametrize("pool, chunk", [(1024, 256), (64, 16)])
def test_same_as_nms_by_classes(
    name: str, num_slots: int, pool: int, chunk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mnv3.ssdlite.model.postprocess, "first_pool", lambda *_: pool)
    monkeypatch.setattr(mnv3.ssdlite.model.postprocess, "CHUNK", chunk)
    preset = PRESETS[name]
    raw, anchors = random_raw(num_slots, preset, spread=2.0)
    found = detect(raw, anchors, SIZE, torch.tensor([SIZE] * 3), preset)
    for image in range(3):
        boxes, scores, slots = by_classes(raw, anchors, preset, image)
        count = len(slots)
        assert found.counts[image] == count
        assert torch.equal(found.slots[image, :count], slots)
        torch.testing.assert_close(found.scores[image, :count], scores)
        torch.testing.assert_close(found.boxes[image, :count], boxes)
        assert (found.slots[image, count:] == PADDING).all()
        assert (found.scores[image, count:] == 0).all()
    assert found.boxes.shape == (3, preset.max_detections, 4)


def test_the_limit_for_a_class_counts_boxes_that_clipping_then_removes() -> None:
    preset = PRESETS["paper"]
    raw, anchors = random_raw(2, preset, spread=1.0)
    raw.codes[..., :2] *= 8  # many boxes lie outside the image
    found = detect(raw, anchors, SIZE, torch.tensor([SIZE] * 3), preset)
    counts = [len(by_classes(raw, anchors, preset, image)[0]) for image in range(3)]
    assert found.counts.tolist() == counts
    assert max(counts) < 100


def test_no_candidates() -> None:
    preset = PRESETS["torchvision"]
    raw, anchors = random_raw(4, preset, spread=0.1)
    raw.logits[..., 0] = 100.0
    found = detect(raw, anchors, SIZE, torch.tensor([SIZE] * 3), preset)
    assert found.counts.tolist() == [0, 0, 0]
    assert (found.slots == PADDING).all()


def test_boxes_are_in_pixels_of_the_original_images() -> None:
    preset = PRESETS["paper"]
    raw, anchors = random_raw(3, preset, spread=2.0)
    plain = detect(raw, anchors, SIZE, torch.tensor([SIZE] * 3), preset)
    found = detect(raw, anchors, SIZE, torch.tensor([(960, 128), SIZE, (96, 64)]), preset)
    torch.testing.assert_close(found.boxes[0], plain.boxes[0] * torch.tensor([1.0, 10, 1, 10]))
    torch.testing.assert_close(found.boxes[1], plain.boxes[1])
    torch.testing.assert_close(found.boxes[2], plain.boxes[2] * torch.tensor([0.5, 1, 0.5, 1]))


def test_an_image_has_the_same_detections_in_any_batch() -> None:
    preset = PRESETS["paper"]
    raw, anchors = random_raw(91, preset, spread=2.0)
    together = detect(raw, anchors, SIZE, torch.tensor([SIZE] * 3), preset)
    for image in range(3):
        alone = detect(Raw(*(part[image : image + 1] for part in raw)), anchors, SIZE, torch.tensor([SIZE]), preset)
        for one, all_ in zip(alone, together, strict=True):
            assert torch.equal(one[0], all_[image])


@pytest.mark.parametrize("name", list(PRESETS))
def test_more_boxes_than_the_preset_s_of_one_class(name: str) -> None:
    preset = allowing(PRESETS[name], 500)
    raw, anchors = random_raw(2, preset, spread=2.0)
    found, few = (detect(raw, anchors, SIZE, torch.tensor([SIZE] * 3), rules) for rules in (preset, PRESETS[name]))
    assert int(found.counts[0]) > int(few.counts[0]) > 0
    boxes, scores, _ = by_classes(raw, anchors, preset, 0)
    count = int(found.counts[0])
    torch.testing.assert_close(found.boxes[0, :count], boxes)
    torch.testing.assert_close(found.scores[0, :count], scores)
    assert allowing(PRESETS[name], 1) == PRESETS[name]
