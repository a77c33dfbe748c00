"""The counter against torchvision's published counts."""

import pytest
import torch
import torchvision
from torchvision.models import MobileNet_V3_Large_Weights, MobileNet_V3_Small_Weights

from mnv3.tools.paper.cost import count


@pytest.mark.parametrize("weights", [MobileNet_V3_Large_Weights.DEFAULT, MobileNet_V3_Small_Weights.DEFAULT])
def test_classifiers_cost_what_torchvision_publishes(weights):
    with torch.device("meta"):
        model = torchvision.models.get_model(weights.__class__.__name__.removesuffix("_Weights").lower())
        cost = count(model, torch.zeros(1, 3, 224, 224))
    assert cost.trainable_params == weights.meta["num_params"]
    assert round(cost.madds / 1e9, 3) == weights.meta["_ops"]


def test_parameters_of_norms_are_not_the_papers():
    model = torch.nn.Sequential(torch.nn.Conv2d(3, 8, 3, groups=1, padding=1, bias=True), torch.nn.BatchNorm2d(8))
    cost = count(model, torch.zeros(1, 3, 5, 4))
    assert cost == (3 * 9 * 8 + 8, 3 * 9 * 8 + 8 + 16, 3 * 9 * 8 * 20)


def test_counting_changes_nothing():
    model = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 1), torch.nn.BatchNorm2d(4).eval(), torch.nn.ReLU())
    before = {key: value.clone() for key, value in model.state_dict().items()}
    count(model, torch.ones(1, 3, 2, 2))
    assert [layer.training for layer in model] == [True, False, True] and model.training
    torch.testing.assert_close(dict(model.state_dict()), before, atol=0, rtol=0)
