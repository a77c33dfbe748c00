"""Label maps on images."""

import torch

from mnv3.tools.drawing.label_maps import DARKENED, SHARE, legend, overlay

COLOURS = [(255, 0, 0), (0, 0, 200)]


def test_classes_are_tinted_and_the_rest_is_dark():
    image = torch.full((3, 4, 6), 100, dtype=torch.uint8)
    labels = torch.tensor([0, 1, 255]).repeat_interleave(2).repeat(4, 1).to(torch.uint8)
    picture = overlay(image, labels, COLOURS).float()
    assert (picture[:, :, :2].mean((1, 2)) - (SHARE * torch.tensor([255, 0, 0]) + (1 - SHARE) * 100)).abs().max() <= 0.5
    assert (
        picture[:, :, 2:4].mean((1, 2)) - (SHARE * torch.tensor([0, 0, 200]) + (1 - SHARE) * 100)
    ).abs().max() <= 0.5
    assert (picture[:, :, 4:] == DARKENED * 100).all()


def test_pictures_are_resized_with_their_labels():
    image = torch.zeros(3, 40, 80, dtype=torch.uint8)
    labels = torch.zeros(40, 80, dtype=torch.int64)
    labels[:, 40:] = 1
    picture = overlay(image, labels, COLOURS, longest=20)
    assert picture.shape == (3, 10, 20)
    assert (picture[0, :, :10] > 100).all() and (picture[2, :, 10:] > 100).all() and (picture[0, :, 10:] == 0).all()


def test_a_legend_holds_every_colour_at_any_width():
    for width in (60, 300, 1000):
        picture = legend(["road", "traffic light"], COLOURS, width)
        assert picture.shape[2] == width and picture.dtype == torch.uint8
        for colour in COLOURS:
            assert (picture == torch.tensor(colour, dtype=torch.uint8)[:, None, None]).all(0).sum() > 100
