"""Names in a scatter plot lie apart."""

from itertools import combinations
from pathlib import Path

import matplotlib.axes
import pytest
from matplotlib.text import Annotation
from matplotlib.transforms import Bbox
from PIL import Image

from mnv3.tools.drawing.scatter import Panel, Point, save_panels
from mnv3.tools.paper.tables import TABLES


def test_no_name_covers_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The figures of Table 7, which lie close together, as the picture has them."""
    written: list[Annotation] = []
    annotate = matplotlib.axes.Axes.annotate

    def note(*args, **options) -> Annotation:
        written.append(annotate(*args, **options))
        return written[-1]

    monkeypatch.setattr(matplotlib.axes.Axes, "annotate", note)
    rows = TABLES[7].rows
    points = [Point(row.figures["madds"], row.figures["mIoU"], row.title, row.title.split()[0]) for row in rows]
    hollow = Point(points[0].x, points[0].y - 0.5, points[0].name, points[0].family, hollow=True)
    panel = Panel("title", "x", "y", [hollow, *points], [(hollow, points[0])])
    save_panels(tmp_path / "plot.png", "Table 7", [panel, Panel("one", "x", "y", points[:1])], "note")
    assert Image.open(tmp_path / "plot.png").size[0] > 1000
    assert [text.get_text() for text in written[:-1]] == [p.name for p in sorted(points, key=lambda p: -p.y)]
    boxes = [text.get_window_extent() for text in written[:-1]]
    assert not [pair for pair in combinations(boxes, 2) if Bbox.intersection(*pair) is not None]
