"""Names files."""

import pytest

from lraspp.data.names_file import read_names
from tools.errors import UserError


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


@pytest.mark.parametrize(("text", "words"), [("\n", "names no class"), ("\n".join(map(str, range(255))), "254 are")])
def test_too_few_and_too_many(tmp_path, text, words):
    with pytest.raises(UserError, match=words):
        read(tmp_path, text, ignore=None)


def test_no_file(tmp_path):
    with pytest.raises(UserError, match="cannot be read as text"):
        read_names(tmp_path / "none.txt", None)
