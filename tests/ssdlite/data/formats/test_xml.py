"""Pascal VOC's and CVAT's XML: what is understood, and what is refused."""

from pathlib import Path

import pytest

from mnv3.ssdlite.data.coco.annotations import CocoData
from mnv3.tools.errors import Absent, UserError
from tests.box_files import Drawn, cvat_document, draw, voc_annotation, write, write_cvat, write_voc
from tests.ssdlite.data.formats.opening import opened
from tests.voc_files import write_voc as write_voc_2012

IMAGE = Drawn("a.jpg", (50, 60), (("dog", 10, 5, 30, 25),), "")
ENTITIES = '<!DOCTYPE x [<!ENTITY a "aa"><!ENTITY f SYSTEM "file:///etc/passwd">]>'
BOX = "<xmin>11</xmin><ymin>6</ymin><xmax>30</xmax><ymax>25</ymax>"


def one(folder: Path, text: str, lines: list[str] | None = None, file: str = "a.xml", image: str = "a.jpg") -> CocoData:
    """Open a folder with one image and one label file, for training."""
    IMAGE._replace(name=image).save(folder)
    write(folder / file, text)
    return opened(folder, lines=lines)


def refused(folder: Path, text: str, named: str, file: str = "a.xml") -> None:
    with pytest.raises(UserError) as caught:
        one(folder, text, file=file)
    assert file in str(caught.value) and named in str(caught.value)


def test_voc_2012_itself(tmp_path: Path) -> None:
    write_voc_2012(tmp_path)
    lines: list[str] = []
    data = opened(tmp_path, "val", lines)
    assert [data.path(i).stem for i in range(2)] == ["2009_000004", "2009_000005"]
    assert data.boxes[:3].tolist() == [[10, 5, 20, 20], [30, 0, 30, 40], [0, 29, 20, 11]]
    assert data.crowd[:3].tolist() == [False, False, True]
    assert any("difficult" in line for line in lines)
    assert [category.name for category in data.categories] == ["dog", "person", "sofa"]


@pytest.mark.parametrize(
    ("old", "new", "box"),
    [
        ("", "", [10, 5, 20, 20]),
        ("<xmin>11<", "<xmin>0<", [0, 6, 30, 19]),
        ("<xmin>11<", "<xmin>10.5<", [10.5, 6, 19.5, 19]),
        ("<xmin>11<", "<xmin>11.0<", [10, 5, 20, 20]),
    ],
)
def test_pixels_counted_from_1_or_0(tmp_path: Path, old: str, new: str, box: list[float]) -> None:
    lines: list[str] = []
    assert one(tmp_path, voc_annotation(IMAGE).replace(old, new), lines).boxes.tolist() == [box]
    assert sum("corners" in line for line in lines) == 1


def test_a_size_of_nothing_is_the_image_s_and_the_name_of_the_file_wins(tmp_path: Path) -> None:
    text = voc_annotation(IMAGE).replace("<width>60<", "<width>0<").replace(">a.jpg<", r">C:\old\b.jpg<")
    lines: list[str] = []
    data = one(tmp_path, text, lines)
    assert any("another image" in line and "a.xml" in line for line in lines)
    assert data.sizes.tolist() == [[50, 60]] and data.file_names.tolist() == ["a.jpg"]


def test_the_file_name_in_the_label_is_the_second_choice(tmp_path: Path) -> None:
    text = voc_annotation(IMAGE).replace(">a.jpg<", r">C:\old\photo.jpg<")
    assert one(tmp_path, text, file="label 1.xml", image="photo.jpg").file_names.tolist() == ["photo.jpg"]


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ("<annotation", ENTITIES + "<annotation", "entities"),
        ("</annotation>", "", "not XML"),
        (BOX, "", "xmin"),
        ("<xmax>30<", "<xmax>wide<", "wide"),
        ("<xmax>30<", "<xmax>3<", "xmax"),
        ("<name>dog</name>", "", "name"),
        ("<name>dog</name>", "<name>dog</name><difficult>2</difficult>", "difficult"),
        (f"<bndbox>{BOX}</bndbox>", "<polygon/>", "bndbox"),
    ],
)
def test_bad_voc(tmp_path: Path, old: str, new: str, named: str) -> None:
    refused(tmp_path, voc_annotation(IMAGE).replace(old, new), named)


