"""Our values for the Slurm launcher."""

from dataclasses import fields
from pathlib import Path

import pytest
import yaml

from mnv3.conf import schema


def test_the_launcher_has_the_plugins_keys() -> None:
    """So that each can be given as hydra.launcher.KEY, whatever it is."""
    plugin = pytest.importorskip("hydra_plugins.hydra_submitit_launcher.config")
    ours = yaml.safe_load((Path(schema.__file__).parent / "hydra" / "launcher" / "slurm.yaml").read_text())
    assert set(ours) == {field.name for field in fields(plugin.SlurmQueueConf)}
