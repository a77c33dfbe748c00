"""Parts that cars, buses, trucks and trams share: wheels, ends with lamps, the underside."""

from mnv3.tools.streets.scene.camera import Frame
from mnv3.tools.streets.scene.canvas import Canvas, Colour
from mnv3.tools.streets.scene.palette import DARK, TYRE
from mnv3.tools.streets.scene.solids import disc

HEADLAMP, TAILLAMP = (255, 246, 214), (206, 28, 30)


def draw_wheels(
    canvas: Canvas, frame: Frame, places: list[float], radius: float, half_width: float, near: bool
) -> None:
    """Draw one side's wheels; the far side's are only visible under the body."""
    v = frame.near_side * half_width * (1 if near else -1)
    for u in places:
        canvas.polygon(disc(frame, u, radius, v, radius), TYRE)
        if near:
            canvas.detail(disc(frame, u, radius, v, radius * 0.62, 10), (150, 153, 158))
            canvas.detail(disc(frame, u, radius, v, radius * 0.22, 6), DARK)


def draw_end(canvas: Canvas, frame: Frame, u: float, patches: list[tuple[float, float, float, float, Colour]]) -> None:
    """Paint (v0, v1, h0, h1, colour) on the front or rear face at u, mirrored on its other half, if it is visible."""
    if (frame.eye[0] - u) * u <= 0:
        return
    for v0, v1, h0, h1, colour in patches:
        for side in (1, -1):
            corners = [(u, h0, side * v0), (u, h0, side * v1), (u, h1, side * v1), (u, h1, side * v0)]
            canvas.detail(frame.points(corners), colour)


def draw_underside(canvas: Canvas, frame: Frame, length: float, half_width: float) -> None:
    """Draw the dark strip of ground below the body."""
    u, v = length * 0.49, half_width
    canvas.detail(frame.points([(-u, 0, -v), (u, 0, -v), (u, 0, v), (-u, 0, v)]), (26, 26, 29))