def test_voc_images_without_labels_and_labels_without_images(tmp_path: Path) -> None:
    write_voc(tmp_path, draw(6, 2))
    (tmp_path / "Annotations" / "frame 01.xml").unlink()
    (tmp_path / "JPEGImages" / "frame 02.jpg").unlink()
    with pytest.raises(UserError, match=r"1 of 3 images .*frame 02\.jpg.*on_error=skip"):
        opened(tmp_path)
    lines: list[str] = []
    assert len(opened(tmp_path, lines=lines, on_error="skip")) == 3
    assert any("images without labels are left out: 1: JPEGImages/frame 01.jpg" in line for line in lines)


def test_a_list_of_voc_that_lacks_images(tmp_path: Path) -> None:
    write_voc(tmp_path, draw(6, 2))
    write(tmp_path / "ImageSets" / "Main" / "train.txt", "frame 00 1\nframe 01 -1\n")
    lines: list[str] = []
    assert len(opened(tmp_path, lines=lines)) == 2
    assert any("ImageSets/Main" in line and ": 2, in" in line for line in lines)
    with pytest.raises(Absent, match="no split 'test'"):
        opened(tmp_path, "test")


def test_the_classes_of_a_names_file(tmp_path: Path) -> None:
    write(tmp_path / "classes.txt", "person\ndog\n")
    data = one(tmp_path, voc_annotation(IMAGE))
    assert [category.name for category in data.categories] == ["person", "dog"] and data.slots.tolist() == [2]
    write(tmp_path / "classes.txt", "person\n")
    with pytest.raises(UserError, match=r"classes\.txt lacks .*: dog"):
        opened(tmp_path)


CVAT = cvat_document([IMAGE])
SHAPE = '<box label="dog" xtl="10.00" ytl="5.00" xbr="30" ybr="25"></box>'


@pytest.mark.parametrize(
    ("new", "box"),
    [
        (SHAPE, [10, 5, 20, 20]),
        (SHAPE.replace("<box", '<box rotation="90"'), [10, 5, 20, 20]),
        (SHAPE.replace("<box", '<box rotation="45"'), [20 - 200**0.5, 15 - 200**0.5, 2 * 200**0.5, 2 * 200**0.5]),
        ('<ellipse label="dog" cx="20" cy="15" rx="10" ry="5"/>', [10, 10, 20, 10]),
        ('<ellipse label="dog" cx="20" cy="15" rx="10" ry="5" rotation="90"/>', [15, 5, 10, 20]),
        ('<mask label="dog" left="3" top="4" width="5" height="6" rle="0, 30"/>', [3, 4, 5, 6]),
        ('<polygon label="dog" points="10,5;30,10;20,25"/>', [10, 5, 20, 20]),
    ],
)
def test_shapes_of_cvat(tmp_path: Path, new: str, box: list[float]) -> None:
    data = one(tmp_path, CVAT.replace(SHAPE, new), file="annotations.xml")
    assert data.boxes[0].tolist() == pytest.approx(box)
    assert [category.name for category in data.categories] == ["bus", "car", "dog"]


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ("<annotations>", ENTITIES + "<annotations>", "entities"),
        (SHAPE, '<polygon label="dog" points="10,5;30,10"/>', "three points"),
        (SHAPE, '<polygon label="dog" points="10;30,10;3,4"/>', "pairs"),
        (SHAPE, '<box label="dog" xtl="1"/>', "xbr"),
        (SHAPE, SHAPE.replace('xbr="30"', 'xbr="3"'), "xbr"),
        (SHAPE, "<blob/>", "blob"),
        ("</annotations>", '<track id="1"/></annotations>', "CVAT for images 1.1"),
    ],
)
def test_bad_cvat(tmp_path: Path, old: str, new: str, named: str) -> None:
    refused(tmp_path, CVAT.replace(old, new), named, "annotations.xml")


def test_a_label_that_cvat_s_list_lacks(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"cat \(a\.jpg\)"):
        one(tmp_path, CVAT.replace('label="dog"', 'label="cat"'), file="annotations.xml")


def test_points_of_cvat_are_left_out(tmp_path: Path) -> None:
    lines: list[str] = []
    text = CVAT.replace(SHAPE, SHAPE + '<points label="dog" points="1,2"/>')
    assert len(one(tmp_path, text, lines, "annotations.xml").boxes) == 1
    assert any("points, lines" in line for line in lines)


def test_images_that_are_not_there(tmp_path: Path) -> None:
    write_cvat(tmp_path, draw(6, 2))
    (tmp_path / "images" / "frame 00.jpg").unlink()
    with pytest.raises(UserError, match=r"1 of 4 images .*frame 00\.jpg"):
        opened(tmp_path)
