"""Run cityscapesscripts' evaluation on predictions on disk, and check that it agrees with ours."""

import io
import json
import math
import os
import warnings
from collections.abc import Mapping, Sequence
from contextlib import redirect_stdout
from copy import copy
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from mnv3.lraspp.data.frames import FrameData
from mnv3.lraspp.evaluate.label_files import label_file
from mnv3.lraspp.evaluate.scores import Scores
from mnv3.tools.errors import UserError
from mnv3.tools.files.temporaries import scratch_folder
from mnv3.tools.images.read import image_size

LABELS, INSTANCES = "_gtFine_labelIds.png", "_gtFine_instanceIds.png"
NAMED = 3
"""Files or differences named in a sentence."""


class OfficialError(RuntimeError):
    """cityscapesscripts stopped, or its figures differ from ours."""


@dataclass(frozen=True, eq=False)
class OfficialScores:
    """Results of cityscapesscripts by class or category name: IoU, and iIoU of things, which weights the pixels of an
    instance by the usual size of its class; NaN: nothing to score. `confusion` [34, 34] by label id, row = truth."""

    iou: dict[str, float]
    instance_iou: dict[str, float]
    category_iou: dict[str, float]
    category_instance_iou: dict[str, float]
    mean_iou: float
    mean_instance_iou: float
    mean_category_iou: float
    mean_category_instance_iou: float
    confusion: np.ndarray


def check_possible(data: FrameData) -> None:
    """Raise UserError if `data` cannot be scored officially: another layout, missing files, or a numpy version that
    cityscapesscripts does not support."""
    if not data.official:
        raise UserError(
            f"eval.official=true: dataset={data.name} does not have Cityscapes' label ids and instances; only "
            "dataset=cityscapes and dataset=streets can be scored officially."
        )
    if not data.has_labels:
        raise UserError(
            f"eval.official=true: the labels of the {data.split} frames of {data.name} are not public; without that "
            "key, `mnv3 eval` writes the files for the test server."
        )
    missing = [str(path) for path in map(_instances, _truths(data)) if not path.is_file()]
    if missing:
        raise UserError(f"eval.official=true needs {len(missing)} missing files of instances: {_some(missing)}.")
    if not hasattr(np, "in1d"):
        raise UserError(
            f"eval.official=true: cityscapesscripts {version('cityscapesscripts')} cannot score instances with numpy "
            f'{np.__version__}, only below 2.4: pip install "numpy<2.4"'
        )


def evaluate(data: FrameData, folder: Path, indices: Sequence[int]) -> OfficialScores:
    """Have cityscapesscripts evaluate the label files in `folder` of the frames `indices` of `data`.

    Raises:
        UserError: predictions are missing, or differ in size from the truth.
        OfficialError: cityscapesscripts stopped; with its message.
    """
    predictions = [label_file(folder, data, index) for index in indices]
    truths = [_truths(data)[index] for index in indices]
    _check_sizes(predictions, truths)
    with scratch_folder("official") as scratch:
        script = _import_script()
        settings = copy(script.args)
        settings.quiet, settings.exportFile = True, str(scratch / "results.json")
        output = io.StringIO()
        try:
            with redirect_stdout(output), warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)  # of numpy.in1d
                script.evaluateImgLists([str(path) for path in predictions], [str(path) for path in truths], settings)
        except SystemExit:  # raised for every mistake
            lines = [line for line in output.getvalue().splitlines() if line.strip()] or ["it gave no reason"]
            raise OfficialError(f"cityscapesscripts stopped: {lines[-1].removeprefix('ERROR: ')}") from None
        content = json.loads(Path(settings.exportFile).read_text())
    return _read(content)


def _import_script() -> ModuleType:
    """Import the script, without a variable that is not needed here and makes the import fail if it names no folder."""
    export = os.environ.pop("CITYSCAPES_EXPORT_DIR", None)
    try:
        from cityscapesscripts.evaluation import evalPixelLevelSemanticLabeling
    finally:
        if export is not None:
            os.environ["CITYSCAPES_EXPORT_DIR"] = export
    return evalPixelLevelSemanticLabeling


def _read(content: Mapping[str, Any]) -> OfficialScores:
    return OfficialScores(
        content["classScores"],
        content["classInstScores"],
        content["categoryScores"],
        content["categoryInstScores"],
        content["averageScoreClasses"],
        content["averageScoreInstClasses"],
        content["averageScoreCategories"],
        content["averageScoreInstCategories"],
        np.array(content["confMatrix"], dtype=np.int64),
    )


def by_class(confusion: np.ndarray, data: FrameData) -> np.ndarray:
    """Reorder `confusion`, by label id, as in `Scores.confusion` [K + 1, K + 1], with all ignored ids merged."""
    place = np.minimum(data.table[: len(confusion)], len(data.classes))
    matrix = np.zeros((len(data.classes) + 1,) * 2, dtype=np.int64)
    np.add.at(matrix, (place[:, None], place[None, :]), confusion)
    return matrix


def check_agreement(ours: Scores, official: OfficialScores, data: FrameData) -> None:
    """Raise OfficialError unless every pixel count and every IoU agrees to the last digit."""
    differences = []
    names = [*ours.per_class, "ignored pixels"]
    theirs = by_class(official.confusion, data)
    for row, column in np.argwhere(theirs != ours.confusion).tolist():
        differences.append(
            f"pixels of {names[row]} taken for {names[column]}: {ours.confusion[row, column]} here, "
            f"{theirs[row, column]} there"
        )
    pairs = {f"IoU of {name}": (value, official.iou[name]) for name, value in ours.per_class.items()}
    pairs |= {f"IoU of {name}": (value, official.category_iou[name]) for name, value in ours.per_category.items()}
    pairs |= {
        "mIoU": (ours.stats["mIoU"], official.mean_iou),
        "category mIoU": (ours.stats["category_mIoU"], official.mean_category_iou),
    }
    for name, (mine, other) in pairs.items():
        if mine != other and not (math.isnan(mine) and math.isnan(other)):
            differences.append(f"{name}: {mine!r} here, {other!r} there")
    if differences:
        raise OfficialError(
            f"scoring and cityscapesscripts do not agree on the same predictions, in {len(differences)} figures: "
            f"{_some(differences, '; ')}. One of the two is wrong; please report it."
        )


def _truths(data: FrameData) -> list[Path]:
    return [frame.label for frame in data.frames if frame.label is not None]


def _instances(labels: Path) -> Path:
    return labels.with_name(labels.name.removesuffix(LABELS) + INSTANCES)


def _check_sizes(predictions: Sequence[Path], truths: Sequence[Path]) -> None:
    """Compare sizes by headers: cityscapesscripts would stop at the first wrong one, minutes later."""
    wrong = []
    for predicted, truth in zip(predictions, truths, strict=True):
        (height, width), (rows, columns) = image_size(predicted), image_size(truth)
        if (height, width) != (rows, columns):
            wrong.append(f"{predicted} is {width}x{height} pixels, its truth {columns}x{rows}")
    if wrong:
        raise UserError(
            f"{len(wrong)} of {len(predictions)} predictions differ in size from their label files, which official "
            f"scoring does not allow: {_some(wrong, '; ')}."
        )


def _some(items: Sequence[str], separator: str = ", ") -> str:
    return separator.join(items[:NAMED]) + (f"{separator}..." if len(items) > NAMED else "")
