"""Table 4, quantised networks, and Table 5, nonlinearities."""

from collections.abc import Mapping

from mnv3.tools.paper.classifiers.rows import ClassifierRow, ClassifierTable, Network

LARGE = Network("large")


def _quantised(
    name: str, title: str, network: Network, figures: str, published: Mapping[str, str], **notes: str
) -> ClassifierRow:
    printed: dict[str, str] = dict(zip(("top1", "pixel1", "pixel2", "pixel3"), figures.split(), strict=True))
    return ClassifierRow(f"table4/{name}", title, network, printed, published, notes)


TABLE_4 = ClassifierTable(
    "4",
    "quantised classification on ImageNet, 224 x 224",
    (  # top-1, latency on one large core of a Pixel 1, 2 and 3
        _quantised(
            "v3_large",
            "V3-Large",
            LARGE,
            "73.8 44 42.5 31.7",
            {"authors": "73.9", "torchvision": "73.004"},
            torchvision="trained with quantisation; only calibrated 71.160",
        ),
        _quantised(
            "v2",
            "V2",
            Network("v2"),
            "70.9 52 48.3 37.0",
            {"torchvision": "71.658"},
            torchvision="trained with quantisation",
        ),
        _quantised("v3_small", "V3-Small", Network("small"), "64.9 15.5 14.9 10.7", {"authors": "64.9"}),
        _quantised("v2_035", "V2 0.35", Network("v2", 0.35), "57.2 16.7 15.6 11.9", {}),
    ),
    (
        "The paper does not state how its networks were quantised. Params, MAdds and latency here "
        "are those of the floating-point networks of Table 3.",
    ),
)


def _nonlinearity(name: str, title: str, hswish: bool | int, figures: str) -> ClassifierRow:
    printed: dict[str, str] = dict(zip(("top1", "pixel1", "plain_pixel1"), figures.split(), strict=True))
    return ClassifierRow(f"table5/{name}", title, LARGE._replace(hswish=hswish), printed)


TABLE_5 = ClassifierTable(
    "5",
    "nonlinearities of V3-Large on ImageNet, 224 x 224",
    (  # top-1, latency on one large core of a Pixel 1, the same without an optimised h-swish
        _nonlinearity("hswish_80", "h-swish@80, as in V3", 80, "75.2 51.4 57.5"),
        _nonlinearity("relu", "ReLU", False, "74.5 50.5 50.5"),
        _nonlinearity("hswish_16", "h-swish@16", 16, "75.4 53.5 68.9"),
        _nonlinearity("hswish_112", "h-swish@112", 112, "75.0 51 54.4"),
    ),
    (
        "@N: the first block with at least N output channels and all layers after it have h-swish: backbone.hswish=N. "
        "The stem has it too, except with ReLU only.",
    ),
)
