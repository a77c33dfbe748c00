"""Turns the canvas into a photograph: texture, shadows, haze, lamplight, lens and sensor."""

import functools
from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageFilter

from mnv3.tools.streets.classes import LABEL_IDS
from mnv3.tools.streets.scene.canvas import SUPERSAMPLING, Canvas
from mnv3.tools.streets.scene.mood import Mood

TILE = 512  # side in pixels of the noise tile for surfaces

# Roughness of surfaces: relative brightness deviation by label name; others 0.025.
ROUGHNESS = {
    "road": 0.055, "parking": 0.055, "rail track": 0.06, "sidewalk": 0.045, "terrain": 0.13, "vegetation": 0.16,
    "building": 0.04, "wall": 0.09, "fence": 0.08, "sky": 0.0,
}  # fmt: skip
GROUND = ("road", "sidewalk", "terrain", "parking", "rail track")


@functools.cache
def _noise(cells: tuple[int, ...]) -> np.ndarray:
    """Return a tile of smooth noise, deviation about 1, the same in every scene: octaves of cell sizes in pixels."""
    rng = np.random.default_rng(0)
    total = np.zeros((TILE, TILE), np.float32)
    for cell in cells:
        count = TILE // cell
        grid = Image.fromarray(np.pad(rng.standard_normal((count, count)).astype(np.float32), 1, mode="wrap"))
        total += np.asarray(grid.resize((TILE, TILE), Image.Resampling.BILINEAR, box=(1, 1, count + 1, count + 1)))
    return total / total.std()


@functools.lru_cache(maxsize=8)
def _field(cells: tuple[int, ...], height: int, width: int) -> np.ndarray:
    """Return the noise tile, repeated so that a window of (height, width) may start anywhere in the first tile."""
    tile = _noise(cells) if cells else np.random.default_rng(1).standard_normal((TILE, TILE)).astype(np.float32)
    return np.pad(tile, ((0, height), (0, width)), mode="wrap")


def _window(cells: tuple[int, ...], height: int, width: int, rng: np.random.Generator) -> np.ndarray:
    """Return noise [height, width] from a random place of the tile; grain without octaves if `cells` is empty."""
    top, left = rng.integers(TILE, size=2)
    return _field(cells, height, width)[top : top + height, left : left + width]


def _planes(colour: Sequence[float]) -> np.ndarray:
    """Return a colour as [3, 1, 1]."""
    return np.array(colour[:3], np.float32)[:, None, None]


def _table(values: list[float]) -> np.ndarray:
    table = np.zeros(256, np.float32)
    table[: len(values)] = values
    return table


