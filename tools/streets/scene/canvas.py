"""A drawing surface for a scene's colours and, in the same strokes, for the map of segments."""

import math
from collections.abc import Sequence

from PIL import Image, ImageDraw

from mnv3.tools.streets.classes import FIRST_INSTANCE_LABEL, LABEL_IDS
from mnv3.tools.streets.scene.camera import Camera, Point

SUPERSAMPLING = 2  # canvas pixels per image pixel and axis, which smooths Pillow's hard edges
MAX_SEGMENTS = 255  # the map has one byte per pixel

Colour = tuple[int, ...]  # red, green, blue in 0..255; a fourth value of 0 marks a thing that emits light


class Segment:
    """The meaning of one value of the map."""

    def __init__(self, name: str, depth: float, category: str | None, crowd: bool) -> None:
        self.label = LABEL_IDS[name]
        self.depth = depth  # metres; infinite for the sky, 0 for the ground, whose depth depends on the row
        self.category = category  # name of a COCO category
        self.crowd = crowd
        self.area = 0  # canvas pixels before anything nearer was painted over it
        self.box = [math.inf, math.inf, -math.inf, -math.inf]

    @property
    def countable(self) -> bool:
        return self.label >= FIRST_INSTANCE_LABEL or self.category is not None


class Canvas:
    """Painter's algorithm: `begin` a segment, draw it, `begin` the next one in front of it."""

    def __init__(self, camera: Camera, width: int, height: int) -> None:
        self.camera, self.width, self.height = camera, width, height
        self.image = Image.new("RGBX", (width, height))
        self.map = Image.new("L", (width, height))
        self._paint, self._mark = ImageDraw.Draw(self.image), ImageDraw.Draw(self.map)
        self.segments = [Segment("unlabeled", math.inf, None, False)]
        self.glows: list[tuple[Point, float, Colour]] = []  # lamps by night: where, reach in canvas pixels, colour
        self._key = 0

    def begin(self, name: str, depth: float, category: str | None = None, crowd: bool = False) -> None:
        self.finish()
        if len(self.segments) < MAX_SEGMENTS:  # beyond the map's capacity, the rest joins the last segment
            self.segments.append(Segment(name, depth, category, crowd))
        self._key = len(self.segments) - 1

    def resume(self, key: int) -> None:
        """Continue a segment that was begun earlier."""
        self.finish()
        self._key = key

    def finish(self) -> None:
        """Count the pixels of the segment just drawn, before anything hides it."""
        segment = self.segments[self._key]
        if not segment.countable or segment.box[0] > segment.box[2]:
            return
        left, top = max(0, math.floor(segment.box[0])), max(0, math.floor(segment.box[1]))
        right, bottom = min(self.width, math.ceil(segment.box[2]) + 1), min(self.height, math.ceil(segment.box[3]) + 1)
        if left < right and top < bottom:
            segment.area = self.map.crop((left, top, right, bottom)).histogram()[self._key]

    def _extend(self, left: float, top: float, right: float, bottom: float) -> None:
        box = self.segments[self._key].box
        if left < box[0]:
            box[0] = left
        if top < box[1]:
            box[1] = top
        if right > box[2]:
            box[2] = right
        if bottom > box[3]:
            box[3] = bottom

    def mask(self, points: Sequence[Point]) -> None:
        """Mark an area as the segment's without painting it (such as between spokes)."""
        self._mark.polygon(points, self._key)
        if self.segments[self._key].countable:
            columns, rows = zip(*points, strict=True)
            self._extend(min(columns), min(rows), max(columns), max(rows))

    def polygon(self, points: Sequence[Point], colour: Colour) -> None:
        self._paint.polygon(points, colour)
        self.mask(points)

    def detail(self, points: Sequence[Point], colour: Colour) -> None:
        """Draw a polygon inside the segment's area."""
        self._paint.polygon(points, colour)

    def ellipse(self, centre: Point, rx: float, ry: float, colour: Colour, mark: bool = True) -> None:
        x, y = centre
        box = (x - rx, y - ry, x + rx, y + ry)
        self._paint.ellipse(box, colour)
        if mark:
            self._mark.ellipse(box, self._key)
            self._extend(*box)

    def stroke(self, points: Sequence[Point], width: float, colour: Colour, mark: bool = True) -> None:
        """Draw a polyline of a thickness in canvas pixels."""
        thickness = max(1, round(width))
        self._paint.line(points, colour, thickness)
        if mark:
            self._mark.line(points, self._key, thickness)
            columns, rows = zip(*points, strict=True)
            half = width / 2
            self._extend(min(columns) - half, min(rows) - half, max(columns) + half, max(rows) + half)

    def capsule(self, a: Point, b: Point, ra: float, rb: float, colour: Colour) -> None:
        """Draw a limb: two discs and the area between them."""
        dx, dy = b[0] - a[0], b[1] - a[1]
        length = math.hypot(dx, dy)
        if length > 0.5:
            nx, ny = -dy / length, dx / length
            self.polygon(
                [
                    (a[0] + nx * ra, a[1] + ny * ra),
                    (b[0] + nx * rb, b[1] + ny * rb),
                    (b[0] - nx * rb, b[1] - ny * rb),
                    (a[0] - nx * ra, a[1] - ny * ra),
                ],
                colour,
            )
        self.ellipse(a, ra, ra, colour)
        self.ellipse(b, rb, rb, colour)


def shade(colour: Colour, factor: float) -> Colour:
    """Make a colour lighter or darker; a shining one keeps shining."""
    return tuple(min(255, max(0, round(value * factor))) for value in colour[:3]) + colour[3:]


def mix(a: Colour, b: Colour, part: float) -> Colour:
    """Blend `part` of b into a."""
    return tuple(round(p + (q - p) * part) for p, q in zip(a[:3], b[:3], strict=True))


def shining(colour: Colour) -> Colour:
    return (*colour[:3], 0)
