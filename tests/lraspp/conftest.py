"""A segmentation run that takes seconds: small pictures, a thin network, three epochs."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from omegaconf import DictConfig

from mnv3.cli.call.composing import composer
from tests.lraspp.cityscapes_files import write_cityscapes

SMALL = (
    "dataset=cityscapes",
    "backbone.width=0.35",
    "data.workers=0",
    "recipe.batch_size=4",
    "recipe.epochs=3",
    "recipe.warmup_steps=2",
    "recipe.crop=[49,65]",
    "trainer.accelerator=cpu",
    "wandb.mode=disabled",
)


@pytest.fixture(scope="session")
def cityscapes_root(tmp_path_factory) -> Path:
    """A data root with ten training and five validation frames in Cityscapes' layout."""
    root = tmp_path_factory.mktemp("data")
    write_cityscapes(root / "cityscapes", train=10, val=5)
    return root


@pytest.fixture
def compose(cityscapes_root) -> Callable[..., DictConfig]:
    """A configuration of `mnv3 train task=lraspp`, small unless the overrides say otherwise."""

    def composed(*overrides: str, small: bool = True) -> Any:
        with composer("train") as make:
            return make(["task=lraspp", f"data.root={cityscapes_root}", *(SMALL if small else ()), *overrides])

    return composed
