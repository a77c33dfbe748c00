"""A detection run that takes seconds: small pictures, a thin network, two epochs."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from omegaconf import DictConfig

from mnv3.cli.call.composing import composer

SMALL = (
    "task.input_size=[96,128]",
    "backbone.width=0.35",
    "dataset.train=10",
    "dataset.val=5",
    "dataset.height=96",
    "dataset.width=128",
    "data.workers=0",
    "recipe.batch_size=4",
    "recipe.epochs=3",
    "recipe.warmup_steps=2",
    "trainer.accelerator=cpu",
    "wandb.mode=disabled",
)


@pytest.fixture(scope="session")
def streets_root(tmp_path_factory) -> Path:
    """Where the small data set is drawn, once."""
    return tmp_path_factory.mktemp("data")


@pytest.fixture
def compose(streets_root) -> Callable[..., DictConfig]:
    """A configuration of `mnv3 train`, small unless the overrides say otherwise."""

    def composed(*overrides: str, small: bool = True) -> Any:
        with composer("train") as make:
            return make([f"data.root={streets_root}", *(SMALL if small else ()), *overrides])

    return composed
