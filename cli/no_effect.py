"""Names options that were given but change nothing."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from omegaconf import DictConfig, OmegaConf


class Rule(NamedTuple):
    """`keys` (or sections) change nothing where the value of `other` satisfies `holds`, because of `why`."""

    keys: tuple[str, ...]
    other: str
    holds: Callable[[Any], bool]
    why: str


RULES = (
    Rule(("recipe.warmup_start",), "recipe.warmup_steps", lambda steps: steps == 0, "recipe.warmup_steps is 0"),
    Rule(("recipe.precision",), "trainer.precision", bool, "trainer.precision is given"),
    Rule(("backbone.weights",), "init", bool, "init brings all weights"),
    Rule(("init",), "resume", bool, "resume brings all weights"),
    Rule(("wandb",), "wandb.mode", lambda mode: mode == "disabled", "wandb.mode is disabled"),
    Rule(("name",), "dry", bool, "a dry run leaves nothing"),
)


def warnings(config: DictConfig, overrides: Sequence[str]) -> list[str]:
    """A sentence for every override of a job that has no effect in its configuration."""
    found = {}
    for rule in RULES:
        if rule.holds(OmegaConf.select(config, rule.other)):
            for key in (text.partition("=")[0].lstrip("+") for text in overrides):
                if key != rule.other and f"{key}.".startswith(tuple(f"{name}." for name in rule.keys)):
                    found.setdefault(key, f"{key} has no effect: {rule.why}.")
    return list(found.values())
