"""Sheets: a sample is where the note says, and a note about another picture is not believed."""

import json
from pathlib import Path

import pytest
import torch
from PIL import Image

from mnv3.tools.drawing.sheets import lay_out, panel, read_panels, save_sheet, under

COLOURS = {"a": (200, 30, 30), "b": (30, 200, 30), "c": (30, 30, 200)}


def test_every_panel_is_where_the_note_says(tmp_path: Path) -> None:
    def plain(name: str, height: int, width: int):
        picture = torch.tensor(COLOURS[name], dtype=torch.uint8)[:, None, None].repeat(1, height, width)
        picture[:, :5] = 255  # a caption
        return panel(picture, name, "prediction", caption=5)

    upper = lay_out([plain("a", 40, 60), plain("b", 20, 30), plain("c", 50, 20)], columns=2)
    lower = panel(torch.zeros(3, 12, upper.picture.shape[2], dtype=torch.uint8), "", "legend")
    path = tmp_path / "val.png"
    save_sheet(under(upper, lower), path)
    with Image.open(path) as image:
        panels = read_panels(path, (image.height, image.width))
        assert [part.name for part in panels] == ["a", "b", "c", ""]
        for part in panels[:3]:
            cut = image.crop((part.left, part.top, part.right, part.bottom))
            assert cut.getcolors() == [(cut.width * cut.height, COLOURS[part.name])]
        assert [part.bottom - part.top for part in panels] == [35, 15, 45, 12]
        assert panels[3].bottom == image.height


def test_a_note_about_another_picture_or_none_or_half_of_one_says_nothing(tmp_path: Path) -> None:
    path = tmp_path / "val.jpg"
    assert read_panels(path, (8, 8)) == ()
    save_sheet(panel(torch.zeros(3, 8, 8, dtype=torch.uint8), "a", "truth"), path)
    assert len(read_panels(path, (8, 8))) == 1
    assert read_panels(path, (8, 9)) == ()
    note = path.with_suffix(".json")
    note.write_text(note.read_text()[:-20])
    assert read_panels(path, (8, 8)) == ()


@pytest.mark.parametrize(
    "panels",
    [
        3,
        [3],
        [["a", "image", 0, 0, 4, 4]],
        [{"name": "a", "part": "image", "left": 0, "top": 0, "right": 10**9, "bottom": 4}],
        [{"name": "a", "part": "image", "left": 4, "top": 0, "right": 0, "bottom": 4}],
        [{"name": "a", "part": "image", "left": "0", "top": 0, "right": 4, "bottom": 4}],
        [{"name": None, "part": "image", "left": 0, "top": 0, "right": 4, "bottom": 4}],
        [{"name": "a", "part": "image", "left": -1, "top": 0, "right": 4, "bottom": 4}],
    ],
)
def test_notes_that_were_altered_tell_nothing(tmp_path: Path, panels: object) -> None:
    (tmp_path / "x.json").write_text(json.dumps({"size": [8, 8], "panels": panels}))
    assert read_panels(tmp_path / "x.jpg", (8, 8)) == ()
