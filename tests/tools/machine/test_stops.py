"""Ctrl-C and SIGTERM, as the shell sees them."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import os, signal, sys, time
from mnv3.cli.launch import failures
from mnv3.tools.machine import stops

def call():
    try:
        print("begun", flush=True)
        {body}
    finally:
        {last}

{before}
stops.listen()
sys.exit(failures.exit_code(call, {words}))
"""
CODES = {signal.SIGTERM: 143, signal.SIGINT: 130}


def start(body: str = "time.sleep(60)", last: str = "pass", before: str = "", words: str = "[]") -> subprocess.Popen:
    code = PROGRAM.format(body=body, last=last, before=before, words=words)
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=Path(__file__).parents[3],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout and process.stdout.readline() == "begun\n"
    return process


@pytest.mark.parametrize("sent", CODES)
def test_the_exit_code_and_a_sentence(sent: signal.Signals) -> None:
    process = start()
    process.send_signal(sent)
    _, said = process.communicate(timeout=30)
    assert process.returncode == CODES[sent]
    assert {signal.SIGTERM: "SIGTERM", signal.SIGINT: "Ctrl-C"}[sent] in said and "Traceback" not in said


@pytest.mark.parametrize("sent", CODES)
def test_what_a_library_makes_of_it_does_not_count(sent: signal.Signals) -> None:
    """Lightning ends the process with 1, others raise something else when their work is broken off."""
    for instead in ("sys.exit(1)", "raise RuntimeError('connection lost')"):
        process = start(last=instead)
        process.send_signal(sent)
        _, said = process.communicate(timeout=30)
        assert process.returncode == CODES[sent] and "RuntimeError" not in said


@pytest.mark.parametrize("sent", CODES)
def test_the_second_one_ends_at_once(sent: signal.Signals) -> None:
    process = start(last="print('tidying', flush=True); time.sleep(60)", before="stops.TOGETHER_S = 0")
    assert process.stdout
    process.send_signal(signal.SIGTERM)
    assert process.stdout.readline() == "tidying\n"
    process.send_signal(sent)
    process.communicate(timeout=30)
    assert process.returncode == CODES[sent]


def test_two_at_the_same_moment_are_one() -> None:
    """`timeout` sends its signal to the process, and again to all of its group."""
    process = start(last="print('tidying', flush=True); time.sleep(1)", before="stops.TOGETHER_S = 60")
    assert process.stdout
    process.send_signal(signal.SIGTERM)
    assert process.stdout.readline() == "tidying\n"
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=30)
    assert process.returncode == 143 and "Stopped by SIGTERM" in said


def test_a_training_that_has_not_begun_says_how_to_begin_again() -> None:
    process = start(words="['train', 'name=my run', 'seed=1']")
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=30)
    assert "mnv3 train 'name=my run' seed=1" in said and "before anything was saved" in said


def test_what_the_parent_has_ignored_stays_ignored() -> None:
    """As with nohup, and with & in a script."""
    process = start("time.sleep(1)", before="signal.signal(signal.SIGINT, signal.SIG_IGN)")
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=30)
    assert process.returncode == 0


def test_a_forked_process_ends_by_sigterm_and_leaves_ctrl_c_to_its_parent() -> None:
    body = (
        "child = os.fork() or time.sleep(60)\n"
        "        os.kill(child, signal.SIGINT); time.sleep(0.2)\n"
        "        assert os.waitpid(child, os.WNOHANG) == (0, 0)\n"
        "        os.kill(child, signal.SIGTERM)\n"
        "        assert os.waitpid(child, 0)[1] == signal.SIGTERM"
    )
    process = start(body)
    _, said = process.communicate(timeout=30)
    assert process.returncode == 0, said
