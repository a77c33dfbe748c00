"""Images found by the names that labels give them, in folders that other people arranged."""

from pathlib import Path

import pytest

from mnv3.tools.data.folder.listing import Listing, clean, list_folder
from mnv3.tools.data.folder.splits import seeded_share, split_of_folder, split_of_label, split_of_name


def listing(*files: str) -> Listing:
    return Listing(Path(), files)


@pytest.mark.parametrize(
    ("files", "name", "label", "found"),
    [
        (["images/a.jpg"], "a.jpg", "annotations/all.json", ["images/a.jpg"]),
        (["a.jpg", "images/a.jpg"], "a.jpg", "labels.csv", ["a.jpg"]),
        (["x/a.jpg", "y/a.jpg"], "a.jpg", "labels.csv", ["x/a.jpg", "y/a.jpg"]),
        (["x/a.jpg", "y/a.jpg"], "a.jpg", "y/labels.csv", ["y/a.jpg"]),
        (["x/a.jpg", "y/a.jpg"], "x/a.jpg", "y/labels.csv", ["x/a.jpg"]),
        (["x/a.jpg", "y/a.jpg"], r"C:\me\y\a.jpg", "labels.csv", ["y/a.jpg"]),
        (["x/a.jpg"], "/home/me/other/a.jpg", "labels.csv", ["x/a.jpg"]),
        (["train/a.jpg", "val/a.jpg"], "a.jpg", "annotations/instances_val2017.json", ["val/a.jpg"]),
        (["train/a.jpg"], "a.jpg", "val/labels.csv", []),
        (["images/a.jpg"], "../../a.jpg", "labels/b.json", ["images/a.jpg"]),
        (["images/a.txt"], "a.txt", "labels.csv", []),
        (["images/u\u0308.jpg"], "\u00fc.jpg", "labels.csv", ["images/u\u0308.jpg"]),
        (["masks/a.jpg", "JPEGImages/a.jpg"], "a.jpg", "Annotations/a.xml", ["JPEGImages/a.jpg"]),
        (["images/a.jpg"], "b.jpg", "labels.csv", []),
    ],
)
def test_finding(files: list[str], name: str, label: str, found: list[str]) -> None:
    assert listing(*files).find(name, label) == found


def test_finding_by_stem() -> None:
    some = listing("JPEGImages/a.png", "JPEGImages/a.b.jpg", "a.txt")
    assert some.find_stem("Annotations/a.xml") == ["JPEGImages/a.png"]
    assert some.find_stem("Annotations/a.b.xml") == ["JPEGImages/a.b.jpg"]


def test_a_folder_is_listed_once_even_with_circles(tmp_path: Path) -> None:
    for file in ("images/a.JPG", "images/.hidden.jpg", ".git/b.jpg", "__MACOSX/c.jpg", "notes.txt"):
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).touch()
    (tmp_path / "images" / "again").symlink_to(tmp_path)
    found = list_folder(tmp_path)
    assert found.files == ("images/a.JPG", "notes.txt") and found.images == ("images/a.JPG",)


@pytest.mark.parametrize(
    ("name", "cleaned"),
    [
        (r"..\a\b.jpg", "a/b.jpg"),
        ("C:\\b.jpg", "b.jpg"),
        ("/etc/b.jpg", "etc/b.jpg"),
        ("./b.jpg", "b.jpg"),
        ("..", ".."),
    ],
)
def test_clean_names(name: str, cleaned: str) -> None:
    assert clean(name) == cleaned


@pytest.mark.parametrize(
    ("name", "split"),
    [
        ("train", "train"),
        ("Validation", "val"),
        ("valid", "val"),
        ("val2017", "val"),
        ("instances_train2017", "train"),
        ("test_images", "test"),
        ("train_val", None),
        ("trains", None),
        ("my train", None),
        ("images", None),
    ],
)
def test_splits_by_name(name: str, split: str | None) -> None:
    assert split_of_name(name) == split
    assert split_of_folder(f"data/{name}/a.jpg") == split and split_of_folder(f"data/{name}.json") is None
    assert split_of_label(f"data/{name}.json") == split


def test_a_seeded_share_depends_on_names_and_seed_alone() -> None:
    names = [f"{number}.jpg" for number in range(100)]
    chosen = seeded_share(names, 0.2, 0)
    assert len(chosen) == 20 and chosen == seeded_share(reversed(names), 0.2, 0) != seeded_share(names, 0.2, 1)
    assert {f"images/{name}" for name in chosen} == seeded_share((f"images/{name}" for name in names), 0.2, 0)
    more = seeded_share([*names, *(f"{number}.jpg" for number in range(100, 110))], 0.2, 0)
    assert len(chosen & more) >= 17
    assert len(seeded_share(names[:3], 0.01, 0)) == 1 and len(seeded_share(names[:3], 0.99, 0)) == 2
    assert not seeded_share(names, 0, 0) and not seeded_share(names[:1], 0.5, 0) and not seeded_share([], 0.5, 0)
    # Pinned: a run's validation images must be the same in later versions.
    assert sorted(seeded_share(names[:10], 0.3, 0)) == ["1.jpg", "2.jpg", "6.jpg"]
