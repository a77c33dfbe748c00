"""Table 3: floating-point networks."""

from collections.abc import Mapping

from mnv3.tools.paper.classifiers.rows import ClassifierRow, ClassifierTable, Network, of_publishers

CUT_OFF = "cut off rather than rounded"
V2_PARAMS = "3.47 in MobileNetV2's README, which is the network's; cut off rather than rounded"
V2_CUT_OFF = "cut off rather than rounded, in MobileNetV2's README too"
LARGE_MADDS = (
    "1.1 % above what the network has, which rounds to the 217 of the authors' README; element-wise operations would "
    "make up for it"
)
A1_MADDS = "as in the README of MnasNet's code, 315.2; its paper has 312, which the network rounds to"
OLDER_TAIL = (
    "as in an older version of the paper, where the hidden layer of Small has 1280 channels instead of 1024: with them "
    "43.8"
)

LARGE = Network("large")
FLOAT_LARGE = {"authors": "75.2", "torchvision": "75.274", "timm": "75.784", "timm tf_": "75.510", "Paddle": "75.3"}
FLOAT_SMALL = {"authors": "67.5", "torchvision": "67.668", "timm": "67.636", "timm tf_": "67.922", "Paddle": "68.2"}
LARGE_075 = {"authors": "73.3", "timm tf_": "73.442", "Paddle": "73.1"}
SMALL_075 = {"authors": "65.4", "timm": "65.284", "timm tf_": "65.706", "Paddle": "66.0"}
NOTES = {
    "large": {
        "torchvision": "by its newer recipe; by the first 74.042",
        "timm": "large_100.ra; .ra4 76.310, at 256 x 256 77.182; .miil, first trained on ImageNet-21k, 77.920",
    },
    "small": {"Paddle": "with 1280 channels in the hidden layer, as in an older version of the paper"},
    "v2": {"torchvision": "by its newer recipe; by the first 71.878"},
    "mnasnet": {"timm": "with squeezes that are not rounded to multiples of 8"},
}


def _floating(
    name: str, title: str, network: Network | None, figures: str, published: Mapping[str, str], **notes: str
) -> ClassifierRow:
    keys = ("top1", "madds", "params", "pixel1", "pixel2", "pixel3")
    printed: dict[str, str] = dict(zip(keys, figures.split(), strict=True))
    others = NOTES.get(network.backbone, {}) if network else {}
    return ClassifierRow(
        f"table3/{name}", title, network, printed, published, {**of_publishers(others, published), **notes}
    )


TABLE_3 = ClassifierTable(
    "3",
    "classification on ImageNet, 224 x 224",
    (  # top-1, multiply-adds, parameters, latency on one large core of a Pixel 1, 2 and 3
        _floating(
            "v3_large",
            "V3-Large",
            LARGE,
            "75.2 219 5.4 51 61 44",
            FLOAT_LARGE,
            params=CUT_OFF,
            madds=LARGE_MADDS,
        ),
        _floating("v3_large_075", "V3-Large 0.75", Network("large", 0.75), "73.3 155 4.0 39 46 40", LARGE_075),
        _floating(
            "mnasnet",
            "MnasNet-A1",
            Network("mnasnet"),
            "75.2 315 3.9 71 86 61",
            {"authors": "75.2", "timm": "75.452"},
            madds=A1_MADDS,
        ),
        _floating("proxyless", "Proxyless", None, "74.6 320 4.0 72 84 60", {}),
        _floating(
            "v2",
            "V2",
            Network("v2"),
            "72.0 300 3.4 64 76 56",
            {"authors": "71.8", "torchvision": "72.154", "timm": "72.910", "Paddle": "72.2"},
            authors="72.0 by the text of the same README",
            params=V2_PARAMS,
            madds=V2_CUT_OFF,
        ),
        _floating("v3_small", "V3-Small", Network("small"), "67.4 56 2.5 15.8 19.4 14.4", FLOAT_SMALL, madds=CUT_OFF),
        _floating(
            "v3_small_075",
            "V3-Small 0.75",
            Network("small", 0.75),
            "65.4 44 2.0 12.8 15.6 11.7",
            SMALL_075,
            madds=OLDER_TAIL,
        ),
        _floating("mnas_small", "Mnas-small", None, "64.9 65.1 1.9 20.3 24.2 17.2", {}),
        _floating(
            "v2_035",
            "V2 0.35",
            Network("v2", 0.35),
            "60.8 59.2 1.6 16.6 19.6 13.9",
            {"authors": "60.3"},
            params=CUT_OFF,
            madds=CUT_OFF,
        ),
    ),
)
