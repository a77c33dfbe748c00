import pytest
import torch
import torch.nn.functional as F

from mnv3.ssdlite.model.resize import RULES, Rule, resize, resize_bytes


@pytest.mark.parametrize("size", [(30, 45), (97, 64), (60, 64), (45, 32), (30, 16)])
def test_legacy_rule_samples_at_target_times_scale(size: tuple[int, int]) -> None:
    """Against TensorFlow 1's definition, evaluated pixel by pixel; what TensorFlow gives is in test_authors_code."""
    torch.manual_seed(0)
    image = torch.randint(0, 256, (3, 60, 64), dtype=torch.uint8)
    got = resize(image, size, "legacy")
    assert got.dtype == torch.float32
    values = image.double()
    for y, x in [(0, 0), (size[0] - 1, size[1] - 1), (7, 11), (29, 3), (13, size[1] - 2)]:
        v, u = y * 60 / size[0], x * 64 / size[1]
        top, left = int(v), int(u)
        low, right = min(top + 1, 59), min(left + 1, 63)
        upper = values[:, top, left] + (values[:, top, right] - values[:, top, left]) * (u - left)
        lower = values[:, low, left] + (values[:, low, right] - values[:, low, left]) * (u - left)
        torch.testing.assert_close(got[:, y, x].double(), upper + (lower - upper) * (v - top), atol=2e-3, rtol=0)


def test_half_pixel_rule_is_torchvisions() -> None:
    image = torch.randint(0, 256, (3, 60, 64), dtype=torch.uint8)
    want = F.interpolate(image[None] / 255, (32, 48), mode="bilinear", align_corners=False)[0]
    torch.testing.assert_close(resize(image, (32, 48), "half_pixel") / 255, want)


def test_antialias_rule_averages_what_it_shrinks() -> None:
    stripes = torch.tensor([0, 255], dtype=torch.uint8).repeat(3, 64, 32)
    assert resize(stripes, (8, 8), "antialias").dtype == torch.uint8
    assert (resize(stripes, (8, 8), "antialias").float() - 127.5).abs().max() < 5
    assert (resize(stripes, (8, 8), "legacy") == 0).all()


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("size", [(1, 2), (20, 30), (40, 60), (97, 131), (320, 320)])
def test_bytes_are_within_a_grey_level(rule: Rule, size: tuple[int, int]) -> None:
    torch.manual_seed(0)
    image = torch.randint(0, 256, (80, 90, 3), dtype=torch.uint8).permute(2, 0, 1)  # as read_image gives it
    for rows, columns in [(80, 90), (40, 60), (77, 1), (1, 13), (1, 1)]:
        crop = image[:, :rows, :columns]
        found, exact = resize_bytes(crop, size, rule), resize(crop, size, rule)
        assert found.dtype == torch.uint8 and found.shape == exact.shape
        assert (found.float() - exact.float().round()).abs().max() <= 1
