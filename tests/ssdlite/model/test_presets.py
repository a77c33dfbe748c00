import pytest

from mnv3.ssdlite.model.presets import get_preset
from mnv3.tools.errors import UserError


def test_overrides_change_a_field() -> None:
    preset = get_preset("paper", nms_iou=0.5, class_prior=0.01)
    assert (preset.nms_iou, preset.class_prior, preset.max_detections) == (0.5, 0.01, 100)


def test_mistakes_come_together() -> None:
    with pytest.raises(UserError) as caught:
        get_preset("papre", iou=0.5, alpha=1)
    assert len(caught.value.problems) == 3


@pytest.mark.parametrize("name, prior", [("torchvision", 0.01), ("paper", 0.0), ("paper", 1.5)])
def test_a_prior_out_of_place(name: str, prior: float) -> None:
    with pytest.raises(UserError, match="class_prior"):
        get_preset(name, class_prior=prior)
