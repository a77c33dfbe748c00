"""Label maps of a batch: each frame's own, whatever stands beside it, and averaged as asked."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from mnv3.lraspp.evaluate import inference
from mnv3.lraspp.evaluate.inference import predict
from mnv3.lraspp.model.segmenter import Segmenter

SIZE = (48, 96)


@pytest.fixture
def images() -> Tensor:
    return torch.randint(0, 256, (5, 3, *SIZE), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))


def test_neighbours_change_nothing(segmenter: Segmenter, images: Tensor) -> None:
    whole = predict(segmenter, images, SIZE, 5)
    assert whole.shape == (5, *SIZE) and whole.dtype == torch.uint8 and len(whole.unique()) > 3
    for rows in (slice(0, 1), slice(1, 4), slice(4, 5)):
        assert torch.equal(predict(segmenter, images[rows], SIZE, 5), whole[rows])


def test_large_frames_come_in_parts(segmenter: Segmenter, images: Tensor, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = predict(segmenter, images, SIZE, 2)
    seen = []
    monkeypatch.setattr(inference, "PIXELS", 2 * SIZE[0] * SIZE[1])
    handle = segmenter.register_forward_hook(lambda module, inputs, output: seen.append(len(inputs[0])))
    assert torch.equal(predict(segmenter, images, SIZE, 16), whole)
    handle.remove()
    assert seen == [2, 2, 2]


def test_the_plain_way_is_the_argmax_of_the_logits_at_full_size(segmenter: Segmenter, images: Tensor) -> None:
    logits = segmenter(images)
    expected = segmenter.upsample(logits, SIZE)
    found = predict(segmenter, images, SIZE, 5)
    best = expected.gather(1, found[:, None].long())[:, 0]
    assert (expected.amax(1) - best).max() < 1e-4 * expected.abs().max()  # ties aside, the same class


def test_flip_and_scales_average_probabilities(segmenter: Segmenter, images: Tensor) -> None:
    image = images[:1]
    total = torch.zeros(())
    for scale in (0.5, 1.0):
        size = tuple(round(side * scale) for side in SIZE)
        scaled = F.interpolate(image.float(), size, mode="bilinear", antialias=True).round()
        for mirror in (False, True):
            logits = segmenter(scaled.flip(3) if mirror else scaled)
            probabilities = segmenter.upsample(logits, SIZE).softmax(1)
            total = total + (probabilities.flip(3) if mirror else probabilities)
    found = predict(segmenter, image, SIZE, flip=True, scales=(0.5, 1.0))
    assert torch.equal(found[0], total.argmax(1)[0].to(torch.uint8))
    assert not torch.equal(found, predict(segmenter, image, SIZE))


def test_a_flipped_frame_has_flipped_labels(segmenter: Segmenter, images: Tensor) -> None:
    one = predict(segmenter, images, SIZE, flip=True)
    other = predict(segmenter, images.flip(3), SIZE, flip=True)
    assert (one == other.flip(2)).float().mean() > 0.999  # the sum's order differs, so ties may


def test_input_size_is_the_network_s_and_not_the_labels(segmenter: Segmenter, images: Tensor) -> None:
    seen = []
    handle = segmenter.register_forward_hook(lambda module, inputs, output: seen.append(tuple(inputs[0].shape[2:])))
    assert predict(segmenter, images, SIZE, input_size=(32, 64)).shape == (5, *SIZE)
    handle.remove()
    assert set(seen) == {(32, 64)}


def test_less_precision_is_for_the_asking(segmenter: Segmenter, images: Tensor) -> None:
    exact = predict(segmenter, images, SIZE, 5)
    coarse = predict(segmenter, images, SIZE, 5, dtype=torch.bfloat16)
    assert 0.5 < (exact == coarse).float().mean() < 1
