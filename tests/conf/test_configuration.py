"""Every configuration that can be chosen is whole and fits the schema."""

from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import get_type_hints

import pytest
from hydra.errors import ConfigCompositionException

from mnv3.cli.call import values
from mnv3.cli.call.composing import composer
from mnv3.cli.call.verbs import VERBS
from mnv3.conf import keys, schema
from mnv3.ssdlite.model.presets import PRESETS

CONF = Path(schema.__file__).parent
CONFIGURED = [name for name, verb in VERBS.items() if verb.configured]


@pytest.mark.parametrize("verb", CONFIGURED)
def test_every_option_of_every_group_fits_the_schema(verb: str) -> None:
    with composer(verb) as compose:
        assert values.mistakes(compose(), str) == []
        for group in compose.groups():
            options = compose.options(group)
            files = (CONF / group).rglob("*.yaml")
            assert options == sorted(file.relative_to(CONF / group).with_suffix("").as_posix() for file in files)
            for option in options:
                config = compose([f"{group}={option}"])
                assert values.mistakes(config, str) == [], f"{verb} {group}={option}"


@pytest.mark.parametrize("task", [file.stem for file in (CONF / "task").glob("*.yaml")])
def test_every_recipe_says_what_it_means_for_the_task(task: str) -> None:
    recipes = {file.stem for file in (CONF / "recipe").glob("*.yaml")}
    for_task = {file.stem.removeprefix(f"{task}_") for file in (CONF / "task_recipe").glob(f"{task}_*.yaml")}
    assert for_task == recipes


def test_recipes_carry_their_own_name_and_values() -> None:
    with composer("train") as compose:
        recipes = {name: compose([f"recipe={name}"]).recipe for name in compose.options("recipe")}
    assert all(recipe.name == name for name, recipe in recipes.items())
    assert recipes["paper"].lr != recipes["quick"].lr


@pytest.mark.parametrize("node", [*schema.VERBS.values(), *schema.VARIANTS.values()], ids=lambda node: node.__name__)
def test_every_key_has_a_meaning(node: type) -> None:
    hints = get_type_hints(node)
    silent = [item.name for item in fields(node) if not is_dataclass(hints[item.name]) and not item.metadata["meaning"]]
    assert not silent


def test_verbs_and_schemas_match() -> None:
    assert set(schema.VERBS) == set(CONFIGURED)


def test_the_data_root_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    with composer("train") as compose:
        monkeypatch.delenv("MNV3_DATA", raising=False)
        assert compose().data.root == "./data"
        monkeypatch.setenv("MNV3_DATA", "/elsewhere")
        assert compose().data.root == "/elsewhere"


def test_a_detectors_input_size_is_its_presets_unless_given() -> None:
    assert schema.leaves(schema.VARIANTS["ssdlite"])["preset"].metadata["choices"] == tuple(PRESETS)
    with composer("train") as compose:
        sizes = {name: compose([f"task.preset={name}"]).task.input_size for name in PRESETS}
        assert sizes == {"paper": [320, 320], "torchvision": [320, 320], "zoo2018": [300, 300]}
        assert compose(["task.preset=zoo2018", "task.input_size=[96,128]"]).task.input_size == [96, 128]


@pytest.mark.parametrize("override", ["recipe.epochs=abc", "backbone.rf3=true", "dataset=coco,dataset.seed=1"])
def test_hydra_itself_refuses_what_the_schema_does_not_have(override: str) -> None:
    with composer("train") as compose, pytest.raises(ConfigCompositionException):
        compose(override.split(","))


def test_a_value_that_is_missing_or_out_of_range_is_told() -> None:
    with composer("train") as compose:
        config = compose(["recipe.momentum=-1", "wandb.mode=offlin"])
        config.recipe.lr = keys.MISSING
        assert values.mistakes(config, lambda key: "x") == [
            "recipe.lr has no value: give recipe.lr=VALUE.",
            "recipe.momentum=-1.0: must be at least 0 (now x).",
            "wandb.mode=offlin: must be online, offline, disabled or null; did you mean wandb.mode=offline? (now x).",
        ]
