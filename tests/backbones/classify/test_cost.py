"""Counts of classifiers against a forward pass, other projects' published counts and the paper's text."""

from typing import Any

import pytest
import torch
from torchvision.models import get_weight

from mnv3.backbones.classify.build import build_classifier
from mnv3.backbones.classify.cost import count
from mnv3.backbones.tables import FAMILIES
from mnv3.tools.paper import cost


def counted(backbone: str, size: tuple[int, int] = (224, 224), **options: Any) -> cost.Cost:
    with torch.device("meta"):
        return count(build_classifier(backbone, **options), size)


@pytest.mark.parametrize("backbone", FAMILIES)
@pytest.mark.parametrize(("width", "size"), [(0.35, (97, 130)), (1.25, (224, 224))])
def test_from_shapes_as_from_a_forward_pass(backbone: str, width: float, size: tuple[int, int]) -> None:
    with torch.device("meta"):
        network = build_classifier(backbone, width=width, num_classes=7)
        assert count(network, size) == cost.count(network, torch.zeros(1, 3, *size))


@pytest.mark.parametrize(
    ("backbone", "name"),
    [
        ("large", "MobileNet_V3_Large_Weights.DEFAULT"),
        ("small", "MobileNet_V3_Small_Weights.DEFAULT"),
        ("v2", "MobileNet_V2_Weights.DEFAULT"),
    ],
)
def test_as_torchvision_publishes(backbone: str, name: str) -> None:
    meta, found = get_weight(name).meta, counted(backbone)
    assert found.trainable_params == meta["num_params"]
    assert round(found.madds / 1e9, 3) == meta["_ops"]


@pytest.mark.parametrize(
    ("options", "params", "madds"),
    [
        ({"width": 0.35}, 1.66, 59),
        ({"width": 0.5}, 1.95, 97),
        ({"width": 0.75}, 2.61, 209),
        ({}, 3.47, 300),
        ({"width": 1.3}, 5.34, 509),
        ({"width": 1.4}, 6.06, 582),
        ({"size": (96, 96)}, 3.47, 56),
        ({"size": (160, 160)}, 3.47, 154),
        ({"size": (192, 192)}, 3.47, 221),
    ],
)
def test_v2_as_its_authors_publish(options: dict[str, Any], params: float, madds: float) -> None:
    found = counted("v2", num_classes=1001, **options)
    assert found.conv_params / 1e6 == pytest.approx(params, abs=0.0051)
    assert found.madds / 1e6 == pytest.approx(madds, rel=0.006)


def test_what_the_efficient_last_stage_and_the_stem_save() -> None:
    """Sections 5.1 and 5.2: about 30 million and 10 million multiply-adds."""
    large = counted("large")
    assert counted("large", last_stage="original").madds - large.madds == 34_317_760
    assert counted("large", stem=32).madds - large.madds == 10_436_608
