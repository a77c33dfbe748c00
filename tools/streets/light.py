"""From the canvas to a photograph: texture, shadows, haze, lamplight, lens and sensor."""

import functools

import numpy as np
from PIL import Image, ImageFilter

from tools.streets.canvas import SUPERSAMPLING, Canvas
from tools.streets.classes import LABEL_IDS
from tools.streets.mood import Mood

TILE = 512  # pixels a side of the noise that is laid over surfaces

# How rough a surface looks: relative brightness deviation by label name; others 0.025.
ROUGHNESS = {
    "road": 0.055, "parking": 0.055, "rail track": 0.06, "sidewalk": 0.045, "terrain": 0.13, "vegetation": 0.16,
    "building": 0.04, "wall": 0.09, "fence": 0.08, "sky": 0.0,
}  # fmt: skip
GROUND = ("road", "sidewalk", "terrain", "parking", "rail track")


@functools.cache
def _noise(cells: tuple[int, ...]) -> np.ndarray:
    """A tile of smooth noise, deviation about 1, the same in every scene: octaves of the given cell sizes in pixels."""
    rng = np.random.default_rng(0)
    total = np.zeros((TILE, TILE), np.float32)
    for cell in cells:
        count = TILE // cell
        grid = Image.fromarray(np.pad(rng.standard_normal((count, count)).astype(np.float32), 1, mode="wrap"))
        total += np.asarray(grid.resize((TILE, TILE), Image.Resampling.BILINEAR, box=(1, 1, count + 1, count + 1)))
    return total / total.std()


@functools.lru_cache(maxsize=8)
def _field(cells: tuple[int, ...], height: int, width: int) -> np.ndarray:
    """The noise tile repeated so far that a window of (height, width) may start anywhere in the first tile."""
    tile = _noise(cells) if cells else np.random.default_rng(1).standard_normal((TILE, TILE)).astype(np.float32)
    return np.pad(tile, ((0, height), (0, width)), mode="wrap")


def _window(cells: tuple[int, ...], height: int, width: int, rng: np.random.Generator) -> np.ndarray:
    """Noise [height, width] from a random place of the tile; grain without octaves where `cells` is empty."""
    top, left = rng.integers(TILE, size=2)
    return _field(cells, height, width)[top : top + height, left : left + width]


def _table(canvas: Canvas, values: list[float]) -> np.ndarray:
    table = np.zeros(256, np.float32)
    table[: len(values)] = values
    return table


