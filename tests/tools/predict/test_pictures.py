"""Sources from words, and their pictures."""

import threading
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from PIL import Image

from mnv3.tools.errors import UserError
from mnv3.tools.predict import pictures
from mnv3.tools.predict import sources as media_sources
from mnv3.tools.predict import video as media_video
from mnv3.tools.predict.video import VideoWriter, open_video


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """photos/ with four images, one of them below a folder, and a text; the folder that calls are made in."""
    monkeypatch.chdir(tmp_path)
    for number, name in enumerate(("b.jpg", "a.PNG", "deep/a.png", ".hidden.jpg")):
        path = tmp_path / "photos" / name
        path.parent.mkdir(exist_ok=True, parents=True)
        Image.new("RGB", (8 + number, 6), (10 * number, 0, 0)).save(path)
    (tmp_path / "photos" / "notes.txt").write_text("no image")
    return tmp_path


def write_clip(path: Path, frames: int = 9, size: tuple[int, int] = (48, 64)) -> None:
    """A grey value of 20 more in each frame."""
    writer = VideoWriter(path, 12.5, size)
    for number in range(frames):
        writer.write(np.full((*size, 3), 20 * number, np.uint8))
    writer.close()


def names(*words: str) -> list[str]:
    return [source.name for source in media_sources.find(words)]


def test_words_become_sources() -> None:
    assert names("photos") == ["a", "b"]
    assert names("photos/**/*.png") == ["deep/a"]
    assert names("photos/**/*") == ["a", "b", "deep/a"]
    assert names("photos/b.jpg", "photos", "photos/deep/a.png") == ["b", "a", "a-2"]
    assert [(s.place, s.live) for s in media_sources.find(["webcam", "2", "photos/b.jpg"])] == [
        (0, True),
        (2, True),
        (Path("photos/b.jpg"), False),
    ]
    assert media_sources.find(["rtsp://door/1"])[0].live


@pytest.mark.parametrize("name", ["0001", "webcam", "[x]", "a[1]", "~b", "*"])
def test_folders_and_files_that_are_there_are_taken_whatever_their_names(name: str) -> None:
    """A folder of digits was a camera."""
    Path("photos").rename(f"./{name}")
    assert names(f"./{name}") == names(name) == ["a", "b"]
    assert media_sources.title(name) == name
    assert names(f"{name}/*.jpg") == ["b"] and names(f"{name}/**/*.png") == ["deep/a"]
    Path(name).rename("elsewhere")
    Path("elsewhere/b.jpg").rename(name)
    assert names(name) == [Path(name).stem]


@pytest.mark.parametrize("word", ["a\x00b", 5000 * "x", "~nobody-of-that-name/x.jpg", "²", "12345"])
def test_words_that_cannot_be_files_are_one_sentence(word: str) -> None:
    with pytest.raises(UserError) as error:
        media_sources.find([word])
    assert len(error.value.problems) == 1


def test_all_words_that_name_nothing_are_told() -> None:
    with pytest.raises(UserError) as error:
        media_sources.find(["photos/c.jpg", "photos", "*.gif", "none", "phots"])
    assert [line.partition(":")[0] for line in error.value.problems] == ["photos/c.jpg", "*.gif", "none", "phots"]
    assert "did you mean photos?" in error.value.problems[3]
    Path("outer").mkdir()
    Path("photos").rename("outer/photos")
    with pytest.raises(UserError, match=r"no image or video in this folder; .* 'outer/\*\*/\*\.(png|PNG|jpg)'"):
        media_sources.find(["outer"])


def test_titles() -> None:
    words = ["photos", "photos/b.jpg", "photos/*.jpg", "photos/**/*", "webcam", "3"]
    assert [media_sources.title(word) for word in words] == ["photos", "b", "photos", "photos", "webcam", "webcam3"]


def test_pictures_come_in_order_and_unreadable_ones_as_errors() -> None:
    Path("photos/ab.jpg").write_bytes(b"not an image")
    found = list(pictures.stream(media_sources.find(["photos"]), ahead=1))
    assert [type(item) for item in found] == [pictures.Picture, UserError, pictures.Picture]
    shapes = [item.pixels.shape for item in found if isinstance(item, pictures.Picture)]
    assert shapes == [(6, 9, 3), (6, 8, 3)]


def test_decoding_runs_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    """While the first picture is looked at, the next ones are decoded, and not all of them."""
    begun, enough = [], threading.Event()

    def read(path: Path) -> np.ndarray:
        begun.append(path)
        if len(begun) == 4:
            enough.set()
        return np.zeros((2, 2, 3), np.uint8)

    monkeypatch.setattr(pictures, "read_pixels", read)
    sources = [media_sources.Source(str(number), Path(str(number)), video=False) for number in range(20)]
    stream = pictures.stream(sources, ahead=3)
    first = next(stream)
    assert isinstance(first, pictures.Picture) and first.source is sources[0]
    assert enough.wait(10) and len(begun) == 4
    assert len(list(stream)) == 19


