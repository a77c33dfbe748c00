"""Finding PASCAL VOC and reading its lists."""

from pathlib import Path

import pytest

from mnv3.lraspp.data.classes import VOC
from mnv3.tools.data.voc import NAMES, PLACES, find_split
from mnv3.tools.errors import Absent, UserError
from tests.voc_files import LISTS, write_voc


@pytest.mark.parametrize("place", PLACES)
def test_it_is_found_where_people_unpack_it(tmp_path: Path, place: str) -> None:
    folder = write_voc(tmp_path / place)
    for split in ("train", "val", "trainval"):
        found = find_split(tmp_path, "Main", split)
        names = LISTS.get(split, (*LISTS["train"], *LISTS["val"]))
        assert found.names == names and found.folder == folder and found.image(names[0]).is_file()


def test_what_is_not_there_is_absent_and_half_of_it_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(Absent) as caught:
        find_split(tmp_path, "Main", "val")
    for word in (str(tmp_path), "VOCdevkit/VOC2012", "mnv3 data get voc", "data.root="):
        assert word in str(caught.value)
    (tmp_path / "voc" / "JPEGImages").mkdir(parents=True)
    with pytest.raises(UserError, match=r"only .*JPEGImages") as half:
        find_split(tmp_path, "Main", "val")
    assert not isinstance(half.value, Absent)
    write_voc(tmp_path / "VOC2012")
    with pytest.raises(Absent, match=r"Main.test\.txt"):
        find_split(tmp_path, "Main", "test")


def test_lists_may_come_from_windows_and_have_empty_lines(tmp_path: Path) -> None:
    file = write_voc(tmp_path) / "ImageSets" / "Main" / "val.txt"
    file.write_bytes("\ufeff2009_000004\r\n\r\n2009_000005 ".encode())
    assert find_split(tmp_path, "Main", "val").names == LISTS["val"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", ["is empty"]),
        (b" \n\n", ["is empty"]),
        (b"a\nb 1\n../c\na\n", ["b 1, ../c", "listed twice: a"]),
        (b"a\x1b[2J\n", [r"a\x1b[2J"]),
        (b"\xff\xfe\x00", ["not UTF-8"]),
    ],
)
def test_lists_with_mistakes(tmp_path: Path, content: bytes, words: list[str]) -> None:
    file = write_voc(tmp_path) / "ImageSets" / "Segmentation" / "val.txt"
    file.write_bytes(content)
    with pytest.raises(UserError) as caught:
        find_split(tmp_path, "Segmentation", "val")
    assert len(caught.value.problems) == len(words) and str(file) in str(caught.value)
    assert all(word in problem for word, problem in zip(words, caught.value.problems, strict=True))


def test_a_list_that_is_a_folder_is_absent(tmp_path: Path) -> None:
    file = write_voc(tmp_path) / "ImageSets" / "Main" / "val.txt"
    file.unlink()
    file.mkdir()
    with pytest.raises(Absent):
        find_split(tmp_path, "Main", "val")


def test_classes_are_the_devkit_s() -> None:
    assert len(NAMES) == 20 and NAMES.index("person") == 14 and [entry.name for entry in VOC[1:]] == list(NAMES)