def develop(
    canvas: Canvas, shadows: Image.Image, mood: Mood, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """The picture [H, W, 3] uint8 and the map of segments [H, W] uint8, at image size.

    `shadows` is the ground's shadow mask at image size.
    """
    small = np.asarray(canvas.image.reduce(SUPERSAMPLING))
    keys = np.asarray(canvas.map)[SUPERSAMPLING - 1 :: SUPERSAMPLING, SUPERSAMPLING - 1 :: SUPERSAMPLING].copy()
    height, width = keys.shape
    picture = small[..., :3].astype(np.float32)
    shine = 1.0 - small[..., 3:].astype(np.float32) / 255.0
    names = {value: name for name, value in LABEL_IDS.items()}
    labels = [names[segment.label] for segment in canvas.segments]

    texture = _window((2, 4, 8, 16), height, width, rng)
    factor = 1 + _table(canvas, [ROUGHNESS.get(name, 0.025) for name in labels])[keys] * texture
    ground = _table(canvas, [float(name in GROUND) for name in labels])[keys]
    factor *= 1 - mood.shadow * ground * (np.asarray(shadows, np.float32) / 255.0)
    sky = _table(canvas, [float(name == "sky") for name in labels])[keys]
    clouds = np.clip(_window((32, 64, 128), height, width, rng) - 0.2, 0, 2) * (0.05 if mood.name == "night" else 0.11)
    picture *= factor[..., None]
    picture += (sky * clouds)[..., None] * (np.float32(mood.haze) * 1.05 + 20 - picture)

    ambient = np.float32(mood.ambient)
    if mood.lamps_on:
        light = ambient + _lamplight(canvas, height, width)
        picture *= light * (1 - shine) + shine * 0.98
    else:
        picture *= ambient
    picture += _haze_part(canvas, keys, ground, mood)[..., None] * (1 - 0.6 * shine) * (np.float32(mood.haze) - picture)
    if mood.lamps_on:
        picture += _bloom(shine * picture, height, width)
    return _expose(picture, rng), keys


def _haze_part(canvas: Canvas, keys: np.ndarray, ground: np.ndarray, mood: Mood) -> np.ndarray:
    """How much of each pixel is haze, from its depth."""
    depths = [0.0 if np.isinf(segment.depth) else segment.depth for segment in canvas.segments]
    depth = _table(canvas, depths)[keys]
    camera = canvas.camera
    rows = np.arange(keys.shape[0], dtype=np.float32) * SUPERSAMPLING
    row_depth = camera.focal * camera.height / np.maximum(rows - camera.horizon, 1.0)
    depth = depth + ground * row_depth[:, None]
    return 1 - np.exp(-np.minimum(depth, 400.0) / mood.visibility)


def _lamplight(canvas: Canvas, height: int, width: int) -> np.ndarray:
    """Light that street lamps and our own headlights add, [H, W, 3]; worked out at an eighth of the size."""
    step = 8
    rows, columns = np.mgrid[0:height:step, 0:width:step].astype(np.float32)
    camera = canvas.camera
    total = np.zeros((*rows.shape, 3), np.float32)
    beam = np.exp(
        -(((columns - camera.centre / SUPERSAMPLING) / (0.36 * width)) ** 2)
        - ((rows - 0.78 * height) / (0.26 * height)) ** 2
    )
    total += beam[..., None] * np.float32((0.4, 0.38, 0.32))
    for (x, y), reach, colour in canvas.glows:
        reach = max(reach / SUPERSAMPLING, 3.0)
        distance = ((columns - x / SUPERSAMPLING) ** 2 + ((rows - y / SUPERSAMPLING) * 1.4) ** 2) / reach**2
        total += np.exp(-distance)[..., None] * (np.float32(colour) / 255.0 * 0.7)
    size = (width, height)
    channels = [Image.fromarray(total[..., k]).resize(size, Image.Resampling.BILINEAR) for k in range(3)]
    return np.stack([np.asarray(channel) for channel in channels], axis=-1)


def _bloom(source: np.ndarray, height: int, width: int) -> np.ndarray:
    """The halo round what shines."""
    image = Image.fromarray(np.clip(source, 0, 255).astype(np.uint8))
    small = image.resize((max(1, width // 4), max(1, height // 4)), Image.Resampling.BOX)
    wide = small.filter(ImageFilter.GaussianBlur(4)).resize((width, height), Image.Resampling.BILINEAR)
    return np.asarray(wide, np.float32) * 0.5


def _expose(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Exposure, contrast and colour cast, a darker rim, blur, sensor noise."""
    height, width = picture.shape[:2]
    cast = np.float32(rng.normal(1.0, 0.025, 3)) * np.float32(rng.uniform(0.88, 1.12))
    rows = np.linspace(-1, 1, height, dtype=np.float32)[:, None] ** 2
    columns = np.linspace(-1, 1, width, dtype=np.float32)[None, :] ** 2
    rim = 1 - np.float32(rng.uniform(0.0, 0.2)) * 0.5 * (rows + columns)
    picture = (picture - 118) * np.float32(rng.uniform(0.9, 1.12)) + 118
    picture *= rim[..., None] * cast
    blur = float(rng.choice([0.0, 0.0, 0.0, 0.4, 0.7]))
    if blur:
        image = Image.fromarray(np.clip(picture, 0, 255).astype(np.uint8)).filter(ImageFilter.GaussianBlur(blur))
        picture = np.asarray(image, np.float32)
    grain = _window((), height, width, rng) * np.float32(rng.uniform(1.0, 5.0))
    return np.clip(picture + grain[..., None] + 0.5, 0, 255).astype(np.uint8)