def develop(
    canvas: Canvas, shadows: Image.Image, mood: Mood, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Return the picture [H, W, 3] uint8 and the map of segments [H, W] uint8, at image size.
    `shadows` is the ground's shadow mask at image size."""
    small = np.asarray(canvas.image.reduce(SUPERSAMPLING)).transpose(2, 0, 1)
    keys = np.asarray(canvas.map)[SUPERSAMPLING - 1 :: SUPERSAMPLING, SUPERSAMPLING - 1 :: SUPERSAMPLING].copy()
    height, width = keys.shape
    picture = small[:3].astype(np.float32, order="C")  # [3, H, W]: planes, because most of the rest is [H, W]
    shine = 1.0 - small[3].astype(np.float32) / 255.0
    names = {value: name for name, value in LABEL_IDS.items()}
    labels = [names[segment.label] for segment in canvas.segments]

    texture = _window((2, 4, 8, 16), height, width, rng)
    factor = 1 + _table([ROUGHNESS.get(name, 0.025) for name in labels])[keys] * texture
    ground = _table([float(name in GROUND) for name in labels])[keys]
    factor *= 1 - mood.shadow * ground * (np.asarray(shadows, np.float32) / 255.0)
    sky = _table([float(name == "sky") for name in labels])[keys]
    clouds = np.clip(_window((32, 64, 128), height, width, rng) - 0.2, 0, 2) * (0.05 if mood.name == "night" else 0.11)
    picture *= factor
    picture += sky * clouds * (_planes(mood.haze) * 1.05 + 20 - picture)

    ambient = _planes(mood.ambient)
    if mood.lamps_on:
        light = ambient + _lamplight(canvas, height, width)
        picture *= light * (1 - shine) + shine * 0.98
    else:
        picture *= ambient
    haze = _haze_part(canvas, keys, ground, mood) * (1 - 0.6 * shine)
    picture += haze * (_planes(mood.haze) - picture)
    if mood.lamps_on:
        picture += _bloom(shine * picture)
    return _expose(picture, rng), keys


def _haze_part(canvas: Canvas, keys: np.ndarray, ground: np.ndarray, mood: Mood) -> np.ndarray:
    """Return the share of haze in each pixel, from its depth."""
    depths = [0.0 if np.isinf(segment.depth) else segment.depth for segment in canvas.segments]
    depth = _table(depths)[keys]
    camera = canvas.camera
    rows = np.arange(keys.shape[0], dtype=np.float32) * SUPERSAMPLING
    row_depth = camera.focal * camera.height / np.maximum(rows - camera.horizon, 1.0)
    depth = depth + ground * row_depth[:, None]
    return 1 - np.exp(-np.minimum(depth, 400.0) / mood.visibility)


def _lamplight(canvas: Canvas, height: int, width: int) -> np.ndarray:
    """Return the light of street lamps and the camera car's headlights, [3, H, W], computed at 1/8 of the size."""
    step = 8
    rows, columns = np.mgrid[0:height:step, 0:width:step].astype(np.float32)
    across = (columns - canvas.camera.centre / SUPERSAMPLING) / (0.36 * width)
    down = (rows - 0.78 * height) / (0.26 * height)
    total = np.exp(-(across**2) - down**2) * _planes((0.4, 0.38, 0.32))
    for (x, y), reach, colour in canvas.glows:
        reach = max(reach / SUPERSAMPLING, 3.0)
        distance = ((columns - x / SUPERSAMPLING) ** 2 + ((rows - y / SUPERSAMPLING) * 1.4) ** 2) / reach**2
        total += np.exp(-distance) * (_planes(colour) / 255.0 * 0.7)
    planes = [Image.fromarray(plane).resize((width, height), Image.Resampling.BILINEAR) for plane in total]
    return np.stack([np.asarray(plane) for plane in planes])


def _image(picture: np.ndarray) -> Image.Image:
    """Return planes [3, H, W] as a Pillow image."""
    planes = np.clip(picture, 0, 255).astype(np.uint8)
    return Image.merge("RGB", [Image.fromarray(plane) for plane in planes])


def _bloom(source: np.ndarray) -> np.ndarray:
    """Return the halo round shining things, [3, H, W]."""
    image = _image(source)
    small = image.resize((max(1, image.width // 4), max(1, image.height // 4)), Image.Resampling.BOX)
    wide = small.filter(ImageFilter.GaussianBlur(4)).resize(image.size, Image.Resampling.BILINEAR)
    return np.asarray(wide).transpose(2, 0, 1).astype(np.float32, order="C") * 0.5


def _expose(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Apply exposure, contrast, colour cast, vignette, blur, sensor noise: [3, H, W] to [H, W, 3] uint8."""
    height, width = picture.shape[1:]
    cast = _planes(rng.normal(1.0, 0.025, 3).tolist()) * np.float32(rng.uniform(0.88, 1.12))
    rows = np.linspace(-1, 1, height, dtype=np.float32)[:, None] ** 2
    columns = np.linspace(-1, 1, width, dtype=np.float32)[None, :] ** 2
    rim = 1 - np.float32(rng.uniform(0.0, 0.2)) * 0.5 * (rows + columns)
    picture -= 118
    picture *= np.float32(rng.uniform(0.9, 1.12))
    picture += 118
    picture *= rim
    picture *= cast
    blur = float(rng.choice([0.0, 0.0, 0.0, 0.4, 0.7]))
    if blur:
        blurred = _image(picture).filter(ImageFilter.GaussianBlur(blur))
        picture = np.asarray(blurred).transpose(2, 0, 1).astype(np.float32, order="C")
    grain = _window((), height, width, rng) * np.float32(rng.uniform(1.0, 5.0))
    picture += grain + np.float32(0.5)
    return np.asarray(_image(picture))
