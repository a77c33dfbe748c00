"""Hands a checked call to Hydra, which composes the configuration, makes the folder and calls `cli.<verb>.run(cfg)`."""

import importlib
import logging
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import hydra
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

from cli import distributed, naming, no_effect
from cli.arguments import Arguments
from conf import schema
from tools.errors import UserError


def launch(verb: str, arguments: Arguments, dry: bool) -> None:
    """Run the verb once, or once for every combination of a multirun. Exceptions of the verb come through."""
    schema.register()
    naming.register(showing=arguments.shows)
    with _temporary_folder(wanted=dry and not distributed.started_by_us()) as folders:
        sys.argv = [sys.argv[0], *arguments.overrides, *folders, *arguments.flags]
        application = hydra.main(version_base="1.3", config_path="pkg://conf", config_name=verb)
        with _exceptions_come_through():
            flags = ["--config-dir", arguments.config_dir] if arguments.config_dir else []
            application(_job(verb, flags))()
        if arguments.multirun:  # Hydra's note of the sweep; every run has its own configuration
            Path("runs", "multirun.yaml").unlink(missing_ok=True)


def _job(verb: str, flags: Sequence[str]) -> Callable[[DictConfig], None]:
    def job(cfg: DictConfig) -> None:
        environment = dict(os.environ)
        logging.captureWarnings(True)
        distributed.tell_children(verb, flags)
        try:
            for warning in no_effect.warnings(cfg, HydraConfig.get().overrides.task):
                logging.getLogger(__name__).warning(warning)
            importlib.import_module(f"cli.{verb}").run(cfg)
        except UserError:
            naming.give_back(HydraConfig.get().runtime.output_dir)
            raise
        finally:
            distributed.forget_processes(environment)

    return job


@contextmanager
def _temporary_folder(wanted: bool) -> Iterator[list[str]]:
    """Overrides that send a dry run's folder, and its log, to a place that is gone afterwards."""
    if not wanted:
        yield []
        return
    folder = tempfile.mkdtemp(prefix="mnv3-dry-")
    try:
        yield [f"hydra.run.dir={folder}", f"hydra.sweep.dir={folder}", "hydra.sweep.subdir=${hydra.job.num}"]
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _exceptions_come_through() -> Iterator[None]:
    """Hydra prints exceptions and exits with 1 unless this variable is set: then our own error layer sees them."""
    before = os.environ.get("HYDRA_FULL_ERROR")
    os.environ["HYDRA_FULL_ERROR"] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ["HYDRA_FULL_ERROR"]
        else:
            os.environ["HYDRA_FULL_ERROR"] = before
