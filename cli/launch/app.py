"""Pass a checked call to Hydra, which composes the configuration, makes the folder and calls `cli.<verb>.run(cfg)`."""

import importlib
import logging
import os
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import hydra
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

from mnv3.cli.call import no_effect
from mnv3.cli.call.arguments import Arguments
from mnv3.cli.call.mistakes import CANNOT_COMPOSE
from mnv3.cli.launch import cluster, distributed, known_failures, naming, stop_messages
from mnv3.cli.tasks import explained
from mnv3.conf import schema
from mnv3.tools.errors import Failure, UserError, first_line
from mnv3.tools.files.temporaries import scratch_folder
from mnv3.tools.machine import stops
from mnv3.tools.runs.folder import RunFolder

log = logging.getLogger("mnv3")
file_log = logging.getLogger("mnv3.traceback")  # written to log.txt only


def launch(verb: str, arguments: Arguments, dry: bool) -> Path | None:
    """Run the verb once, or once per combination of a multirun; raise errors after all jobs have run. Return what the
    last job wrote, if its verb names it."""
    schema.register()
    naming.register(showing=arguments.shows)
    jobs = _Jobs(verb, ["--config-dir", arguments.config_dir] if arguments.config_dir else [])

    def job(cfg: DictConfig) -> None:  # Hydra requires a function
        jobs.run(cfg)

    with _temporary_folder(wanted=dry and not cluster.rank()) as folders, _raised_exceptions():
        sys.argv = [sys.argv[0], *arguments.overrides, *folders, *arguments.flags]
        try:
            hydra.main(version_base="1.3", config_path="pkg://mnv3.conf", config_name=verb)(job)()
        except BaseException as error:  # from the job's folder, its log, or Hydra's composing
            naming.give_back_all()
            known = known_failures.translated(error) if isinstance(error, Exception) else error
            if known is not error:
                raise known from error
            if jobs.count or isinstance(error, UserError) or not isinstance(error, CANNOT_COMPOSE):
                raise
            raise UserError(f"The call cannot be parsed: {first_line(error)}") from error
        finally:
            if arguments.multirun:  # Hydra's record of the sweep; every run has its own configuration
                Path("runs", "multirun.yaml").unlink(missing_ok=True)
    jobs.raise_errors()
    return jobs.written


class _Jobs:
    """Runs the jobs of a call and remembers which failed."""

    def __init__(self, verb: str, flags: list[str]) -> None:
        self.verb = verb
        self.flags = flags
        self.program, *self.call = sys.argv
        self.submission = secrets.token_hex(8)
        self.carried = False
        self.count = 0
        self.errors: list[Exception] = []
        self.written: Path | None = None

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Repeat the setup of `launch` in the process in which a launcher such as submitit starts the job."""
        self.__dict__.update(state)
        self.carried = True
        schema.register()
        naming.register(showing=False)
        cluster.enter(self.submission)

    def run(self, cfg: DictConfig) -> None:
        self.count += 1
        environment = dict(os.environ)
        logging.captureWarnings(True)
        distributed.tell_children(self.program, self.verb, self.flags)
        try:
            for warning in no_effect.warnings(cfg, HydraConfig.get().overrides.task):
                log.warning(warning)
            self.written = importlib.import_module(f"mnv3.cli.{self.verb}").run(cfg)
        except BaseException as error:
            if not self.carried and (stops.asked() or isinstance(error, KeyboardInterrupt)):
                raise self._stopped(cfg) from error
            if not isinstance(error, Exception):
                raise
            self._failed(explained(error) if isinstance(error, UserError) else known_failures.translated(error))
        finally:
            distributed.forget_processes(environment)

    def _failed(self, error: Exception) -> None:
        file_log.exception(error, exc_info=error)
        folder = HydraConfig.get().runtime.output_dir
        if isinstance(error, UserError):
            naming.give_back(folder)
        if isinstance(error, Failure) and self.verb == "train" and not cluster.rank():
            stop_messages.report(RunFolder(folder), self.call)
        if self.carried:  # the launcher returns the exception to the first process
            raise error
        self.errors.append(error)

    def _stopped(self, cfg: DictConfig) -> KeyboardInterrupt:
        """Return the exception to raise; for a training, log how to resume it."""
        if self.verb != "train" or cfg.dry:
            return KeyboardInterrupt()
        folder = HydraConfig.get().runtime.output_dir
        if not cluster.rank():
            stop_messages.report(RunFolder(folder), self.call)
        naming.give_back(folder)
        return stops.ReportedStop()

    def raise_errors(self) -> None:
        """Raise a single error as it is, those of a multirun as one: a UserError if all are."""
        if len(self.errors) <= 1 and self.count <= 1:
            for error in self.errors:
                raise error
        problems = [line for error in self.errors for line in getattr(error, "problems", [_one_line(error)])]
        if problems and all(isinstance(error, UserError) for error in self.errors):
            raise UserError(*dict.fromkeys(problems))
        if problems:
            raise RuntimeError(f"{len(self.errors)} of {self.count} runs failed: " + "; ".join(problems))


def _one_line(error: Exception) -> str:
    return str(error) if isinstance(error, Failure) else f"{type(error).__name__}: {first_line(error)}"


@contextmanager
def _temporary_folder(wanted: bool) -> Iterator[list[str]]:
    """Yield overrides that put a dry run's folder and log into a temporary folder."""
    if not wanted:
        yield []
        return
    with scratch_folder("dry") as folder:
        yield [f"hydra.run.dir={folder}", f"hydra.sweep.dir={folder}", "hydra.sweep.subdir=${hydra.job.num}"]


@contextmanager
def _raised_exceptions() -> Iterator[None]:
    """Set the variable without which Hydra prints exceptions itself and exits with 1."""
    before = os.environ.get("HYDRA_FULL_ERROR")
    os.environ["HYDRA_FULL_ERROR"] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ["HYDRA_FULL_ERROR"]
        else:
            os.environ["HYDRA_FULL_ERROR"] = before
