"""A model card: README.md beside an exported file, in the format of the Hugging Face hub."""

import hashlib
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from mnv3.tools.text.plain import plain

if TYPE_CHECKING:
    from mnv3.tools.export.description import Description

NAME = "README.md"
LAST = re.compile(r"\nThis card was written by `mnv3 export` \S+ \(([0-9a-f]{12})\)\.\n$")
"""Last line of each card, with a digest of what is before it, by which a later export knows that it may replace it."""

KINDS = {"boxes": "object-detection", "labels": "image-segmentation"}
"""The hub's names of tasks, by `tools.task.Task.kind`."""

MOST_CLASSES = 20

USE = {
    "boxes": "boxes, scores, classes, counts = session.run(None, {{name: images}})\n"
    "print(boxes[0, :counts[0]], scores[0, :counts[0]], classes[0, :counts[0]])",
    "labels": "(labels,) = session.run(None, {{name: images}})  # [1, H, W] class indices\nprint(labels.shape)",
}


def is_card(content: bytes) -> bool:
    """Return whether `content` is a card of mnv3 that nobody has edited: a licence that was filled in stays."""
    text = content.decode(errors="replace").replace("\r\n", "\n")
    last = LAST.search(text)
    return last is not None and last[1] == _digest(text[: last.start()])


def write_up(description: "Description", file: Path, kind: str, title: str, headline: tuple[str, ...]) -> str:
    """Return the text of the card of `file`. `kind`, `title`, `headline`: of its task, see `tools.task.Task`."""
    front = yaml.safe_dump(_front(description, file, kind, headline), sort_keys=False, allow_unicode=True)
    parts = [
        f"---\n{front}---",
        f"# {file.stem}",
        _about(description, title),
        *_scores(description, headline),
        "## Use",
        _use(description, file, kind),
        "## Data and training",
        _training(description),
        "## Licence",
        "Not stated: fill in `license` above. It depends on the licences of the training images and of the first "
        "weights, and on what you decide.",
        "## Limits",
        "The scores are of the validation images named above and say nothing about other cameras, places or classes. "
        "Objects of no class of the list are ignored or taken for one of it.",
    ]
    text = "\n\n".join(parts) + "\n"
    return f"{text}\nThis card was written by `mnv3 export` {description.version} ({_digest(text)}).\n"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _front(description: "Description", file: Path, kind: str, headline: tuple[str, ...]) -> dict[str, Any]:
    """Return the hub's metadata, https://huggingface.co/docs/hub/model-cards."""
    config, figures = description.config, description.figures
    backbone = config.get("backbone", {}).get("name")
    front: dict[str, Any] = {
        "license": "unknown",
        "library_name": "onnx" if file.suffix == ".onnx" else "tflite",
        "pipeline_tag": KINDS[kind],
        "tags": ["mnv3", "mobilenetv3" if backbone in ("large", "small") else str(backbone), description.task],
    }
    metrics = [{"type": name, "name": name, "value": round(figures[name], 4)} for name in headline if name in figures]
    if metrics:
        data = config.get("dataset", {}).get("name", "unknown")
        result = {"task": {"type": KINDS[kind]}, "dataset": {"type": data, "name": _data(config)}, "metrics": metrics}
        front["model-index"] = [{"name": file.stem, "results": [result]}]
    return front


def _about(description: "Description", title: str) -> str:
    backbone = description.config.get("backbone", {})
    width = backbone.get("width", 1.0)
    named = [f"`{plain(row.name).replace('`', '')}`" for row in description.classes[:MOST_CLASSES]]
    more = len(description.classes) - len(named)
    names = ", ".join(named) + (f" and {more} more, which the file lists" if more else "")
    size = description.input_size
    return (
        f"{title} with the backbone `{backbone.get('name', 'unknown')}`{'' if width == 1 else f', width {width:g}'}, "
        f"{description.precision}, input {f'{size[0]} x {size[1]} pixels' if size else 'of any size'}. "
        f"{len(description.classes)} classes: {names}."
    )


def _scores(description: "Description", headline: tuple[str, ...]) -> list[str]:
    figures = {name: description.figures[name] for name in headline if name in description.figures}
    if not figures:
        return []
    int8 = " They are of the float32 network; of this int8 file, `mnv3 eval model=FILE` measures them."
    rows = "\n".join(f"| {name} | {value:.4f} |" for name, value in figures.items())
    note = f"Of the run, on the validation images of {_data(description.config)}."
    return [
        "## Scores",
        f"| score | value |\n|--|--:|\n{rows}",
        note + (int8 if description.precision == "int8" else ""),
    ]


def _use(description: "Description", file: Path, kind: str) -> str:
    if file.suffix != ".onnx" or description.kind != "whole":
        return f"The file holds the network alone. Its input: {description.preprocessing}."
    return (
        "```python\nimport numpy as np\nimport onnxruntime\nfrom PIL import Image\n\n"
        f'session = onnxruntime.InferenceSession("{file.name}")\n'
        "name = session.get_inputs()[0].name\n"
        'images = np.asarray(Image.open("photo.jpg").convert("RGB"))[None]  # [1, H, W, 3] uint8, any size\n'
        f"{USE[kind].format()}\n```\n\n"
        f'Or `mnv3 predict photo.jpg model={file.name}`, or `mnv3.load("{file.name}").predict("photo.jpg")`.'
    )


def _training(description: "Description") -> str:
    config, figures = description.config, description.figures
    if not config.get("recipe"):
        return f"The weights are those of {Path(description.source).name}; how they were trained is not known to mnv3."
    recipe, seed = config["recipe"].get("name"), config.get("seed", "unknown")
    epoch = f", best epoch {int(figures['epoch'])}" if "epoch" in figures else ""
    lines = [
        f"Data: {_data(config)}.",
        f"First weights: {_first(config)}. Recipe `{recipe}`, seed {seed}{epoch}.",
        f"Exported by `{plain(description.command)}`.",
    ]
    return "\n\n".join(lines)


def _first(config: dict[str, Any]) -> str:
    weights = config.get("init") or config.get("backbone", {}).get("weights")
    return f"`{Path(str(weights)).name}`" if weights else "random"


def _data(config: dict[str, Any]) -> str:
    """Return the name of the data set, with that of its folder if it is the user's own."""
    data = config.get("dataset", {})
    place = data.get("path") or data.get("train_json")
    return f"{data.get('name', 'unknown')}" + (f" ({Path(place).name})" if place else "")
