"""mnv3 eval: score a trained network with the official evaluator."""

import importlib
from pathlib import Path

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

from tools.errors import UserError
from tools.runs import find, typed_keys, wanted


def run(cfg: DictConfig) -> None:
    """Score the run, checkpoint or weights that `cfg` and the call's own keys name.

    Raises:
        UserError: what the user can mend.
    """
    typed = typed_keys(HydraConfig.get().overrides.task)
    asked = wanted(cfg, typed)
    scoring = importlib.import_module(f"{cfg.task.name}.scoring")
    if cfg.weights is not None:
        if cfg.run is not None or cfg.ckpt is not None:
            raise UserError("weights= and run= or ckpt= both say what to score; give one of them.")
        scoring.score_weights(cfg, typed, asked)
        return
    scoring.score_run(cfg, typed, find(Path("runs"), cfg.task.name, cfg.run, cfg.ckpt, asked), asked)
