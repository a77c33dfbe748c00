"""Costs against the paper's Tables 7 and 8, and against a count of torchvision's layers."""

from typing import Any

import pytest
import torch
from torchvision.models.segmentation import lraspp_mobilenet_v3_large

from mnv3.lraspp.cost import PAPER_HALF_SIZE, PAPER_SIZE, multiply_adds, parameters, row_cost
from mnv3.lraspp.model.segmenter import build_segmenter
from mnv3.tools.paper.cost import RowCost, count

V2 = {"backbone": "v2"}

# Parameters; multiply-adds (1e9) of convolutions, at full and half size; the paper's figures for both.
ROWS = {
    "table 7, 1": ({**V2, "head": "raspp", "filters": 256, "rf2": False}, 2_113_043, 21.233, None, 21.29, None),
    "table 7, 2": ({**V2, "head": "raspp", "filters": 256}, 1_159_123, 13.633, None, 13.68, None),
    "table 7, 3": ({**V2, "filters": 256}, 1_030_950, 12.775, None, 12.83, None),
    "table 7, 4": (V2, 987_174, 12.523, None, 12.57, None),
    "table 7, 5": ({"head": "raspp", "filters": 256, "rf2": False}, 3_600_963, 18.156, None, 18.43, None),
    "table 7, 6": ({"head": "raspp", "filters": 256}, 1_762_435, 11.031, None, 11.24, None),
    "table 7, 7": ({"filters": 256}, 1_632_894, 10.129, None, 10.33, None),
    "table 7, 8": ({}, 1_507_198, 9.533, 2.425, 9.74, 2.48),
    "table 7, 9": ({**V2, "width": 0.5}, 282_598, 3.958, None, 4.00, None),
    "table 7, 10": ({**V2, "width": 0.35}, 168_502, 2.497, None, 2.54, None),
    "table 7, 11": ({"backbone": "small"}, 468_830, 2.780, 0.708, 2.90, 0.74),
    "table 8, large 32": ({"output_stride": 32}, 1_507_198, 7.581, 1.930, 7.74, 1.98),
    "table 8, small 32": ({"backbone": "small", "output_stride": 32}, 468_830, 1.963, 0.501, 2.06, 0.53),
}


@pytest.mark.parametrize("row", ROWS)
def test_costs_are_the_papers(row: str) -> None:
    options, params, conv, conv_half, total, total_half = ROWS[row]
    segmenter = build_segmenter(num_classes=19, **options)
    assert parameters(segmenter) == params
    madds = multiply_adds(segmenter)
    assert madds.conv / 1e9 == pytest.approx(conv, rel=1e-3)
    assert madds.total / 1e9 == pytest.approx(total, rel=1.2e-3)
    if conv_half is not None and total_half is not None:
        madds = multiply_adds(segmenter, PAPER_HALF_SIZE)
        assert madds.conv / 1e9 == pytest.approx(conv_half, rel=1e-3)
        assert madds.total / 1e9 == pytest.approx(total_half, rel=1.2e-2)  # the window of the paper's is not known


def test_torchvisions_network_counted_layer_by_layer() -> None:
    with torch.device("meta"):
        theirs = lraspp_mobilenet_v3_large(weights=None, weights_backbone=None, num_classes=19)
        cost = count(theirs, torch.zeros(1, 3, 321, 512))
    ours = build_segmenter(preset="torchvision", rf2=False, num_classes=19)
    assert parameters(ours) == cost.trainable_params
    assert multiply_adds(ours, (321, 512)).conv == cost.madds


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"head": "raspp"},
        {"backbone": "small", "output_stride": 8, "width": 0.35},
        {"backbone": "v1", "skip": False},
        {"backbone": "v2", "gate": "none", "filters": 64},
        {"backbone": "mnasnet", "width": 0.5, "output_stride": 32},
        {"backbone": "small", "se": False, "max_kernel": 3, "rf2": False},
    ],
)
def test_what_is_run_costs_no_more(options: dict[str, Any]) -> None:
    """A count of the layers as they run, which do not classify or mix at the higher resolution."""
    segmenter = build_segmenter(num_classes=19, **options).to("meta")
    cost = count(segmenter, torch.zeros(1, 3, *PAPER_SIZE, device="meta"))
    assert 0.97 * multiply_adds(segmenter).conv < cost.madds <= multiply_adds(segmenter).conv


def test_a_rows_cost_by_both_rules() -> None:
    """Without the keys that are younger than the first configurations, and without drawing weights."""
    task = {"preset": "paper", "head": "lraspp", "filters": 128, "gate": None, "pool": None}
    backbone = {"name": "large", "rf2": True, "width": 1.0, "output_stride": 16, "padding": None}
    before = torch.get_rng_state()
    cost = row_cost({"task": task, "backbone": backbone})
    assert torch.equal(torch.get_rng_state(), before)
    segmenter = build_segmenter(num_classes=19)
    assert cost == RowCost(
        params=1_507_198,
        params_plain=1_507_198,
        madds=round(multiply_adds(segmenter).total),
        madds_plain=count(segmenter.to("meta"), torch.zeros(1, 3, 1024, 2048, device="meta")).madds + BEHIND_RESIZING,
        half_madds=round(multiply_adds(segmenter, PAPER_HALF_SIZE).total),
    )


BEHIND_RESIZING = 19 * 128 * (128 * 256 - 64 * 128)
"""What the paper classifies at stride 8 and we at stride 16, of a frame of 1024 x 2048."""

MAP, SKIP_MAP = 65 * 129, 129 * 257  # values of a channel at strides 16 and 8, of a frame of 1025 x 2049
ABLATIONS = {
    # less parameters; less multiply-adds of convolutions; less of element-wise work. 120 channels of skip, 480 of the
    # last map, 128 filters, 2 x 5 windows of 49 x 49.
    "skip": ({"skip": False}, 121 * 19, (120 * SKIP_MAP + 128 * (SKIP_MAP - MAP)) * 19, 19 * SKIP_MAP / 2),
    "gate": ({"gate": "none"}, 481 * 128, 480 * 128 * 10, 480 * 10 * 49**2 + 1.5 * 128 * MAP),
    "filters": ({"filters": 64}, 64 * (480 + 2 + 481 + 19), 64 * (480 * (MAP + 10) + 19 * SKIP_MAP), 1.5 * 64 * MAP),
}


@pytest.mark.parametrize("ablation", ABLATIONS)
def test_an_ablation_saves_what_it_leaves_out(ablation: str) -> None:
    options, params, conv, elementwise = ABLATIONS[ablation]
    whole, less = build_segmenter(num_classes=19), build_segmenter(num_classes=19, **options)
    assert parameters(whole) - parameters(less) == params
    assert multiply_adds(whole).conv - multiply_adds(less).conv == conv
    assert multiply_adds(whole).elementwise - multiply_adds(less).elementwise == elementwise


def test_relu_costs_no_multiply_adds() -> None:
    whole, less = build_segmenter(num_classes=19), build_segmenter(num_classes=19, hswish=False)
    assert (parameters(whole), multiply_adds(whole).conv) == (parameters(less), multiply_adds(less).conv)
    # Table 1, h-swish rows: the stem, expansion and depthwise convolution of blocks 7 to 15, the last convolution.
    quarter = 129 * 257
    values = 16 * 513 * 1025 + 240 * (quarter + MAP) + 2 * (200 + 184 + 184 + 480 + 672 + 336 + 480 + 480) * MAP
    assert multiply_adds(whole).elementwise - multiply_adds(less).elementwise == values + 480 * MAP
