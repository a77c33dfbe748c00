"""A configuration out of a file is data of known types, or refused in a sentence."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from omegaconf import OmegaConf

from mnv3.cli.call.composing import composer
from mnv3.conf.schema import RECIPES, VARIANTS, VERBS, leaves
from mnv3.tools.errors import UserError
from mnv3.tools.runs.saved_config import KINDS, checked, read_config
from tests.mutations import altered, damaged, generator

CALLS = (
    [],
    ["task=lraspp", "dataset=cityscapes", "recipe=modern"],
    ["experiment=table6/v3_large_rf2"],
    ["dataset=coco_json", "dataset.val_json=x.json"],
    ["dataset=boxes", "dataset.path=x", "dataset.format=yolo", "dataset.val_share=0.1"],
    ["task=lraspp", "dataset=masks", "dataset.path=x", "dataset.classes=[a,b]", "dataset.ignore=[0,a]"],
    ["task=lraspp", "dataset=mask_folder", "dataset.ignore=null", "recipe.class_weights=[1,2]"],
)


@pytest.fixture(scope="module")
def configs() -> list[dict[str, Any]]:
    """Configurations as trainings have them."""
    with composer("train") as compose:
        return [OmegaConf.to_container(compose(call), resolve=True) for call in CALLS]  # type: ignore[misc]


def test_what_training_writes_is_read_unchanged(tmp_path: Path, configs: list[dict[str, Any]]) -> None:
    for config in configs:
        (tmp_path / "config.yaml").write_text(OmegaConf.to_yaml(OmegaConf.create(config)))
        assert read_config(tmp_path / "config.yaml") == config
        assert checked(config, "x", ("task", "backbone", "dataset", "data", "recipe")) == config


def test_the_kinds_are_of_keys_that_there_are() -> None:
    """A key that is renamed in the schema is renamed here."""
    known = set(leaves(VERBS["train"]))
    for section, nodes in (("task", VARIANTS.values()), ("dataset", VARIANTS.values()), ("recipe", RECIPES.values())):
        known |= {key for node in nodes for key in leaves(node, f"{section}.")}
    assert set(KINDS) <= known


def test_nothing_is_resolved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET", "hunter2")
    (tmp_path / "config.yaml").write_text("task: {name: ssdlite}\nname: ${oc.env:SECRET}\n")
    config = read_config(tmp_path / "config.yaml")
    assert config["name"] == "${oc.env:SECRET}"  # as it stands, to be looked at
    with pytest.raises(UserError, match="nothing in it is resolved"):
        checked(config, "x")  # to be used


@pytest.mark.parametrize(
    "text",
    [
        "a: &x [1, 1]\nb: [*x, *x]",
        "!!python/object/apply:os.system ['touch boom']",
        "a: !!python/name:os.system",
        "a: " + "[" * 3000,
        "a: {" * 200,
        "a: [" + "1," * 300_000 + "]",
        "1: 2",
        "- a",
        "task: 3",
        "dataset: [a]",
        "task: {name: ../../x}",
        "dataset: {name: ..}",
        "dataset: {name: '/etc'}",
        "backbone: {width: 1e9}",
        "backbone: {width: true}",
        "task: {input_size: [100000, 100000]}",
        "task: {input_size: [4096, 4097]}",
        "task: {filters: 3.5}",
        "dataset: {val_json: 7}",
        "data: {root: null}",
        "recipe: {lr: .nan}",
        "\x00",
        "? [a, b]\n: c",
        "a: 1\na: 2",
    ],
)
def test_what_is_refused(tmp_path: Path, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("config.yaml").write_text(text)
    with pytest.raises(UserError, match=r"config\.yaml") as caught:
        read_config(Path("config.yaml"))
    assert len(caught.value.problems) == 1
    assert not Path("boom").exists()


def test_bytes_and_sizes_that_no_configuration_has(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    for content in (b"\xff\xfe\x00", b"a: 1\n" * 300_000, b"\x80"):
        path.write_bytes(content)
        with pytest.raises(UserError, match="cannot be read"):
            read_config(path)
    with pytest.raises(UserError, match="cannot be read"):
        read_config(tmp_path)


def test_a_part_that_is_shared_very_often_is_refused() -> None:
    """As a pickle can hold it: thirty lists stand for 2^30 values."""
    value: list[Any] = ["x"]
    for _ in range(12):
        value = [value] * 8
    with pytest.raises(UserError, match="too large"):
        checked({"task": {"name": "x"}, "more": value}, "x")


@pytest.mark.parametrize("cases", [150, pytest.param(5000, marks=pytest.mark.nightly)])
def test_altered_configurations_are_plain_or_refused(tmp_path: Path, configs: list[dict[str, Any]], cases: int) -> None:
    path, refused = tmp_path / "config.yaml", 0
    for number in range(cases):
        rng = generator("config", number)
        config = rng.choice(configs)
        text = yaml.safe_dump(altered(config, rng)) if number % 2 else OmegaConf.to_yaml(OmegaConf.create(config))
        path.write_bytes(text.encode() if number % 2 else damaged(text.encode(), rng))
        try:
            found = checked(read_config(path), path)
        except UserError as error:
            refused += 1
            assert "\n" not in str(error) and len(str(error)) < 500
        else:
            assert "${" not in repr(found)
    assert refused > cases / 4
