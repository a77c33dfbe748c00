"""Names in a COCO file and names on the disk."""

import unicodedata

import pytest

from mnv3.ssdlite.data.coco.annotations import load_coco
from mnv3.ssdlite.data.coco.file_names import as_on_disk, missing_files, nearest
from mnv3.tools.errors import UserError
from mnv3.tools.images.read import read_image
from tests.mutations import written


@pytest.fixture
def images(files):
    """The folder of the images, written once: 0.png and others."""
    files.write()
    return files.images


def loaded(files, *names):
    """The data set, with other `names` for its first files."""
    for image, name in zip(files.document["images"], names, strict=False):
        image["file_name"] = name
    return load_coco(written(files.json, files.document), files.images)


def moved(images, name):
    """0.png moved to `name`."""
    (images / name).parent.mkdir(exist_ok=True)
    (images / "0.png").rename(images / name)


@pytest.mark.parametrize("name", ["sub//0.png", "./sub/0.png", "sub/../sub/0.png", "sub\\0.png", ".\\sub\\0.png"])
def test_a_file_that_is_there_is_found_however_it_is_written(files, images, name):
    moved(images, "sub/0.png")
    data, remarks = as_on_disk(loaded(files, name))
    assert missing_files(data) == [] and read_image(data.path(0)).shape[1] == 40
    assert len(remarks) == ("\\" in name)


def test_a_name_with_a_backslash_wins_if_it_is_there(files, images):
    moved(images, "sub\\0.png")
    data, remarks = as_on_disk(loaded(files, "sub\\0.png"))
    assert missing_files(data) == [] == remarks and data.path(0).name == "sub\\0.png"


@pytest.mark.parametrize("forms", [("NFC", "NFD"), ("NFD", "NFC")])
def test_accents_may_be_written_in_either_way(files, images, forms):
    on_disk, in_json = (unicodedata.normalize(form, "é.png") for form in forms)
    moved(images, on_disk)
    data, _ = as_on_disk(loaded(files, in_json))
    assert missing_files(data) == [] and data.path(0).exists()


def test_an_absolute_name_is_taken_as_it_is(files, images):
    data, _ = as_on_disk(loaded(files, str(images / "0.png")))
    assert missing_files(data) == []


@pytest.mark.parametrize(
    ("name", "near"),
    [("/home/me/0.png", "0.png"), ("C:\\data\\0.png", "0.png"), ("0.PNG", "0.png"), ("0.jpg", "0.png")],
)
def test_a_file_of_nearly_that_name_is_hinted_at(files, images, name, near):
    data, _ = as_on_disk(loaded(files, name))
    assert missing_files(data) == [name] and f" {near} " in nearest(data, name)


def test_two_spellings_of_one_file_are_refused(files, images):
    with pytest.raises(UserError, match="listed twice"):
        loaded(files, "0.png", ".//0.png")
    moved(images, "sub/0.png")
    with pytest.raises(UserError, match="listed twice"):
        as_on_disk(loaded(files, "sub/0.png", "sub\\0.png"))
