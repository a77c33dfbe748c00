"""What a row stands for, against the network that is built of it."""

from pathlib import Path

import pytest

from mnv3.backbones.edits import halve_tail, scale_width
from mnv3.backbones.network import Backbone, tap_places
from mnv3.backbones.rows import convolutions, has_shortcut, layer_names, named_rows
from mnv3.backbones.tables import FAMILIES, TABLES, V1, V3_LARGE

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("family", TABLES)
def test_the_network_has_the_convolutions_of_its_rows(family: str) -> None:
    table = scale_width(halve_tail(TABLES[family], "keep"), 0.5)
    backbone = Backbone(family, table, [layer_names(table)[-1]], padding="same", bn_momentum=0.1)
    expected = {}
    for row in named_rows(table):
        for conv in row.convs:
            layer = f"{conv.of(row.name)}{'.conv' if conv.norm else ''}"
            expected[layer] = (conv.outputs, conv.inputs // conv.groups, conv.kernel, conv.kernel)
    found = {
        name.removesuffix(".weight"): tuple(value.shape)
        for name, value in backbone.state_dict().items()
        if name.endswith("weight") and value.ndim == 4
    }
    assert found == expected and list(found) == list(expected)


def test_the_parts_of_a_bottleneck_and_of_a_separable_convolution() -> None:
    parts = {(conv.part, conv.inputs, conv.outputs) for conv in convolutions(V3_LARGE[4], 24)}
    assert parts == {
        ("expand", 24, 72),
        ("depthwise", 72, 72),
        ("se.squeeze", 72, 24),
        ("se.excite", 24, 72),
        ("project", 72, 40),
    }
    assert [conv.part for conv in convolutions(V3_LARGE[1], 16)] == ["depthwise", "project"]
    assert [(conv.part, conv.act) for conv in convolutions(V1[3], 128)] == [
        ("depthwise", "relu6"),
        ("pointwise", "relu6"),
    ]


def test_only_linear_rows_of_stride_1_and_equal_channels_have_a_shortcut() -> None:
    assert [has_shortcut(row.row, row.inputs) for row in named_rows(V3_LARGE)][:5] == [False, True, False, True, False]
    assert not any(has_shortcut(row.row, row.inputs) for row in named_rows(V1))


def test_taps_are_those_inside_and_the_rows() -> None:
    places = tap_places(V1)
    assert places["block2.depthwise"] == (64, 4) and places["block2"] == (128, 4)
    assert "block2.pointwise" not in places and "block2.expand" not in places


def test_every_family_has_a_file() -> None:
    assert {file.stem for file in (ROOT / "conf" / "backbone").glob("*.yaml")} == set(FAMILIES)
