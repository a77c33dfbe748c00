"""W&B panels of a segmentation run: the same frames every time with label maps, and tables."""

from typing import Any

from mnv3.lraspp.data.frames import FrameData
from mnv3.lraspp.evaluate.samples import read_sample
from mnv3.lraspp.evaluate.scorer import Maps
from mnv3.lraspp.evaluate.scores import Scores
from mnv3.tools.runs.wandb_run import masked_image


def sample_panels(data: FrameData, maps: Maps) -> list[Any]:
    """Return wandb.Images of the frames in `maps` with the prediction, and the truth if it is public."""
    names = [entry.name for entry in data.classes]
    panels = []
    for index, predicted in maps.items():
        found = read_sample(data, index)
        if found is None:
            continue
        image, truth = found
        masks = {"predictions": predicted.numpy()} | ({} if truth is None else {"truth": truth.numpy()})
        panels.append(masked_image(image.permute(1, 2, 0).numpy(), masks, names, data.frames[index].name))
    return panels


def score_tables(scores: Scores) -> dict[str, Any]:
    """Return wandb.Tables: IoU and true pixels by class, IoU by category, and the confusion matrix (rows: truth)."""
    import wandb

    names = list(scores.per_class)
    rows = [[name, scores.per_class[name], scores.pixels[name]] for name in names]
    confusion = [[name, *counts] for name, counts in zip([*names, "ignored"], scores.confusion.tolist(), strict=True)]
    tables = {
        "val/per_class": wandb.Table(columns=["class", "IoU", "pixels"], data=rows),
        "val/confusion": wandb.Table(columns=["truth", *names, "ignored"], data=confusion),
    }
    if scores.per_category:
        categories = [list(item) for item in scores.per_category.items()]
        tables["val/per_category"] = wandb.Table(columns=["category", "IoU"], data=categories)
    return tables
