"""CSV: what is understood, and what is refused."""

from pathlib import Path

import pytest

from mnv3.tools.errors import UserError
from tests.box_files import Drawn, write
from tests.ssdlite.data.formats.opening import opened

HEADER = "filename,class,xmin,ymin,xmax,ymax"


def boxes(folder: Path, text: str) -> list[list[float]]:
    for name in ("a.jpg", "b.jpg"):
        Drawn(name, (50, 60), (), "").save(folder)
    write(folder / "labels.csv", text)
    return opened(folder, val_share=0).boxes.tolist()


@pytest.mark.parametrize(
    "text",
    [
        f"{HEADER}\na.jpg,dog,10,5,30,25\n",
        f"\ufeff{HEADER}\r\na.jpg,dog,10,5,30,25\r\n",
        f"{HEADER}\na.jpg,dog,10,5,30,25\nb.jpg,,,,,\n",
        "image;label;x1;y1;x2;y2\na.jpg;dog;10.0;5.0;30.0;25.0\n",
        "filename,width,height,class,xmin,ymin,xmax,ymax\na.jpg,60,50,dog,10,5,30,25\n",
        "image_path,label,x,y,w,h\ndata\\a.jpg,dog,10,5,20,20\n",
        "Image Name,Class Name,x,y,width,height\n/home/me/a.jpg,dog,10,5,20,20\n",
        "label_name,bbox_x,bbox_y,bbox_width,bbox_height,image_name,image_width,image_height\n"
        "dog,10,5,20,20,a.jpg,60,50\n",
    ],
)
def test_usual_tables(tmp_path: Path, text: str) -> None:
    assert boxes(tmp_path, text) == [[10, 5, 20, 20]]


@pytest.mark.parametrize(
    ("row", "named"),
    [
        ("a.jpg,dog,10,5,30", "four numbers"),
        ("a.jpg,dog,10,5,30,x", "four numbers"),
        ("a.jpg,dog,10,5,3,25", "xmax"),
        ("a.jpg,,10,5,30,25", "class"),
        (",dog,10,5,30,25", "image"),
    ],
)
def test_bad_rows(tmp_path: Path, row: str, named: str) -> None:
    with pytest.raises(UserError) as caught:
        boxes(tmp_path, f"{HEADER}\na.jpg,dog,1,2,3,4\n{row}\n")
    assert named in str(caught.value) and "labels.csv, line 3" in str(caught.value)


def test_other_mistakes(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="shares of the image"):
        boxes(tmp_path, f"{HEADER}\na.jpg,dog,0.1,0.2,0.3,0.4\n")
    with pytest.raises(UserError, match="other"):
        boxes(tmp_path, f"{HEADER},split\na.jpg,dog,1,2,3,4,other\n")
    with pytest.raises(UserError, match="different sizes or splits"):
        boxes(tmp_path, f"{HEADER},split\na.jpg,dog,1,2,3,4,train\na.jpg,dog,1,2,3,4,val\n")
    with pytest.raises(UserError, match=r"none\.jpg"):
        boxes(tmp_path, f"{HEADER}\nnone.jpg,dog,1,2,3,4\na.jpg,dog,1,2,30,40\n")
    with pytest.raises(UserError, match="no labels: looked for"):
        boxes(tmp_path, "a.jpg,1,2,3,4,dog\n")
