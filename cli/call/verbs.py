"""The verbs of the command line, as a table."""

from typing import NamedTuple

from mnv3.cli.call import comparing


class Verb(NamedTuple):
    """A verb and its arguments: bare words fill the keys `words`, further ones the list `rest`; `configured` verbs take
    groups and keys, others may have `options` with their meanings."""

    summary: str
    words: tuple[str, ...] = ()
    rest: str = ""
    configured: bool = True
    options: tuple[tuple[str, str], ...] = ()


VERBS = {
    "train": Verb("Train a network and score it."),
    "eval": Verb("Score a trained network with the official evaluator."),
    "predict": Verb("Predict boxes or label maps of images, folders, videos or a webcam.", rest="source"),
    "export": Verb("Write a trained network as a file that runs without PyTorch."),
    "data": Verb("List, check, convert, download or decode data sets.", words=("action", "target")),
    "table": Verb("Compare a table of the paper with mnv3: 3 to 8, figure7.", words=("which",)),
    "bench": Verb("Time a network and count its parameters and multiply-adds."),
    "compare": Verb(
        "Compare runs: scores, differing keys, curves, samples.",
        rest="RUN",
        configured=False,
        options=tuple((f"{name}=", meaning) for name, meaning in {**comparing.OPTIONS, **comparing.FILTERS}.items()),
    ),
    "env": Verb("Print versions and hardware for bug reports.", configured=False),
    "completion": Verb("Print a shell script that completes verbs, groups and keys.", configured=False),
    "help": Verb("Print help, optionally of one verb.", configured=False),
}
