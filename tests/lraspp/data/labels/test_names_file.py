"""Names files."""

import pytest

from mnv3.lraspp.data.labels.names_file import read_names
from mnv3.tools.errors import UserError


def read(tmp_path, text, ignore: int | None = 255):
    path = tmp_path / "names.txt"
    path.write_text(text)
    return read_names(path, ignore)


def test_a_name_a_line(tmp_path):
    classes = read(tmp_path, "road\n\ntraffic light #FF8000\n2 wheeler\n")
    assert [(entry.name, entry.id) for entry in classes] == [("road", 0), ("traffic light", 1), ("2 wheeler", 2)]
    assert classes[1].colour == (255, 128, 0) and classes[0].colour != classes[2].colour


def test_ids_and_names_in_any_order_are_sorted_by_id(tmp_path):
    classes = read(tmp_path, "200 car #010203\n7 side walk\n")
    assert [(entry.name, entry.id) for entry in classes] == [("side walk", 7), ("car", 200)]
    assert classes[1].colour == (1, 2, 3)


def test_all_mistakes_are_told(tmp_path):
    with pytest.raises(UserError) as caught:
        read(tmp_path, "1 a\n1 b\n300 c\n255 d\n5 a\n")
    lines = [problem.split("line ")[1] for problem in caught.value.problems]
    assert [line[0] for line in lines] == ["2", "3", "4", "5"] and "dataset.ignore" in lines[2]


@pytest.mark.parametrize(("text", "words"), [("\n", "names no class"), ("\n".join(map(str, range(255))), "254")])
def test_too_few_and_too_many(tmp_path, text, words):
    with pytest.raises(UserError, match=words):
        read(tmp_path, text, ignore=None)


def test_no_file(tmp_path):
    with pytest.raises(UserError, match="cannot be read as text"):
        read_names(tmp_path / "none.txt", None)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        *((text, "heading") for text in ("name\na\nb", "Classes\na\nb", "class name\na", "id name\n0 a", "# list\na")),
        *((text, "columns") for text in ("a,0,0,0\nb,1,2,3", "name,r,g,b\na,0,0,0", "0,a\n1,b", "a;#00f\nb;#ff0000")),
        *((text, "columns") for text in ("# label:color_rgb\na:0,0,0::\nb:128,0,0::", "0 a 0 0 0\n1 b 128 0 0")),
        *((text, "YAML") for text in ("- a\n- b", "0: a\n1: b")),
        *((text, "JSON") for text in ('["a", "b"]', '{"0": "a",\n"1": "b"}')),
        *((text, "line 1") for text in ("Klasse\n0 a\n1 b", "a\n1 b\n2 c")),
        ("a 1\nb 0", "write `id name`"),
        *((text, "control characters") for text in ("a\nb\x0cc", "a\nb\0", "a\x1b[31m\nb")),
        ("0 a\n" + "9" * 5000 + " b", "8 bits"),
    ],
)  # fmt: skip
def test_what_would_shift_or_garble_the_classes_is_refused(tmp_path, text, words):
    with pytest.raises(UserError, match=words) as caught:
        read(tmp_path, text)
    assert all(problem.isprintable() for problem in caught.value.problems)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("wall, building\nsky, air", ["wall, building", "sky, air"]),
        ("\ufeffroad\r\nsky\r\n", ["road", "sky"]),
        ("grade 1\ngrade 3", ["grade 1", "grade 3"]),
        ("0 class\n1 name", ["class", "name"]),
        ("0\troad\n1\tsky", ["road", "sky"]),
        ("background\nlabel maker", ["background", "label maker"]),
        ("名前\nطريق", ["名前", "طريق"]),
    ],
)
def test_names_that_only_look_odd_are_names(tmp_path, text, names):
    assert [entry.name for entry in read(tmp_path, text)] == names


def test_a_file_of_something_else_is_told_in_a_few_sentences(tmp_path):
    with pytest.raises(UserError) as caught:
        read(tmp_path, "\n".join(f"\x01{number}\x02" for number in range(200)))
    assert len(caught.value.problems) == 11


@pytest.mark.parametrize("text", ["0 background\nthing\n", "-1 a\n1 b\n", "background\n0 thing\n"])
def test_ids_on_some_lines_alone_are_refused(tmp_path, text):
    with pytest.raises(UserError, match="no id"):
        read(tmp_path, text)