def test_a_video_is_read_as_it_was_written() -> None:
    write_clip(Path("clip.mp4"))
    sources = media_sources.find(["clip.mp4", "photos"])
    assert pictures.length(sources) == 11 and pictures.length(sources, most_frames=4) == 6
    found = [item for item in pictures.stream(sources, ahead=2) if isinstance(item, pictures.Picture)]
    assert [item.frame for item in found] == [*range(9), None, None]
    assert found[0].fps == pytest.approx(12.5)
    greys = [item.pixels.mean() for item in found[:9]]
    np.testing.assert_allclose(greys, 20 * np.arange(9), atol=4)
    assert len(list(pictures.stream(sources[:1], ahead=2, most_frames=3))) == 3


def test_sides_of_a_video_may_be_odd() -> None:
    write_clip(Path("clip.mp4"), frames=2, size=(47, 63))
    with open_video(Path("clip.mp4")) as video:
        frame = video.read()
    assert frame is not None and frame.shape[0] in (46, 47) and frame.shape[1] in (62, 63)


def test_a_video_that_is_given_up_leaves_nothing() -> None:
    writer = VideoWriter(Path("out/clip.mp4"), 10, (48, 64))
    writer.write(np.zeros((48, 64, 3), np.uint8))
    writer.close(keep=False)
    assert not list(Path("out").iterdir())


@pytest.mark.parametrize(
    ("content", "sentence"), [(b"", "empty, 0 bytes"), (b"no video" * 500, "truncated or damaged, or not a video")]
)
def test_bad_videos(content: bytes, sentence: str) -> None:
    Path("bad.mp4").write_bytes(content)
    with pytest.raises(UserError, match=sentence):
        open_video(Path("bad.mp4"))


def test_a_cut_video_is_refused() -> None:
    write_clip(Path("clip.mp4"))
    Path("cut.mp4").write_bytes(Path("clip.mp4").read_bytes()[:1000])
    with pytest.raises(UserError, match=r"cut\.mp4: this video cannot be read"):
        pictures.length(media_sources.find(["cut.mp4", "clip.mp4"]))


def test_a_camera(monkeypatch: pytest.MonkeyPatch) -> None:
    """It has no length; its frames are RGB, where OpenCV has BGR; it goes on until nothing comes."""
    frames = [np.full((4, 6, 3), (3, 2, 1), np.uint8) for _ in range(5)]
    capture = SimpleNamespace(
        isOpened=lambda: True,
        get=lambda key: 0.0,
        read=lambda: (True, frames.pop()) if frames else (False, None),
        release=lambda: None,
    )
    monkeypatch.setattr(cv2, "VideoCapture", lambda place: capture)
    sources = media_sources.find(["webcam"])
    assert pictures.length(sources) is None and pictures.length(sources, most_frames=7) == 7
    found = [item for item in pictures.stream(sources, ahead=4) if isinstance(item, pictures.Picture)]
    assert len(found) == 5 and found[0].fps == media_video.USUAL_FPS
    assert (found[0].pixels == (1, 2, 3)).all()


def test_no_camera() -> None:
    with pytest.raises(UserError, match="webcam 77: there is no such camera"):
        list(pictures.stream(media_sources.find(["77"]), ahead=1))


@pytest.mark.parametrize(("codec", "suffix"), [("mp4v", "mp4"), ("MJPG", "avi"), ("MJPG", "mkv")])
def test_a_damaged_video_is_read_past_its_damage_and_what_is_missing_is_told(codec: str, suffix: str) -> None:
    path, told = Path(f"noise.{suffix}"), []
    rng = np.random.default_rng(0)
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*codec), 25, (96, 64))
    for _ in range(60):
        writer.write(rng.integers(0, 255, (64, 96, 3), dtype=np.uint8))
    writer.release()
    assert len(list(pictures.stream(media_sources.find([str(path)]), 4, None, told.append))) == 60 and not told
    content = bytearray(path.read_bytes())
    place = content.find(b"mdat") if suffix == "mp4" else 0
    middle = place + (len(content) - place) // 2
    content[middle : middle + 24000] = b"\xff" * 24000
    path.write_bytes(content)
    found = list(pictures.stream(media_sources.find([str(path)]), 4, None, told.append))
    assert 40 < len(found) < 60
    assert len(told) == 1 and f"{60 - len(found)} of its 60 frames" in told[0]
    assert not list(pictures.stream(media_sources.find([str(path)]), 4, 5, told.append))[5:] and len(told) == 1


def test_huge_pictures_wait_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Eight photos of 13,300 pixels a side took 5 GB, decoded ahead."""
    sources = [media_sources.Source(str(number), Path(str(number)), video=False) for number in range(20)]
    begun: list[Path] = []

    def read(path: Path) -> np.ndarray:
        begun.append(path)
        return np.zeros((2, 2, 3), np.uint8)

    monkeypatch.setattr(pictures, "read_pixels", read)
    monkeypatch.setattr(pictures, "image_size", lambda path: (1000, 1000))
    monkeypatch.setattr(pictures, "MOST_BYTES", 7_000_000)
    stream = pictures.stream(sources, ahead=8)
    next(stream)
    assert len(begun) <= 2
    monkeypatch.setattr(pictures, "MOST_BYTES", 1_000_000)
    stream = pictures.stream(sources, ahead=8)
    begun.clear()
    next(stream)
    assert len(begun) == 1
    assert len(list(stream)) == 19
