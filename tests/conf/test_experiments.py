"""The experiments: each is the row it says, and its header tells the paper's figures and the work to expect."""

from pathlib import Path

import pytest

from mnv3.cli.call.composing import composer
from mnv3.cli.call.experiments import changes, of_row
from mnv3.cli.tasks import task_of_table
from mnv3.conf import schema
from mnv3.tools.paper.tables import ROWS, Row, table_of

FOLDER = Path(schema.__file__).parent / "experiment"
NAMES = {"coco": "COCO", "cityscapes": "Cityscapes"}
PHONES = {6: "Pixel 1", 7: "Pixel 3", 8: "Pixel 3"}
FLOPS_A_SECOND = 2e12
"""A guess: a few hundredths of what a data-centre GPU can do, as usual for networks with depthwise convolutions."""


def test_every_row_is_an_experiment() -> None:
    files = {file.relative_to(FOLDER).with_suffix("").as_posix() for file in FOLDER.rglob("*.yaml")}
    assert files == set(ROWS)


def printed_time(text: str) -> str:
    return f"{text[:-1]} s" if text.endswith("s") else f"{text} ms"


def published(row: Row) -> str:
    """The sentence about the paper's figures."""
    table, figures = table_of(row.name), row.printed
    score = f"{table.score} {figures[table.score]} on {NAMES[table.dataset]} {table.split}"
    params = f", {figures['params']} M parameters" if "params" in figures else ""
    halves = {key: f" ({text(figures[key])})" if key in figures else "" for key, text in HALVES.items()}
    work = f", {figures['madds']} B multiply-adds{halves['half_madds']}"
    time = f"{printed_time(figures['latency'])}{halves['half_latency']} on one core of a {PHONES[table.number]}"
    return f"Published: {score}{params}{work}, {time}"


HALVES = {"half_madds": lambda text: f"{text} B", "half_latency": printed_time}


def gpu_hours(row: Row, steps: int, batch: int, crop: list[int] | None) -> str:
    """Forward and backward pass are three times the forward pass, a multiply-add is two operations."""
    share = crop[0] * crop[1] / (1025 * 2049) if crop else 1
    hours = steps * batch * share * 6 * row.figures["madds"] * 1e9 / FLOPS_A_SECOND / 3600
    return f"{hours:.1f}" if hours < 10 else f"{hours:.0f}"


@pytest.mark.parametrize("name", ROWS)
def test_headers_say_what_the_paper_and_the_recipe_say(name: str) -> None:
    row, text = ROWS[name], (FOLDER / f"{name}.yaml").read_text()
    header = " ".join(line.lstrip("# ") for line in text.splitlines() if line.startswith("#"))
    assert f"Table {table_of(name).number}, {row.title}. {published(row)}" in header
    assert f"mnv3 train experiment={name} " in header
    with composer("train") as compose:
        config = compose([f"experiment={name}"])
    crop = config.recipe.get("crop")
    hours = gpu_hours(row, config.recipe.steps, config.recipe.base_batch, crop)
    assert f"Expected with recipe=paper: {hours} GPU-hours" in header
    views = config.recipe.steps * config.recipe.base_batch / 1e6
    assert (f"{views:.2f} M crops" if crop else f"{views:.0f} M image views") in header


@pytest.mark.parametrize("name", ROWS)
def test_an_experiment_is_its_row_on_any_data_by_any_recipe(name: str) -> None:
    table = table_of(name)
    with composer("train") as compose:
        config = compose([f"experiment={name}"])
        assert (config.row, config.task.name, config.dataset.name) == (
            name,
            task_of_table(table.number).name,
            table.dataset,
        )
        assert config.recipe.name == "paper"
        other = compose(["recipe=quick", f"experiment={name}", "dataset=streets"])
        assert (other.row, other.dataset.name, other.recipe.name) == (name, "streets", "quick")
        assert other.backbone == config.backbone
        assert compose([f"experiment={name}", "recipe=modern"]).recipe.name == "modern"


def test_only_cityscapes_frames_get_the_authors_size() -> None:
    with composer("train") as compose:
        sizes = {
            dataset: compose(["experiment=table8/v3_small_os16", f"dataset={dataset}"]).task.input_size
            for dataset in ("cityscapes", "streets", "camvid")
        }
        typed = compose(["experiment=table8/v3_small_os16", "task.input_size=[513,1025]"]).task.input_size
    assert sizes == {"cityscapes": [1025, 2049], "streets": None, "camvid": None}
    assert typed == [513, 1025]


def test_what_changes_a_network() -> None:
    with composer("train") as compose:
        row = of_row(compose, "table7/v3_small_rf2_lraspp", "streets")
        assert row["dataset"]["name"] == "streets"
        overrides = ["experiment=table7/v3_small_rf2_lraspp", "dataset=streets"]

        def of(*more: str) -> list[str]:
            return changes(compose([*overrides, *more]), row)  # type: ignore[arg-type]

        assert of("backbone.weights=imagenet", "recipe=modern", "seed=3") == []
        assert of("backbone.width=0.5", "task.filters=256") == ["task.filters=256", "backbone.width=0.5"]
        older = dict(row, backbone={key: value for key, value in row["backbone"].items() if key != "se"})
        assert changes(older, row) == []
