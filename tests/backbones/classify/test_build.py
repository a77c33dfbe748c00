"""Classifiers of all families, widths and sizes."""

from typing import Any

import pytest
import torch

from mnv3.backbones.classify.build import build_classifier
from mnv3.backbones.tables import FAMILIES, V3_LARGE
from mnv3.tools.errors import UserError


@pytest.mark.parametrize("backbone", FAMILIES)
@pytest.mark.parametrize("width", [0.35, 1.25])
def test_any_width_and_size(backbone: str, width: float) -> None:
    network = build_classifier(backbone, width=width, num_classes=5).eval()
    with torch.no_grad():
        assert [network(torch.zeros(2, 3, *size)).shape for size in ((32, 32), (97, 65))] == 2 * [(2, 5)]


@pytest.mark.parametrize(
    ("backbone", "widths"),
    [("large", [1280, 1280]), ("small", [1024, 1024]), ("mnasnet", [1280, 1280]), ("v2", [1280, 1600])],
)
def test_the_last_layer_keeps_its_width(backbone: str, widths: list[int]) -> None:
    with torch.device("meta"):
        found = [build_classifier(backbone, width=width).scores.in_features for width in (0.35, 1.25)]
        assert build_classifier("v1", width=0.5).scores.in_features == 512
    assert found == widths


def test_the_original_last_stage_is_figure_5s() -> None:
    with torch.device("meta"):
        table = build_classifier("large", last_stage="original").backbone.table
        narrow = build_classifier("large", last_stage="original", width=0.5)
    assert table[: len(V3_LARGE) - 1] == V3_LARGE[:-1]
    assert [(row.kind, row.kernel, row.expand, row.out, row.se, row.act) for row in table[-2:]] == [
        ("bneck", 3, 960, 320, None, "hswish"),
        ("conv", 1, 0, 1280, None, "hswish"),
    ]
    assert (narrow.backbone.table[-2].out, narrow.scores.in_features) == (160, 1280)


def test_without_hswish_the_hidden_layer_has_relu_too() -> None:
    with torch.device("meta"):
        acts = {act: build_classifier("small", hswish=act).act.__class__.__name__ for act in (True, False, 16, 96)}
    assert acts == {True: "HardSwish", False: "ReLU", 16: "HardSwish", 96: "HardSwish"}


def test_dropout_acts_in_training_only() -> None:
    torch.manual_seed(0)
    network, image = build_classifier("small", num_classes=3, dropout=0.9), torch.zeros(1, 3, 32, 32)
    network.backbone.eval()
    assert not torch.equal(network(image), network(image))
    assert torch.equal(network.eval()(image), network(image))


@pytest.mark.parametrize(
    ("options", "key"),
    [
        ({"backbone": "v4"}, "backbone.name"),
        ({"backbone": "large", "last_stage": "first"}, "task.last_stage"),
        ({"backbone": "small", "last_stage": "original"}, "task.last_stage"),
        ({"backbone": "v2", "num_classes": 0}, "class"),
        ({"backbone": "v2", "dropout": 1.0}, "dropout"),
        ({"backbone": "v2", "stem": 0}, "stem"),
        ({"backbone": "v2", "hswish": 80}, "backbone.hswish=80"),
        ({"backbone": "large", "hswish": 2000}, "backbone.hswish=2000"),
        ({"backbone": "large", "hswish": 0}, "backbone.hswish=0"),
    ],
)
def test_mistakes_name_the_key(options: dict[str, Any], key: str) -> None:
    with pytest.raises(UserError, match=key):
        build_classifier(**options)
