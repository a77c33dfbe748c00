"""Turn raw outputs into detections: greedy NMS by class on a whole batch, by the authors' or torchvision's rules."""

import torch
from torch import Tensor

from mnv3.ssdlite.model.boxes import area, clip, decode, pairwise_iou
from mnv3.ssdlite.model.presets import Preset
from mnv3.ssdlite.model.targets import PADDING, Detections, Raw

POOL_SHARE = 5
"""Anchors per candidate in the first pool; in all there are anchors times classes candidates. For networks trained on
COCO, BCCD and streets at 320 to 640 pixels, one per 5.8 to 14 anchors was enough for 100 detections on every image."""

POOL_GROWTH = 8

CHUNK = 256
"""Candidates whose mutual overlaps are computed at once."""


def detect(raw: Raw, anchors: Tensor, input_size: tuple[int, int], sizes: Tensor, preset: Preset) -> Detections:
    """Return detections of a batch in pixels of the original images, whose (H, W) are `sizes` [N, 2].

    Equals NMS over all candidates, but takes them best first only until every image has its `max_detections`.
    """
    with torch.autocast(raw.logits.device.type, enabled=False):
        scores = _class_scores(raw.logits.float(), preset)  # [N, A, num_slots - 1]
        total = scores[0].numel()
        size = min(first_pool(scores.shape[1], preset), total)
        while True:
            score, anchor, slot = _best(scores, size)
            boxes = decode(_pick(raw.codes.float(), anchor), anchors[anchor], preset.max_stretch)
            clipped = clip(boxes, *input_size)
            alive = score > preset.score_threshold
            more = alive[:, -1]  # if the worst candidate of the pool counts, the next may too
            if preset.class_candidates:
                alive = alive & (_rank_in_class(slot, alive) < preset.class_candidates)
            kept = _suppress(clipped if preset.clip_first else boxes, slot, alive, clipped, preset)
            if size == total or not bool((more & (kept.sum(1) < preset.max_detections)).any()):
                break
            size = min(size * POOL_GROWTH, total)
        return _gather(kept, clipped, score, slot, input_size, sizes, preset.max_detections)


def first_pool(anchors: int, preset: Preset) -> int:
    """Return the number of candidates in NMS's first pool."""
    return max(anchors // POOL_SHARE, preset.max_detections)


def _class_scores(logits: Tensor, preset: Preset) -> Tensor:
    if preset.sigmoid:
        return logits[..., 1:].sigmoid()
    return logits.softmax(-1)[..., 1:]


def _best(scores: Tensor, size: int) -> tuple[Tensor, Tensor, Tensor]:
    """Return score, anchor and slot [N, size] of the best candidates; ties in order of slot, then anchor."""
    classes = scores.shape[2]
    score, flat = scores.flatten(1).topk(size)
    anchor, slot = flat // classes, flat % classes + 1
    # The bits of positive floats, read as integers, sort like the floats: one key holds score and tie-breaker.
    key = (score.view(torch.int32).long() << 32) - (slot * scores.shape[1] + anchor)
    order = key.argsort(dim=1, descending=True)
    return score.gather(1, order), anchor.gather(1, order), slot.gather(1, order)


def _suppress(boxes: Tensor, slot: Tensor, alive: Tensor, clipped: Tensor, preset: Preset) -> Tensor:
    """Choose the detections among candidates [N, K], best first: [N, K] bool; may exceed max_detections."""
    chosen = torch.zeros_like(alive)  # by NMS
    kept = chosen
    visible = torch.ones_like(alive) if preset.clip_first else area(clipped) > 0
    unfinished = torch.ones_like(alive[:, :1])
    for start in range(0, alive.shape[1], CHUNK):
        part = slice(start, start + CHUNK)
        free = alive[:, part] & unfinished
        if start:
            earlier = (
                chosen[:, :start].int().argsort(dim=1, descending=True, stable=True)[:, : int(chosen.sum(1).max())]
            )
            rivals = _rivals(
                boxes[:, part], slot[:, part], _pick(boxes, earlier), slot.gather(1, earlier), preset.nms_iou
            )
            free &= ~(rivals & chosen.gather(1, earlier)[:, None]).any(2)
        rivals = _rivals(boxes[:, part], slot[:, part], boxes[:, part], slot[:, part], preset.nms_iou)
        chosen[:, part] = _greedy(rivals.tril_(-1), free)
        kept = chosen & visible
        if preset.max_per_class:
            kept = kept & (_rank_in_class(slot, chosen) < preset.max_per_class)
        unfinished = kept.sum(1, keepdim=True) < preset.max_detections
        if not bool((unfinished & alive[:, start + CHUNK : start + CHUNK + 1]).any()):
            break
    return kept


def _rivals(boxes: Tensor, slot: Tensor, others: Tensor, other_slot: Tensor, threshold: float) -> Tensor:
    """Return [N, P, Q] bool: whether two boxes are of one class and overlap by more than `threshold`."""
    return (pairwise_iou(boxes, others) > threshold) & (slot[:, :, None] == other_slot[:, None])


def _greedy(beats: Tensor, free: Tensor) -> Tensor:
    """Greedy NMS without a loop over boxes. `beats` [N, K, K]: entry (i, j), j < i, means that j removes i if it stays.

    Box i depends on earlier boxes only, so applying the rule to all boxes at once until nothing changes gives the
    greedy result. The number of rounds is the length of the longest chain of removals.
    """
    stays = free
    while True:
        settled = free & ~(beats & stays[:, None]).any(2)
        if torch.equal(settled, stays):
            return stays
        stays = settled


def _rank_in_class(slot: Tensor, counted: Tensor) -> Tensor:
    """Return for each candidate [N, K] the number of `counted` ones of its class before it."""
    order = slot.argsort(dim=1, stable=True)
    grouped, flags = slot.gather(1, order), counted.gather(1, order).long()
    before = flags.cumsum(1) - flags
    first = torch.searchsorted(grouped, grouped)  # where each class's group begins
    return torch.empty_like(slot).scatter_(1, order, before - before.gather(1, first))


def _gather(
    kept: Tensor, clipped: Tensor, score: Tensor, slot: Tensor, input_size: tuple[int, int], sizes: Tensor, limit: int
) -> Detections:
    order = kept.int().argsort(dim=1, descending=True, stable=True)[:, :limit]
    real = kept.gather(1, order)
    factor = sizes.flip(1).float() / sizes.new_tensor(input_size[::-1]).float()  # (x, y)
    boxes = _pick(clipped, order) * factor.repeat(1, 2)[:, None]
    found = Detections(
        boxes.where(real[..., None], 0.0),
        score.gather(1, order).where(real, 0.0),
        slot.gather(1, order).where(real, PADDING),
        real.sum(1),
    )
    missing = limit - order.shape[1]
    if missing <= 0:
        return found
    pad = torch.nn.functional.pad
    return Detections(
        pad(found.boxes, (0, 0, 0, missing)),
        pad(found.scores, (0, missing)),
        pad(found.slots, (0, missing), value=PADDING),
        found.counts,
    )


def _pick(values: Tensor, index: Tensor) -> Tensor:
    """Gather rows `index` [N, K] of `values` [N, A, 4] -> [N, K, 4]."""
    return values.gather(1, index[..., None].expand(-1, -1, values.shape[-1]))
