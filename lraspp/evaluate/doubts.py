"""Label maps that a trained segmenter contradicts: pixels where it is sure of another class."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from omegaconf import DictConfig

from mnv3.lraspp.data.dataset import read_pixels
from mnv3.lraspp.data.frames import IGNORE, FrameData
from mnv3.lraspp.data.sets import open_dataset
from mnv3.lraspp.evaluate.inference import resized
from mnv3.lraspp.evaluate.samples import draw_samples
from mnv3.lraspp.predict import SegmenterPredictor, open_checkpoint
from mnv3.tools.data.splits import open_splits
from mnv3.tools.drawing.boxes import save_image
from mnv3.tools.errors import UserError
from mnv3.tools.files.write import write_json
from mnv3.tools.predict.batches import predict_images
from mnv3.tools.runs.find import Source
from mnv3.tools.text.plain import EXAMPLES, listed

SURE = 0.8
"""Probability from which a prediction contradicts a label."""

LEAST = 0.001
"""Share of a frame's labelled pixels below which what is contradicted is no more than edges."""

DRAWN = 6
"""Frames drawn of each split."""


class Doubt(NamedTuple):
    """A frame. `agreement`: share of its labelled pixels that are predicted as labelled. `sure`: of those where the
    network is sure of another class. `pairs` [K, K] int64: these pixels by labelled and predicted class."""

    split: str
    index: int
    frame: str
    agreement: float
    sure: float
    pairs: np.ndarray


def doubt_labels(
    source: Source, dataset: Any, data: Any, split: str | None, out: Path, device: str, log: Callable[[str], None]
) -> None:
    """Report which labels of `split`, or of train and val, the segmenter of `source` doubts, see `tools.task`."""
    predictor = open_checkpoint(source, {}, device)
    skip = DictConfig({**data, "on_error": "skip"})  # the check has reported what cannot be read
    problems: list[str] = []
    opened = dict(open_splits(split, lambda name: open_dataset(dataset, skip, name, _silent), problems))
    log(f"Labels that {source.checkpoint} contradicts:")
    entries = []
    for name, found in opened.items():
        doubts = doubts_of_split(predictor, found, name, log)
        _report(doubts, found, name, log)
        entries += [_entry(doubt, found) for doubt in doubts]
        drawn = [doubt.index for doubt in doubts if doubt.sure >= LEAST][:DRAWN]
        _draw(predictor, found, drawn, out / f"doubts-{name}.png")
    write_json(out / "doubts.json", entries)
    pictures = [out / f"doubts-{name}.png" for name in opened if (out / f"doubts-{name}.png").is_file()]
    drawn = f"; drawn: {', '.join(map(str, pictures))}" if pictures else ""
    log(f"  All: {out / 'doubts.json'}{drawn}. A doubt is no proof: look at the image before changing a label.")


def _silent(line: str) -> None:
    """Log nothing: the check has."""


def doubts_of_split(
    predictor: SegmenterPredictor, data: FrameData, split: str, log: Callable[[str], None]
) -> list[Doubt]:
    """Return the frames of a split, those with the most pixels that the network is sure of first. Raises UserError:
    no class in common."""
    numbers = _numbers(predictor, data, log)
    found = []

    def read(index: int) -> np.ndarray:
        return np.ascontiguousarray(read_pixels(data.frames[index]).image)

    def predict(images: list[np.ndarray]) -> list[tuple[np.ndarray, np.ndarray]]:
        return [_predicted(predictor, numbers, image) for image in images]

    for index, (labels, probability) in predict_images(predict, read, len(data), log, f"{split}: predicting"):
        values = read_pixels(data.frames[index]).values
        if values is not None:
            found.append(_of_frame(data, split, index, data.table[values], labels, probability, set(numbers.tolist())))
    return sorted((doubt for doubt in found if doubt), key=lambda doubt: -doubt.sure)


def _numbers(predictor: SegmenterPredictor, data: FrameData, log: Callable[[str], None]) -> np.ndarray:
    """Return the class index in `data` by the predictor's, matched by name; IGNORE for classes that it lacks."""
    places = {entry.name: index for index, entry in enumerate(data.classes)}
    numbers = [places.get(name, IGNORE) for name in predictor.classes.values()]
    if set(numbers) == {IGNORE}:
        names = listed(list(predictor.classes.values()))
        raise UserError(f"The run has none of the classes of {data.folder}: it has {names}.")
    if strangers := sorted(places.keys() - set(predictor.classes.values())):
        log(f"The run does not have the classes {listed(strangers)}: their labels are not doubted.")
    return np.array(numbers, dtype=np.uint8)


