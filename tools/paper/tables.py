"""Tables 6, 7 and 8 of "Searching for MobileNetV3" (arXiv 1905.02244, final version) as data, figures as printed."""

from dataclasses import dataclass, field

from mnv3.tools.errors import UserError
from mnv3.tools.text.words import similar

SLOTS = 91
"""Class slots for which the paper counts the parameters of a detector."""


@dataclass(frozen=True)
class Row:
    """A row of a table of the paper.

    `printed` has the figures as printed: "mAP" or "mIoU" in percent, "params" in millions, "madds" and "half_madds" in
    billions, "latency" and "half_latency" in milliseconds, or seconds if they end in s; "half" is at half the
    resolution. `notes`: remarks on figures. `slots`: class slots, background included, of the detector whose
    parameters are printed. `quoted` rows are other authors' networks.
    """

    name: str  # also of the experiment: table6/v3_small_rf2
    title: str
    printed: dict[str, str]
    notes: dict[str, str] = field(default_factory=dict)
    slots: int = SLOTS
    quoted: bool = False

    @property
    def figures(self) -> dict[str, float]:
        """Figure -> number, in percent, millions, billions and milliseconds."""
        return {key: float(text.rstrip("s")) * (1e3 if text.endswith("s") else 1) for key, text in self.printed.items()}


@dataclass(frozen=True)
class PaperTable:
    """A table of the paper. The `score` ("mAP" or "mIoU") of its rows is on `split` of `dataset`."""

    number: int
    title: str
    dataset: str
    split: str
    score: str
    rows: tuple[Row, ...]

    @property
    def group(self) -> str:
        """First part of its rows' names."""
        return f"table{self.number}"


CARRIED_OVER = "as in the MobileNetV2 paper (1801.04381, Table 6), with 81 class slots, ours here too; all else has 91"
V3_LARGE_MADDS = "1.2 % above what the network has; element-wise operations would make up for it"
ROUNDS_TO_17 = "0.1667 exactly, which would be printed as 0.17"
TRUNCATED = "within 0.011 M of the network's; MobileNetV2's rows look cut off rather than rounded"
HALF_SIZE = "at half resolution the paper's pooling window is not known; within 1.2 %"


def _detection(name: str, title: str, figures: str, slots: int = SLOTS, **notes: str) -> Row:
    keys = ("mAP", "latency", "latency_v1", "params", "madds")
    return Row(f"table6/{name}", title, dict(zip(keys, figures.split(), strict=True)), notes, slots)


def _validated(name: str, title: str, figures: str, **notes: str) -> Row:
    keys = ("mIoU", "params", "madds", "latency", "half_latency")
    return Row(f"table7/{name}", title, dict(zip(keys, figures.split(), strict=True)), notes)


def _tested(name: str, title: str, figures: str) -> Row:
    keys = ("mIoU", "madds", "half_madds", "latency", "half_latency")
    return Row(f"table8/{name}", title, dict(zip(keys, figures.split(), strict=True)), {"half_madds": HALF_SIZE})


def _quoted(name: str, title: str, miou: str, half_madds: str) -> Row:
    return Row(f"table8/{name}", title, {"mIoU": miou, "half_madds": half_madds}, quoted=True)


TABLE_6 = PaperTable(
    6,
    "SSDLite on COCO, 320 x 320",
    "coco",
    "test",
    "mAP",
    (  # mAP, latency on one core of a Pixel 1, the same in arXiv's version 1, parameters, multiply-adds
        _detection("v1", "V1", "22.2 228 270 5.1 1.3", slots=81, params=CARRIED_OVER),
        _detection("v2", "V2", "22.1 162 200 4.3 0.80", slots=81, params=CARRIED_OVER),
        _detection("mnasnet", "MnasNet-A1", "23.0 174 215 4.88 0.84"),
        _detection("v3_large", "V3-Large", "22.0 137 173 4.97 0.62", madds=V3_LARGE_MADDS),
        _detection("v3_large_rf2", "V3-Large RF2", "22.0 119 150 3.22 0.51"),
        _detection("v2_035", "V2 0.35", "13.7 66 54.8 0.93 0.16", madds=ROUNDS_TO_17),
        _detection("v2_05", "V2 0.5", "16.6 79 80.4 1.54 0.27"),
        _detection("mnasnet_035", "MnasNet-A1 0.35", "15.6 68 58.2 1.02 0.18"),
        _detection("mnasnet_05", "MnasNet-A1 0.5", "18.5 85 86.2 1.68 0.29"),
        _detection("v3_small", "V3-Small", "16.0 52 67.2 2.49 0.21"),
        _detection("v3_small_rf2", "V3-Small RF2", "16.1 43 56.2 1.77 0.16"),
    ),
)

