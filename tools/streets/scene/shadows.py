"""Shadows that things cast on the ground."""

import math

from PIL import Image, ImageDraw, ImageFilter

from mnv3.tools.streets.scene.camera import Camera, Frame
from mnv3.tools.streets.scene.canvas import SUPERSAMPLING
from mnv3.tools.streets.scene.layout import KINDS, Actor
from mnv3.tools.streets.scene.solids import Light

# Height of an actor for its shadow (metres), and its width if not that of its footprint.
HEIGHTS = {
    "car": 1.4,
    "bus": 3.0,
    "truck": 3.0,
    "tram": 3.2,
    "person": 1.7,
    "crowd": 1.7,
    "cyclist": 1.7,
    "motorcyclist": 1.6,
}
THIN = {"lamp": 0.1, "sign": 0.1, "stop sign": 0.1, "traffic light": 0.12, "person": 0.22}


def cast_shadows(view: Camera, actors: list[Actor], light: Light, size: tuple[int, int]) -> Image.Image:
    """Return the mask (255 in shadow) of the actors' shadows on the ground; size is the image's (height, width)."""
    mask = Image.new("L", (size[1], size[0]))
    draw = ImageDraw.Draw(mask)
    camera = view._replace(
        focal=view.focal / SUPERSAMPLING, centre=view.centre / SUPERSAMPLING, horizon=view.horizon / SUPERSAMPLING
    )
    x, y, z = light.direction
    dx, dz = -x / y, -z / y
    for actor in actors:
        kind, height = KINDS[actor.kind], HEIGHTS.get(actor.kind, 2.5)
        thin = THIN.get(actor.kind)
        frame = Frame(camera, actor.x, actor.z, actor.heading)
        u, v = (thin, thin) if thin else (kind.half_length, kind.half_width)
        feet = [
            (actor.x + a * frame.sin + b * frame.cos, actor.z + a * frame.cos - b * frame.sin)
            for a, b in ((-u, -v), (u, -v), (u, v), (-u, v))
        ]
        cast = [(px + dx * height, pz + dz * height) for px, pz in feet]
        draw.polygon([camera.point(px, 0, pz) for px, pz in _hull(feet + cast)], 255)
        if actor.kind in ("tree", "bush"):
            ring = [(actor.x + dx * 4 + 2 * math.cos(k / 2), actor.z + dz * 4 + 2 * math.sin(k / 2)) for k in range(13)]
            draw.polygon([camera.point(px, 0, pz) for px, pz in ring], 255)
    return mask.filter(ImageFilter.BoxBlur(1))


def _hull(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return the convex hull (monotone chain)."""

    def chain(ordered: list[tuple[float, float]]) -> list[tuple[float, float]]:
        kept: list[tuple[float, float]] = []
        for p in ordered:
            while len(kept) > 1 and (kept[-1][0] - kept[-2][0]) * (p[1] - kept[-2][1]) <= (
                kept[-1][1] - kept[-2][1]
            ) * (p[0] - kept[-2][0]):
                kept.pop()
            kept.append(p)
        return kept[:-1]

    ordered = sorted(points)
    return chain(ordered) + chain(ordered[::-1])