@torch.inference_mode()
def _predicted(predictor: SegmenterPredictor, numbers: np.ndarray, image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return class index and probability of each pixel of `image` [H, W, 3] uint8: [H, W] uint8, [H, W] float32."""
    batch = torch.from_numpy(image).permute(2, 0, 1)[None].to(predictor.device)
    logits = predictor.segmenter(resized(batch, predictor.input_size))
    probability, labels = predictor.segmenter.upsample(logits.float(), image.shape[:2]).softmax(1).max(1)
    return numbers[labels[0].cpu().numpy()], probability[0].cpu().numpy()


def _of_frame(
    data: FrameData,
    split: str,
    index: int,
    truth: np.ndarray,
    labels: np.ndarray,
    probability: np.ndarray,
    known: set[int],
) -> Doubt | None:
    """Compare a frame's labels with its prediction; None without labelled pixels of classes `known`."""
    count = len(data.classes)
    counted = np.isin(truth, [number for number in known if number < count])
    total = int(counted.sum())
    if not total:
        return None
    differs = counted & (labels != truth)
    sure = differs & (probability >= SURE) & (labels < count)
    pairs = np.bincount(truth[sure].astype(np.int64) * count + labels[sure], minlength=count**2).reshape(count, count)
    shares = 1 - int(differs.sum()) / total, int(sure.sum()) / total
    return Doubt(split, index, data.frames[index].name, *shares, pairs)


def _pair_texts(pairs: np.ndarray, names: Sequence[str], doubts: Sequence[Doubt]) -> list[str]:
    """Return the most frequent pairs of classes in words, each with the frame that has most of its pixels."""
    texts = []
    for place in np.argsort(-pairs, axis=None, kind="stable")[:EXAMPLES].tolist():
        truth, found = divmod(place, len(names))
        if pairs[truth, found]:
            frame = max(doubts, key=lambda doubt: int(doubt.pairs[truth, found])).frame
            texts.append(f"{names[truth]}, predicted {names[found]}: {int(pairs[truth, found]):,} (most in {frame})")
    return texts


def _report(doubts: Sequence[Doubt], data: FrameData, split: str, log: Callable[[str], None]) -> None:
    names = [entry.name for entry in data.classes]
    least = sorted(doubts, key=lambda doubt: doubt.agreement)[:EXAMPLES]
    log(f"  {split}, frames with the lowest agreement: {listed([f'{d.frame} ({d.agreement:.1%})' for d in least])}.")
    sure = [f"{doubt.frame} ({doubt.sure:.1%})" for doubt in doubts if doubt.sure >= LEAST]
    if sure:
        what = f"frames with pixels that are another class with a probability of at least {SURE:g}"
        log(f"  {split}, {what}: {len(sure):,}: {listed(sure)}.")
        total = np.sum([doubt.pairs for doubt in doubts], axis=0)
        log(f"  {split}, such pixels by labelled and predicted class: {'; '.join(_pair_texts(total, names, doubts))}.")


def _entry(doubt: Doubt, data: FrameData) -> dict[str, Any]:
    names = [entry.name for entry in data.classes]
    pairs = [
        {"label": names[i], "found": names[j], "pixels": int(doubt.pairs[i, j])}
        for i, j in sorted(np.argwhere(doubt.pairs).tolist(), key=lambda pair: -int(doubt.pairs[pair[0], pair[1]]))
    ]
    shares = {"agreement": round(doubt.agreement, 4), "sure_of_another_class": round(doubt.sure, 4)}
    return {"split": doubt.split, "frame": doubt.frame, **shares, "pairs": pairs}


def _draw(predictor: SegmenterPredictor, data: FrameData, indices: Sequence[int], path: Path) -> None:
    """Draw frames, what is predicted, and their labels; nothing for no frames."""
    path.unlink(missing_ok=True)  # of an earlier check
    numbers = _numbers(predictor, data, _silent)
    images = {index: np.ascontiguousarray(read_pixels(data.frames[index]).image) for index in indices}
    maps = {index: torch.from_numpy(_predicted(predictor, numbers, image)[0]) for index, image in images.items()}
    sheet = draw_samples(data, maps)
    if sheet is not None:
        save_image(sheet.picture, path)