TABLE_7 = PaperTable(
    7,
    "(Lite) R-ASPP on Cityscapes, 1024 x 2048, output stride 16",
    "cityscapes",
    "val",
    "mIoU",
    (  # mIoU, parameters, multiply-adds, latency on one core of a Pixel 3, the same at half resolution
        _validated("v2_raspp", "V2, R-ASPP 256", "72.84 2.11 21.29 3.90s 1.02s"),
        _validated("v2_rf2_raspp", "V2 RF2, R-ASPP 256", "72.56 1.15 13.68 3.03s 793", params=TRUNCATED),
        _validated("v2_rf2_lraspp_256", "V2 RF2, LR-ASPP 256", "72.97 1.02 12.83 2.98s 786", params=TRUNCATED),
        _validated("v2_rf2_lraspp", "V2 RF2, LR-ASPP 128", "72.74 0.98 12.57 2.89s 766", params=TRUNCATED),
        _validated("v3_large_raspp", "V3-Large, R-ASPP 256", "72.64 3.60 18.43 3.55s 906"),
        _validated("v3_large_rf2_raspp", "V3-Large RF2, R-ASPP 256", "71.91 1.76 11.24 2.60s 668"),
        _validated("v3_large_rf2_lraspp_256", "V3-Large RF2, LR-ASPP 256", "72.37 1.63 10.33 2.55s 659"),
        _validated("v3_large_rf2_lraspp", "V3-Large RF2, LR-ASPP 128", "72.36 1.51 9.74 2.47s 657"),
        _validated("v2_05_rf2_lraspp", "V2 0.5 RF2, LR-ASPP 128", "68.57 0.28 4.00 1.59s 415"),
        _validated("v2_035_rf2_lraspp", "V2 0.35 RF2, LR-ASPP 128", "66.83 0.16 2.54 1.27s 354", params=TRUNCATED),
        _validated("v3_small_rf2_lraspp", "V3-Small RF2, LR-ASPP 128", "68.38 0.47 2.90 1.21s 327"),
    ),
)

TABLE_8 = PaperTable(
    8,
    "LR-ASPP on Cityscapes, 1024 x 2048",
    "cityscapes",
    "test",
    "mIoU",
    (  # mIoU, multiply-adds, the same at half resolution, latency on one core of a Pixel 3, the same at half resolution
        _tested("v3_large_os16", "V3-Large RF2, stride 16", "72.6 9.74 2.48 2.47s 657"),
        _tested("v3_large_os32", "V3-Large RF2, stride 32", "72.0 7.74 1.98 2.06s 534"),
        _tested("v3_small_os16", "V3-Small RF2, stride 16", "69.4 2.90 0.74 1.21s 327"),
        _tested("v3_small_os32", "V3-Small RF2, stride 32", "68.3 2.06 0.53 1.03s 275"),
        _quoted("espnetv2", "ESPNetv2", "66.2", "2.7"),
        _quoted("ccc2", "CCC2", "62.0", "3.15"),
        _quoted("espnetv1", "ESPNetv1", "60.3", "4.5"),
    ),
)

TABLES = {table.number: table for table in (TABLE_6, TABLE_7, TABLE_8)}
ROWS = {row.name: row for table in TABLES.values() for row in table.rows if not row.quoted}
"""Rows that are experiments, by name."""


def row(name: str) -> Row:
    """Return the row called `name`, such as "table6/v3_small_rf2".
    Raises UserError: no such row; names the closest match and all rows."""
    if name in ROWS:
        return ROWS[name]
    near = similar(name, ROWS, 0.6)
    hint = f" Did you mean {near}?" if near else ""
    raise UserError(f"row={name}: the paper has no such row.{hint} There are {', '.join(ROWS)}.")


def table_of(name: str) -> PaperTable:
    """Return the table that contains the row `name`. Raises UserError as `row`."""
    group = row(name).name.partition("/")[0]
    return next(table for table in TABLES.values() if table.group == group)
