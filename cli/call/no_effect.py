"""Warn about options that have no effect."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from omegaconf import DictConfig, OmegaConf

from mnv3.cli.tasks import without_effect
from mnv3.tools.export.engines.table import ENGINES

if TYPE_CHECKING:
    from mnv3.backbones.rows import Layer


class Rule(NamedTuple):
    """`keys` (or sections) have no effect if the value of `other` satisfies `holds`; `why` is the reason."""

    keys: tuple[str, ...]
    other: str
    holds: Callable[[Any], bool]
    why: str


def _without(has: "Callable[[Layer], Any]") -> Callable[[Any], bool]:
    """Return a test for backbones in which no row `has` a property."""

    def holds(backbone: Any) -> bool:
        from mnv3.backbones.tables import TABLES  # not needed by most calls

        return backbone in TABLES and not any(map(has, TABLES[backbone]))

    return holds


TEXTS = ("terminal", "markdown", "csv", "latex", "png")
"""Formats of `mnv3 table` that send nothing to W&B."""

ALONE = tuple(name for name, engine in ENGINES.items() if engine.converter)
"""Formats whose files are the network alone."""

RULES = (
    Rule(("recipe.warmup_start",), "recipe.warmup_steps", lambda steps: steps == 0, "recipe.warmup_steps is 0"),
    Rule(("recipe.precision",), "trainer.precision", bool, "trainer.precision is given"),
    Rule(("recipe.ohem_kept",), "recipe.ohem", lambda threshold: threshold is None, "recipe.ohem is null"),
    Rule(("task.gate",), "task.head", lambda head: head == "raspp", "R-ASPP has no gate"),
    Rule(("task.skip",), "task.head", lambda head: head == "raspp", "R-ASPP has no skip"),
    Rule(("task.pool",), "task.gate", lambda gate: gate == "none", "without a gate nothing is pooled"),
    Rule(("backbone.se",), "backbone.name", _without(lambda row: row.se), "that backbone has none"),
    Rule(("backbone.hswish",), "backbone.name", _without(lambda row: row.act == "hswish"), "that backbone has none"),
    Rule(("backbone.max_kernel",), "backbone.name", _without(lambda row: row.kernel > 3), "its kernels are all 3x3"),
    Rule(
        ("backbone.weights_inputs",),
        "backbone.weights",
        lambda file: file in (None, "imagenet"),
        "it is for weights files",
    ),
    Rule(("backbone.weights",), "init", bool, "init provides all weights"),
    Rule(("init",), "resume", bool, "resume provides all weights"),
    Rule(("wandb",), "wandb.mode", lambda mode: mode == "disabled", "wandb.mode is disabled"),
    Rule(("wandb",), "logger", lambda logger: logger == "tensorboard", "logger is tensorboard"),
    Rule(("bench.threads",), "bench.what", lambda what: what != "engines", "it is only for bench.what=engines"),
    Rule(("bench.images",), "bench.what", lambda what: what == "network", "no image files are timed"),
    Rule(("bench.batch_size",), "bench.what", lambda what: what == "engines", "engines get one image at a time"),
    Rule(("threads", "rounds"), "latency", lambda latency: latency is False, "latency is false"),
    Rule(("runs",), "which", lambda which: which not in ("6", "7", "8"), "only tables 6, 7 and 8 have scores of runs"),
    Rule(("out",), "format", lambda form: form == "wandb", "W&B tables are not written to a file"),
    Rule(("wandb",), "format", lambda form: form in TEXTS, "only format=wandb sends anything"),
    Rule(("name",), "dry", bool, "a dry run writes nothing"),
    Rule(("images",), "int8", lambda int8: int8 is False, "int8 is false"),
    Rule(("raw",), "format", lambda form: form in ALONE, "files of this format always contain only the network"),
    Rule(("predict.accelerator",), "model", bool, "exported files run on the CPU"),
    Rule(("task.input_size", "backbone"), "model", bool, "an exported file has a fixed network"),
)


def warnings(config: DictConfig, overrides: Sequence[str]) -> list[str]:
    """Return a sentence for every override of a job that has no effect in its configuration."""
    found: dict[str, str] = {}
    typed = [text.partition("=")[0].lstrip("+") for text in overrides]
    for rule in RULES:
        sections = tuple(f"{name}." for name in rule.keys)
        keys = [key for key in typed if key != rule.other and f"{key}.".startswith(sections)]
        if keys and rule.holds(OmegaConf.select(config, rule.other)):
            found |= {key: rule.why for key in keys if key not in found}
    task = OmegaConf.select(config, "task.name")
    for key in typed if task else ():
        if not key.startswith("predict.") and (why := without_effect(task, key)):  # predict warns itself
            found.setdefault(key, why)
    return [f"{key} has no effect: {why}." for key, why in found.items()]
