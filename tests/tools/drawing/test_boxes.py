"""Drawing changes the pixels it should, leaves the others, and never touches its input."""

import torch
from PIL import Image

from mnv3.tools.drawing.boxes import draw_boxes, mosaic, save_image
from mnv3.tools.drawing.paint import BACKDROP, PALETTE, class_colour


def grey(height: int, width: int) -> torch.Tensor:
    return torch.full((3, height, width), 128, dtype=torch.uint8)


def pixel(image: torch.Tensor, x: int, y: int) -> tuple[int, ...]:
    return tuple(image[:, y, x].tolist())


def test_outline_has_the_colour_and_the_inside_is_kept() -> None:
    image = grey(100, 200)
    drawn = draw_boxes(image, torch.tensor([[40.0, 30.0, 160.0, 80.0]]), colours=[(255, 0, 0)])
    assert {pixel(drawn, *at) for at in ((40, 50), (160, 50), (100, 30), (100, 80))} == {(255, 0, 0)}
    assert pixel(drawn, 39, 50) == (16, 16, 16)  # the dark rim
    assert torch.equal(drawn[:, 34:76, 44:156], image[:, 34:76, 44:156])
    assert torch.equal(image, grey(100, 200))


def test_first_box_is_on_top() -> None:
    boxes = torch.tensor([[10.0, 10.0, 60.0, 60.0], [10.0, 10.0, 60.0, 60.0]])
    assert pixel(draw_boxes(grey(80, 80), boxes, colours=[(255, 0, 0), (0, 0, 255)]), 10, 30) == (255, 0, 0)


def test_longest_resizes_picture_and_boxes() -> None:
    drawn = draw_boxes(grey(50, 100), torch.tensor([[20.0, 10.0, 60.0, 40.0]]), colours=[(0, 255, 0)], longest=400)
    assert drawn.shape == (3, 200, 400)
    assert pixel(drawn, 80, 100) == (0, 255, 0)


def test_hostile_boxes_draw_without_harm() -> None:
    boxes = torch.tensor([[-50.0, -50.0, 500.0, 500.0], [5.0, 5.0, 5.0, 5.0], [30.0, 30.0, 10.0, 10.0]])
    drawn = draw_boxes(grey(40, 60), boxes, ["a name far wider than the picture is", "b", "c"], PALETTE[:3])
    assert drawn.shape == (3, 40, 60)
    assert torch.equal(draw_boxes(grey(40, 60), torch.zeros(0, 4)), grey(40, 60))


def test_overlapping_tags_are_left_out() -> None:
    image, box = grey(60, 200), [20.0, 25.0, 60.0, 40.0]
    one = draw_boxes(image, torch.tensor([box]), ["car"], [(255, 0, 0)])
    three = draw_boxes(image, torch.tensor([box] * 3), ["car"] * 3, [(255, 0, 0)] * 3)
    nine = draw_boxes(image, torch.tensor([box] * 9), ["car"] * 9, [(255, 0, 0)] * 9)
    assert not torch.equal(one, three)
    assert torch.equal(three, nine)


def test_caption_adds_a_strip_and_keeps_the_picture() -> None:
    drawn = draw_boxes(grey(100, 200), torch.zeros(0, 4), caption="truth")
    assert drawn.shape[1] > 100 and drawn.shape[2] == 200
    assert torch.equal(drawn[:, -100:], grey(100, 200))


def test_mosaic_centres_images_of_any_size() -> None:
    sheet = mosaic([grey(10, 20), grey(20, 10), grey(4, 4)], columns=2, gap=2)
    assert sheet.shape == (3, 20 + 4 + 3 * 2, 20 + 20 + 3 * 2)  # rows of 20 and of 4
    assert torch.equal(sheet[:, 7:17, 2:22], grey(10, 20))
    assert torch.equal(sheet[:, 24:28, 10:14], grey(4, 4))
    assert pixel(sheet, 0, 0) == pixel(sheet, 30, 26) == BACKDROP


def test_save_image_round_trip(tmp_path) -> None:
    image = torch.randint(0, 256, (3, 7, 9), dtype=torch.uint8)
    save_image(image, tmp_path / "new" / "a.png")
    with Image.open(tmp_path / "new" / "a.png") as saved:
        assert saved.size == (9, 7)
        assert saved.getpixel((1, 1)) == tuple(image[:, 1, 1].tolist())
    save_image(image, tmp_path / "a.jpg")
    assert [path.name for path in sorted(tmp_path.iterdir())] == ["a.jpg", "new"]


def test_neighbouring_classes_differ() -> None:
    assert len(set(PALETTE)) == len(PALETTE) == 24
    for i in range(1, 90):
        assert max(abs(a - b) for a, b in zip(class_colour(i), class_colour(i + 1), strict=True)) > 60
