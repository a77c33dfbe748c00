"""People as jointed figures, on foot or on two wheels."""

import math
import random
from typing import NamedTuple

from mnv3.tools.streets.scene import palette
from mnv3.tools.streets.scene.camera import Frame
from mnv3.tools.streets.scene.canvas import Canvas, Colour, shade
from mnv3.tools.streets.scene.palette import pick

Joint = tuple[float, float, float]  # metres ahead, up, right in the person's frame


class Looks(NamedTuple):
    skin: Colour
    hair: Colour
    top: Colour
    bottom: Colour
    shoes: Colour
    helmet: Colour | None
    long_hair: bool
    bag: Colour | None
    skirt: float  # how far a skirt or coat reaches down from the hip to the knee; 0 for trousers
    bare_arms: bool
    build: float  # 1 is average


def draw_looks(rng: random.Random, helmet: bool = False) -> Looks:
    return Looks(
        skin=pick(rng, palette.SKIN, 0.05),
        hair=pick(rng, palette.HAIR),
        top=pick(rng, palette.CLOTHES),
        bottom=pick(rng, palette.TROUSERS),
        shoes=rng.choice([(30, 28, 30), (96, 66, 44), (220, 218, 212)]),
        helmet=pick(rng, palette.CLOTHES) if helmet else None,
        long_hair=rng.random() < 0.4,
        bag=pick(rng, palette.CLOTHES) if rng.random() < 0.35 else None,
        skirt=rng.uniform(0.4, 1.0) if rng.random() < 0.3 else 0.0,
        bare_arms=rng.random() < 0.3,
        build=rng.uniform(0.88, 1.2),
    )


class Pose(NamedTuple):
    """Joints; pairs are (left, right)."""

    head: Joint
    neck: Joint
    shoulders: tuple[Joint, Joint]
    elbows: tuple[Joint, Joint]
    hands: tuple[Joint, Joint]
    hips: tuple[Joint, Joint]
    knees: tuple[Joint, Joint]
    feet: tuple[Joint, Joint]
    size: float  # the person's height in metres


def walking(rng: random.Random) -> Pose:
    """Return the pose of a pedestrian: standing, strolling or striding, adult or child."""
    size = rng.uniform(1.55, 1.9) if rng.random() < 0.88 else rng.uniform(1.05, 1.4)
    swing = rng.choice([0.0, 0.12, 0.25, 0.38, 0.5]) * rng.choice([-1, 1])
    bend = abs(swing) * 0.5
    lean = abs(swing) * 0.08

    def leg(angle: float, v: float) -> tuple[Joint, Joint]:
        knee = (math.sin(angle + bend * 0.4) * 0.25, 0.52 - math.cos(angle + bend * 0.4) * 0.25, v)
        back = angle - bend
        return knee, (knee[0] + math.sin(back) * 0.25, max(0.03, knee[1] - math.cos(back) * 0.25), v)

    def arm(angle: float, v: float) -> tuple[Joint, Joint]:
        out = v * (1.15 + rng.random() * 0.25)
        elbow = (lean + math.sin(angle) * 0.17, 0.82 - math.cos(angle) * 0.17, out)
        fore = angle + rng.choice([0.15, 0.3, 0.9])
        return elbow, (elbow[0] + math.sin(fore) * 0.15, elbow[1] - math.cos(fore) * 0.15, out)

    (lk, lf), (rk, rf) = leg(swing, -0.06), leg(-swing, 0.06)
    (le, lh), (re, rh) = arm(-swing * 0.8, -0.125), arm(swing * 0.8, 0.125)
    if rng.random() < 0.12:  # one hand up: phone or greeting
        re, rh = (0.06, 0.72, 0.17), (0.1, 0.9, 0.09)

    def scaled(u: float, h: float, v: float) -> Joint:
        return u * size, h * size, v * size

    return Pose(
        head=scaled(lean, 0.93, 0),
        neck=scaled(lean, 0.85, 0),
        shoulders=(scaled(lean, 0.815, -0.115), scaled(lean, 0.815, 0.115)),
        elbows=(scaled(*le), scaled(*re)),
        hands=(scaled(*lh), scaled(*rh)),
        hips=(scaled(0, 0.52, -0.06), scaled(0, 0.52, 0.06)),
        knees=(scaled(*lk), scaled(*rk)),
        feet=(scaled(*lf), scaled(*rf)),
        size=size,
    )


