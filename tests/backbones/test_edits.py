"""Edits of a table, against the authors' own tables and output-stride rule."""

import json

import pytest
import torch
import torchvision

from mnv3.backbones.ablations import small_kernels, wide_stem, with_hswish, without_se
from mnv3.backbones.edits import (
    first_block,
    first_expansion,
    halve_tail,
    last_block,
    last_depthwise,
    scale_width,
    set_output_stride,
)
from mnv3.backbones.rows import make_divisible, squeeze_width
from mnv3.backbones.tables import MNASNET, TABLES, V1, V2, V3_LARGE, V3_SMALL
from mnv3.tools.errors import UserError


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


def test_halved_tail_of_v2_ends_in_480_channels_of_expansion():
    """Which the counts of Table 7 tell: expansions of six times the input, all outputs from stride 32 on halved."""
    assert [(row.expand, row.out) for row in halve_tail(V2, "keep")[13:]] == [
        (576, 96),
        (576, 80),
        (480, 80),
        (480, 80),
        (480, 160),
        (0, 640),
    ]


def test_halved_tail_of_v1_has_no_expansion():
    assert [(row.expand, row.out) for row in halve_tail(V1, "halve")[11:]] == [(0, 512), (0, 512), (0, 512)]


@pytest.mark.parametrize(
    ("table", "channels"),
    [
        (V1, "32 64 128 128 256 256 512 512 512 512 512 512 1024 1024"),
        (V2, "32 16 24 24 32 32 32 64 64 64 64 96 96 96 160 160 160 320 1280"),
        (MNASNET, "32 16 24 24 40 40 40 80 80 80 80 112 112 160 160 160 320 1280"),
    ],
)
def test_earlier_networks_are_as_their_papers_print_them(table, channels):
    assert [row.out for row in table] == [int(number) for number in channels.split()]
    assert [row.expand for row in table if row.kind != "bneck"] == [0] * sum(row.kind != "bneck" for row in table)


def test_squeezes_of_mnasnet_are_a_quarter_of_the_input():
    """Rounded to 8, of the scaled input."""
    for width, squeezes in ((1.0, [8, 16, 16, 24, 32, 32, 40, 40]), (0.35, [8, 8, 8, 8, 16, 16, 16, 16])):
        table = scale_width(MNASNET, width)
        inputs = [3, *(row.out for row in table)]
        found = [squeeze_width(row, channels) for row, channels in zip(table, inputs, strict=False) if row.se]
        assert found == squeezes


def test_ablations_leave_the_rest_as_it_is():
    assert {row.se for row in without_se(V3_LARGE)} == {None}
    assert {row.act for row in with_hswish(V3_LARGE, False)} == {"relu"}
    assert {row.kernel for row in small_kernels(V3_LARGE, 3)} == {1, 3}
    for table in (V1, V2):
        assert without_se(table) == with_hswish(table, False) == small_kernels(table, 3) == table
    with pytest.raises(UserError, match="max_kernel is 7"):
        small_kernels(V3_LARGE, 7)


def test_hswish_at_n_begins_with_the_first_block_of_n_channels():
    """Table 5: 80 is Table 1's network; 16 has h-swish everywhere, 112 from the next wider blocks on."""
    assert with_hswish(V3_LARGE, True) == with_hswish(V3_LARGE, 80) == V3_LARGE
    assert with_hswish(V3_SMALL, 40) == V3_SMALL
    assert {row.act for row in with_hswish(V3_LARGE, 16)} == {"hswish"}
    acts = [row.act for row in with_hswish(V3_LARGE, 112)]
    assert acts == ["hswish", *10 * ["relu"], *6 * ["hswish"]]
    for table, number in ((V3_LARGE, 961), (V2, 80)):
        with pytest.raises(UserError, match=f"backbone.hswish={number}"):
            with_hswish(table, number)


def test_a_wider_stem_widens_the_depthwise_convolution_after_it():
    wide = wide_stem(V3_LARGE, 32)
    assert [(row.expand, row.out) for row in wide[:2]] == [(0, 32), (32, 16)] and wide[2:] == V3_LARGE[2:]
    assert wide_stem(V1, 32) == V1


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
    earlier = (V1, V2, MNASNET)
    assert [first_expansion(table) for table in earlier] == ["block11", "block14.expand", "block13.expand"]
    assert [last_depthwise(table) for table in earlier] == ["block5.depthwise", "block6.depthwise", "block6.depthwise"]
    assert [last_block(table) for table in earlier] == ["block13", "block17", "block16"]


def test_impossible_edits_are_refused():
    with pytest.raises(UserError, match="width is 0"):
        scale_width(V3_LARGE, 0)
    with pytest.raises(UserError, match="output stride is 4"):
        set_output_stride(V3_LARGE, 4)
