"""Edits of a table, against the authors' own tables and output-stride rule."""

import json

import pytest
import torch
import torchvision

from backbones.edits import (
    first_block,
    first_expansion,
    halve_tail,
    last_depthwise,
    make_divisible,
    scale_width,
    set_output_stride,
)
from backbones.tables import TABLES, V3_LARGE, V3_SMALL
from tools.errors import UserError


@pytest.mark.parametrize("family", ["large", "small"])
@pytest.mark.parametrize("tail", ["", "_detection"])
@pytest.mark.parametrize("output_stride", [8, 16, 32])
def test_output_stride_follows_the_authors_rule(test_data, family, tail, output_stride):
    rules = json.loads((test_data / "oracle_tf" / "output_stride_rule.json").read_text())
    rule = rules[f"v3_{family}{tail}/output_stride_{output_stride}"]
    dilations = {name.partition("/depthwise")[0]: dilation for name, (dilation, _) in rule["space_to_batch"]}
    expected = []
    for variable, _, stride, _, _, _, out in rule["convs"]:
        if "depthwise" in variable:
            expected.append((stride[0], dilations.get(variable.partition("/depthwise")[0], 1), out[-1]))

    table = halve_tail(TABLES[family], "keep") if tail else TABLES[family]
    rows = [row for row in set_output_stride(table, output_stride) if row.kind == "bneck"]
    assert [(row.stride, row.dilation, row.expand) for row in rows] == expected


@pytest.mark.parametrize("family", ["large", "small"])
def test_dilation_at_once_is_torchvisions(family):
    theirs = getattr(torchvision.models, f"mobilenet_v3_{family}")(weights=None, dilated=True)
    expected = [
        (layer.kernel_size[0], layer.stride[0], layer.dilation[0])
        for layer in theirs.modules()
        if isinstance(layer, torch.nn.Conv2d) and layer.groups > 1
    ]
    table = set_output_stride(TABLES[family], 16, dilate_at_once=True)
    assert [(row.kernel, row.stride, row.dilation) for row in table if row.kind == "bneck"] == expected


def test_halved_tail_of_detection_keeps_the_first_expansion():
    assert [(row.expand, row.out) for row in halve_tail(V3_LARGE, "keep")[12:]] == [
        (672, 112),
        (672, 80),
        (480, 80),
        (480, 80),
        (0, 480),
    ]


def test_halved_tail_of_segmentation_halves_it():
    assert [(row.expand, row.out) for row in halve_tail(V3_SMALL, "halve")[8:]] == [
        (144, 48),
        (144, 48),
        (288, 48),
        (288, 48),
        (0, 288),
    ]


def test_width_scales_outputs_and_keeps_expansion_ratios():
    rows = scale_width(V3_LARGE, 0.75)
    assert [row.out for row in rows] == [16, 16, 24, 24, 32, 32, 32, 64, 64, 64, 64, 88, 88, 120, 120, 120, 720]
    assert (rows[2].expand, rows[14].expand) == (4 * 16, 6 * 120)
    assert scale_width(V3_LARGE, 1.0) == V3_LARGE and scale_width(V3_SMALL, 1.0) == V3_SMALL


def test_make_divisible_never_loses_more_than_a_tenth():
    assert [make_divisible(value) for value in (1, 11, 12, 18, 20, 168)] == [8, 16, 16, 24, 24, 168]


def test_named_taps():
    assert (first_expansion(V3_LARGE), first_expansion(V3_SMALL)) == ("block13.expand", "block9.expand")
    assert (last_depthwise(V3_LARGE), last_depthwise(V3_SMALL)) == ("block6.depthwise", "block3.depthwise")
    assert (first_block(V3_LARGE, 8), first_block(V3_SMALL, 8)) == ("block4", "block2")


def test_impossible_edits_are_refused():
    with pytest.raises(UserError, match="width is 0"):
        scale_width(V3_LARGE, 0)
    with pytest.raises(UserError, match="output stride is 4"):
        set_output_stride(V3_LARGE, 4)
