"""Fixtures that every test folder uses."""

import logging
import os
import resource
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def test_data() -> Path:
    """Folder of real images, weights and reference outputs, named by MNV3_TEST_DATA."""
    folder = os.environ.get("MNV3_TEST_DATA")
    if not folder:
        pytest.skip("MNV3_TEST_DATA is not set")
    return Path(folder)


@pytest.fixture
def full_disk() -> Iterator[None]:
    """Files of this process may have 64 bytes: past that the system refuses to write, to libraries in C too."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (64, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.fixture(autouse=True, scope="session")
def heard_interrupts() -> None:
    """Where a shell has started pytest in the background, Ctrl-C is ignored, and would be by all that tests start."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def no_wandb_mode(monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine's own WANDB_MODE would win over what a test asks for."""
    monkeypatch.delenv("WANDB_MODE", raising=False)


@pytest.fixture(autouse=True)
def own_log_handlers() -> Iterator[None]:
    """A call in this process sets handlers up, for streams that end with its test."""
    loggers = [logging.getLogger(name) for name in (None, "mnv3", "mnv3.traceback")]
    before = [list(logger.handlers) for logger in loggers]
    yield
    for logger, handlers in zip(loggers, before, strict=True):
        logger.handlers[:] = handlers
