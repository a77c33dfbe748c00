"""The verbs of the command line, as a table."""

from typing import NamedTuple

from mnv3.cli.call import comparing


class Verb(NamedTuple):
    """What a verb is for; `words` are the keys that bare words fill, `rest` is the list of all others; `configured`
    verbs take groups and keys, the others may have `options`, which help shows with their meaning."""

    summary: str
    words: tuple[str, ...] = ()
    rest: str = ""
    configured: bool = True
    options: tuple[tuple[str, str], ...] = ()


VERBS = {
    "train": Verb("Train a network; scores it at the end."),
    "eval": Verb("Score a trained network with the official evaluator."),
    "predict": Verb("Use a trained network: boxes or label maps of images, folders, videos, a webcam.", rest="source"),
    "export": Verb("Write a trained network as a file that runs without PyTorch."),
    "data": Verb("List, check, get or decode data sets.", words=("action", "target")),
    "table": Verb("Show the paper's Table 6, 7 or 8 beside ours.", words=("which",)),
    "bench": Verb("Time a network and count its parameters and multiply-adds."),
    "compare": Verb(
        "Lay runs side by side: figures, what differs, curves, samples.",
        rest="RUN",
        configured=False,
        options=tuple((f"{name}=", meaning) for name, meaning in {**comparing.OPTIONS, **comparing.FILTERS}.items()),
    ),
    "env": Verb("Print versions and hardware, to paste into a report.", configured=False),
    "completion": Verb("Print a script that completes verbs, groups and keys.", configured=False),
    "help": Verb("Print help, of a verb if one is named.", configured=False),
}
