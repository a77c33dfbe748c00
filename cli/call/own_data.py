"""Defaults of a training on the user's own data: most such sets are small, and pretrained weights matter most."""

from mnv3.cli.call.arguments import Arguments

OWN = ("boxes", "coco_json", "masks", "mask_folder")
"""Data sets that are the user's own."""

DEFAULTS = {
    "train": {"recipe": "finetune", "backbone.weights": "auto", "task.input_size": "auto"},
    "data": {"task.input_size": "auto"},
}
"""What the calls of a verb train them with, or check them for, unless they choose otherwise."""

REPLACED_BY = {"backbone.weights": ("init",)}
"""Keys that make a default superfluous."""

LENGTHS = ("recipe.epochs", "recipe.steps")
"""Keys whose typed value is the length; the minimum of the recipe for small data sets then does not apply."""


def with_defaults(given: Arguments, verb: str) -> Arguments:
    """Return a call of `verb` with the defaults for the user's own data, if it is about that.

    A call that resumes a run, or chooses an experiment, remains as it is.
    """
    typed = {key: value for key, _, value in (text.partition("=") for text in given.overrides)}
    if {"resume", "experiment"} & typed.keys():
        return given
    added = []
    if all(name in OWN for name in typed.get("dataset", "streets").split(",")):
        added = [
            f"{key}={value}"
            for key, value in DEFAULTS[verb].items()
            if key not in typed and not any(other in typed for other in REPLACED_BY.get(key, ()))
        ]
    recipes = [typed.get("recipe"), *("finetune" for text in added if text == "recipe=finetune")]
    if "finetune" in recipes and "recipe.min_steps" not in typed and any(key in typed for key in LENGTHS):
        added.append("recipe.min_steps=null")
    return given._replace(overrides=[*given.overrides, *added])