def draw_figure(canvas: Canvas, frame: Frame, pose: Pose, looks: Looks) -> None:
    """Draw a pose, far parts first."""
    at, metre = frame.point, frame.pixels() * pose.size / 1.75
    thick = metre * looks.build
    far = 0 if frame.near_side > 0 else 1
    for side in (far, 1 - far):
        tone = 0.8 if side == far else 1.0
        hip, knee, foot = (at(*joints[side]) for joints in (pose.hips, pose.knees, pose.feet))
        canvas.capsule(hip, knee, 0.095 * thick, 0.07 * thick, shade(looks.bottom, tone))
        canvas.capsule(knee, foot, 0.068 * thick, 0.05 * thick, shade(looks.bottom, tone))
        u, h, v = pose.feet[side]
        toe = at(u + 0.13, max(0.02, h - 0.02), v)
        canvas.capsule(foot, toe, 0.05 * metre, 0.04 * metre, looks.shoes)
        if side == far:
            _arm(canvas, frame, pose, looks, side, thick, 0.75)
            _torso(canvas, frame, pose, looks, thick)
    _head(canvas, frame, pose, looks, metre)
    _arm(canvas, frame, pose, looks, 1 - far, thick, 1.06)


def _torso(canvas: Canvas, frame: Frame, pose: Pose, looks: Looks, thick: float) -> None:
    at = frame.point
    behind = frame.eye[0] < 0
    if looks.bag and not behind:
        canvas.ellipse(at(pose.neck[0] - 0.2, pose.neck[1] - 0.3), 0.15 * thick, 0.22 * thick, looks.bag)
    shoulders, hips = [at(*joint) for joint in pose.shoulders], [at(*joint) for joint in pose.hips]
    for shoulder, hip in zip(shoulders, hips, strict=True):
        canvas.capsule(shoulder, hip, 0.085 * thick, 0.095 * thick, looks.top)
    canvas.polygon([shoulders[0], shoulders[1], hips[1], hips[0]], looks.top)
    if looks.skirt:
        hem = [
            at(h[0] + (k[0] - h[0]) * looks.skirt, h[1] + (k[1] - h[1]) * looks.skirt, k[2] * 1.6)
            for h, k in zip(pose.hips, pose.knees, strict=True)
        ]
        for hip, end in zip(hips, hem, strict=True):
            canvas.capsule(hip, end, 0.1 * thick, 0.11 * thick, shade(looks.top, 0.9))
        canvas.polygon([hips[0], hips[1], hem[1], hem[0]], shade(looks.top, 0.9))
    canvas.capsule(at(*pose.neck), at(*pose.head), 0.05 * thick, 0.05 * thick, looks.skin)
    if looks.bag and behind:
        canvas.ellipse(at(pose.neck[0] - 0.2, pose.neck[1] - 0.3), 0.16 * thick, 0.23 * thick, looks.bag)


def _arm(canvas: Canvas, frame: Frame, pose: Pose, looks: Looks, side: int, thick: float, tone: float) -> None:
    shoulder, elbow, hand = (frame.point(*joints[side]) for joints in (pose.shoulders, pose.elbows, pose.hands))
    sleeve = shade(looks.top, tone)
    canvas.capsule(shoulder, elbow, 0.06 * thick, 0.048 * thick, sleeve)
    canvas.capsule(elbow, hand, 0.045 * thick, 0.036 * thick, looks.skin if looks.bare_arms else sleeve)
    canvas.ellipse(hand, 0.042 * thick, 0.042 * thick, looks.skin)


def _head(canvas: Canvas, frame: Frame, pose: Pose, looks: Looks, metre: float) -> None:
    x, y = frame.point(*pose.head)
    turn = frame.eye[0] / max(1e-6, math.hypot(frame.eye[0], frame.eye[2]))  # 1 faces the camera, -1 looks away
    aside = frame.near_side * math.sqrt(max(0.0, 1 - turn * turn)) * 0.035 * metre
    if looks.long_hair and not looks.helmet:
        canvas.ellipse((x, y + 0.05 * metre), 0.105 * metre, 0.16 * metre, looks.hair)
    canvas.ellipse((x, y), 0.085 * metre, 0.115 * metre, looks.skin)
    cap = looks.helmet or looks.hair
    if turn < -0.2:
        canvas.ellipse((x, y - 0.01 * metre), 0.09 * metre, 0.118 * metre, cap)
    else:
        canvas.ellipse((x + aside * -0.6, y - 0.05 * metre), 0.093 * metre, 0.075 * metre, cap)


def draw_person(canvas: Canvas, frame: Frame, rng: random.Random) -> None:
    draw_figure(canvas, frame, walking(rng), draw_looks(rng))
