"""Videos and cameras through OpenCV, which is imported on first use."""

import contextlib
import os
import shutil
from contextlib import ExitStack
from pathlib import Path
from types import ModuleType, TracebackType
from typing import Any

import numpy as np

from mnv3.tools.errors import UserError
from mnv3.tools.files.temporaries import beside
from mnv3.tools.files.write import make_folder, named_errors

SUFFIXES = (".mp4", ".avi", ".mov", ".mkv", ".webm", ".m4v", ".mpg", ".mpeg", ".wmv", ".flv")
COUNTED = (".mp4", ".mov", ".m4v", ".avi")
"""Files that state their number of frames; for others FFmpeg estimates it from their length."""
MOST_FAILURES = 10_000
"""Attempts in a row to read past damage: a damaged header may promise endless frames."""
CODEC = "mp4v"
"""MPEG-4 part 2, which OpenCV's own packages can write everywhere; most players support it, browsers do not."""

SILENT = "-8"
"""Log level of OpenCV's FFmpeg: mnv3 reports unreadable files itself, once."""

USUAL_FPS = 25.0
"""For sources that do not state their rate, such as many cameras."""


class Video:
    """Frames of a file or camera in order. `fps`: frames per second; `frames`: number that the file states, None if
    it states none or is endless."""

    def __init__(self, place: Path | int | str, capture: Any, cv2: ModuleType) -> None:
        self.place, self._capture, self._cv2 = place, capture, cv2
        rate, count = capture.get(cv2.CAP_PROP_FPS), capture.get(cv2.CAP_PROP_FRAME_COUNT)
        self.fps = rate if 0 < rate <= 1000 else USUAL_FPS
        self.frames = int(count) if isinstance(place, Path) and count > 0 else None
        self.read_frames = self._failed = 0
        self._first = self._next()
        self.frame_bytes = 0 if self._first is None else self._first.nbytes

    def read(self) -> np.ndarray | None:
        """Return the next decodable frame, [H, W, 3] uint8 RGB; None after the last one."""
        frame, self._first = self._first, None
        frame = self._next() if frame is None else frame
        self.read_frames += frame is not None
        return frame

    def missing(self, most: int | None = None) -> str | None:
        """Return a sentence if fewer frames (of `most` at most) were read than the file states; call it at the end."""
        wanted = min(self.frames or 0, most or self.frames or 0)
        exact = isinstance(self.place, Path) and self.place.suffix.lower() in COUNTED
        slack = 0 if exact else max(2, wanted // 50)
        if self.read_frames + slack >= wanted:
            return None
        return (
            f"{self.place}: {wanted - self.read_frames} of its {wanted} frames cannot be read: it is damaged or cut "
            f"off. The other {self.read_frames} are numbered in their order."
        )

    @property
    def empty(self) -> bool:
        """Return whether not even the first frame can be read."""
        return self._first is None

    def _next(self) -> np.ndarray | None:
        """Read the next frame, skipping damage as long as the file promises more."""
        for _ in range(MOST_FAILURES):
            there, frame = self._capture.read()
            if there:
                return self._cv2.cvtColor(frame, self._cv2.COLOR_BGR2RGB)
            self._failed += 1
            if self.frames is None or self.read_frames + self._failed >= self.frames:
                break
        return None

    def __enter__(self) -> "Video":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._capture.release()


class VideoWriter:
    """An .mp4 of frames of one size, written whole or not at all: `path` appears on `close`."""

    def __init__(self, path: Path, fps: float, size: tuple[int, int]) -> None:
        cv2 = _cv2()
        make_folder(path.parent)
        self.path, self.size, self._cv2 = path, size, cv2
        self._place = ExitStack()
        self._temporary = self._place.enter_context(beside(path))
        self._written = 0
        with _quiet(cv2):
            self._writer = cv2.VideoWriter(str(self._temporary), cv2.VideoWriter.fourcc(*CODEC), fps, size[::-1])
        if not self._writer.isOpened():
            self._place.close()
            raise UserError(f"{path}: OpenCV cannot write a video there; check that the folder is writable.")

    def write(self, frame: np.ndarray) -> None:
        """Append a frame, [H, W, 3] uint8 RGB."""
        if frame.shape[:2] != self.size:  # OpenCV would silently drop it
            frame = self._cv2.resize(frame, self.size[::-1], interpolation=self._cv2.INTER_AREA)
        with _quiet(self._cv2):
            self._writer.write(self._cv2.cvtColor(frame, self._cv2.COLOR_RGB2BGR))
        self._written += 1

    def close(self, keep: bool = True) -> None:
        """Finish the file, or remove it. Raises UserError if it is incomplete, which OpenCV does not report."""
        with _quiet(self._cv2):
            self._writer.release()
        with self._place:
            if not keep:
                return
            if self._readable() < self._written:
                free = shutil.disk_usage(self.path.parent).free / 1e6
                raise UserError(
                    f"{self.path} cannot be written: OpenCV left the video unfinished, with {free:.0f} MB free on the "
                    "disk; free some space, or write to another."
                )
            with named_errors(self.path):
                os.replace(self._temporary, self.path)

    def _readable(self) -> int:
        """Return the number of frames that the written file states."""
        with _quiet(self._cv2):
            capture = self._cv2.VideoCapture(str(self._temporary))
        count = int(capture.get(self._cv2.CAP_PROP_FRAME_COUNT)) if capture.isOpened() else 0
        capture.release()
        return count


def open_video(place: Path | int | str) -> Video:
    """Open a video file, or the camera of a number or address. Raises UserError: OpenCV is missing, no such camera, not
    a video, or one without a readable frame."""
    cv2 = _cv2()
    if isinstance(place, Path) and place.stat().st_size == 0:
        raise UserError(f"{place}: this video is empty, 0 bytes.")
    with _quiet(cv2):
        capture = cv2.VideoCapture(place if isinstance(place, int) else str(place))
        video = Video(place, capture, cv2) if capture.isOpened() else None
    if video is not None and not video.empty:
        return video
    capture.release()
    if isinstance(place, int):
        raise UserError(f"webcam {place}: there is no such camera, or another program is using it.")
    if isinstance(place, str):
        raise UserError(f"{place}: no pictures come from that address.")
    what = "it is truncated or damaged, or not a video" if video is None else "it has no frame that can be decoded"
    raise UserError(f"{place}: this video cannot be read; {what}.")


def frame_count(place: Path | int | str) -> int | None:
    """Return the number of frames that a video file states, None for a camera. Raises UserError as `open_video`."""
    if not isinstance(place, Path):
        return None
    with open_video(place) as video:
        return video.frames


def _cv2() -> ModuleType:
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", SILENT)
    try:
        import cv2
    except ImportError:
        raise UserError("Videos and webcams need OpenCV, which is not installed: pip install 'mnv3[video]'") from None
    return cv2


@contextlib.contextmanager
def _quiet(cv2: ModuleType) -> Any:
    """Suppress OpenCV's messages on what it could not open or write: the caller reports it."""
    level = cv2.utils.logging.getLogLevel()
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    try:
        yield
    finally:
        cv2.utils.logging.setLogLevel(level)
