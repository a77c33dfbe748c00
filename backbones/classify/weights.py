"""Load a classifier's weights: mnv3's, torchvision's, timm's or the authors'."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

from mnv3.backbones.classify.names import head_in_our_names
from mnv3.backbones.classify.network import Classifier
from mnv3.backbones.classify.squeezes import load_narrower_squeezes
from mnv3.backbones.names.origin import Inputs, in_our_names
from mnv3.backbones.weights import load_backbone_weights, read_state, weights_file
from mnv3.tools.errors import UserError

SCORES = ("scores.weight", "scores.bias")
IMAGENET = 1000  # classes, without the background


def load_classifier_weights(
    classifier: Classifier,
    source: str | Path,
    *,
    entries: Mapping[str, Any] | None = None,
    inputs: Inputs = "imagenet",
    wanted: Inputs = "symmetric",
) -> list[str]:
    """Load backbone and head from `source`; return a line for each part that is not loaded as it is in the file.

    The arguments are those of `backbones.weights.load_backbone_weights`. `wanted` is what the network gets: only if it
    is what the file was trained on are its logits exactly the file's, since the border of other images differs. A file
    with the authors' 1001 classes loses its background, class 0, in a network with 1000. Class scores for any other
    number of classes are not loaded.

    Raises UserError if the file is missing, unreadable, of another backbone or width, or no classifier.
    """
    path = weights_file(source, classifier.backbone.family)
    entries = entries or read_state(path)
    head, lines = _fitted(head_in_our_names(entries, classifier.backbone.family), classifier, path)
    left = load_backbone_weights(classifier.backbone, source, entries=entries, inputs=inputs, wanted=wanted)
    state, _ = in_our_names(entries, path, classifier.backbone, inputs)
    squeezes = load_narrower_squeezes(classifier.backbone, state)
    classifier.load_state_dict(head, strict=False)
    return [*(line for line in left if line not in squeezes), *lines]


def _fitted(head: dict[str, Tensor], classifier: Classifier, path: Path) -> tuple[dict[str, Tensor], list[str]]:
    """Return the entries of `head` to load, and a line on those that are left out or cut."""
    own = {name: value for name, value in classifier.state_dict().items() if not name.startswith("backbone.")}
    if missing := [name for name in own if name not in head]:
        raise UserError(
            f"{path} does not hold this classifier: it lacks {missing[0]}; for a backbone alone use backbone.weights"
        )
    for name in own:
        ours, theirs = own[name].shape, head[name].shape
        if ours != theirs and (name not in SCORES or ours[1:] != theirs[1:]):
            raise UserError(f"{path}: {name} has the shape {tuple(theirs)}, not {tuple(ours)}: it has another width")
    found, wanted = len(head["scores.bias"]), classifier.num_classes
    if found == wanted:
        return head, []
    if (found, wanted) == (IMAGENET + 1, IMAGENET):
        cut = {name: head[name][1:] for name in SCORES}
        return {**head, **cut}, ["the score of the background, class 0 of 1001"]
    rest = {name: value for name, value in head.items() if name not in SCORES}
    return rest, [f"the class scores: the file has {found} classes, this network {wanted}"]
