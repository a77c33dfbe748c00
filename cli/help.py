"""Help texts: of the program, and of a verb with its groups, keys, current values and meanings."""

from collections.abc import Sequence
from pathlib import Path

from omegaconf import OmegaConf

from mnv3.cli.call import values
from mnv3.cli.call.composing import Composer, composer
from mnv3.cli.call.verbs import VERBS
from mnv3.conf.examples import EXAMPLES, OVERVIEW
from mnv3.tools.text.words import format_value


def overview() -> str:
    """Return what `mnv3` prints without arguments."""
    verbs = [(name, verb.summary) for name, verb in VERBS.items()]
    return "\n".join(
        [
            "MobileNetV3 for detection and segmentation: train, score, measure.",
            "",
            "usage: mnv3 VERB [group=option ...] [key=value ...]",
            "",
            "verbs",
            *_columns(verbs),
            "",
            "examples",
            *_columns(OVERVIEW),
            "",
            "mnv3 VERB --help          examples, groups and keys of a verb",
            "mnv3 VERB ... --cfg job   the configuration a call would run with",
            "mnv3 --version",
        ]
    )


def of_verb(verb: str, overrides: Sequence[str] = (), config_dir: Path | None = None) -> str:
    """Return the help of a verb, with the keys and values that follow from the groups chosen in `overrides`."""
    about = VERBS[verb]
    options = "[group=option ...] [key=value ...] [-m]" if about.configured else ""
    options = "[key=value ...]" if about.options else options
    words = " ".join([*(f"[{word}]" for word in about.words), *([f"[{about.rest} ...]"] if about.rest else [])])
    lines = [about.summary, "", " ".join(part for part in ("usage: mnv3", verb, words, options) if part)]
    lines += ["", "examples", *_columns(EXAMPLES[verb])]
    if about.options:
        lines += ["", "options", *_columns(about.options)]
    if about.configured:
        with composer(verb, config_dir) as compose:
            groups = _groups(compose, overrides)
            lines += ["", "groups (* marks the current choice)", *_columns(groups)] if groups else []
            lines += ["", "keys", *_columns(_keys(compose, overrides))]
        lines += ["", "-m runs every combination of comma-separated values; --cfg job prints the configuration."]
    return "\n".join(lines)


def _groups(compose: Composer, overrides: Sequence[str]) -> list[tuple[str, str]]:
    rows = []
    for group, chosen in sorted(compose.groups(overrides).items()):
        options = [f"*{option}" if option == chosen else option for option in compose.options(group)]
        rows.append((f"{group}=", " ".join(options)))
    return rows


def _keys(compose: Composer, overrides: Sequence[str]) -> list[tuple[str, str]]:
    config = compose(overrides)
    rows = []
    for key, leaf in values.leaves(config).items():
        value = "?" if OmegaConf.is_missing(config, key) else format_value(OmegaConf.select(config, key))
        rows.append((f"{key}={value}", f"{leaf.field.metadata['meaning']} ({leaf.kind})"))
    return rows


def _columns(rows: Sequence[tuple[str, str]]) -> list[str]:
    width = min(max((len(left) for left, _ in rows), default=0), 60)
    return [f"  {left:<{width}}  {right}".rstrip() for left, right in rows]
