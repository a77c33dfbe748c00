"""Entry point of the console script: dispatches to the verb.

Imports only what the verb needs, so that help and completion are fast.
"""

import importlib
import logging
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from mnv3.cli.call import arguments
from mnv3.cli.call.verbs import VERBS
from mnv3.cli.launch import failures, printing
from mnv3.tools.errors import UserError
from mnv3.tools.machine import stops

NO_HOME = "Could not determine home directory."
"""The error message of Path.expanduser."""


def main() -> None:
    """Run the console script `mnv3`."""
    begin(run)


def begin(call: Callable[[Sequence[str]], object]) -> None:
    """Run `call` with the words of the command line, and end the process."""
    stops.listen()
    printing.listen()
    argv = sys.argv[1:]
    code = failures.exit_code(lambda: call(argv), argv)
    stops.end()
    logging.disable()  # half-imported libraries may log when Python exits after an interrupted import
    stops.leave(code)


def run(argv: Sequence[str]) -> Path | None:
    """Run the command `argv` (without the program's name); return what it wrote, if its verb names it. Raises UserError
    for the user's mistakes."""
    try:
        return _run(argv)
    except RuntimeError as error:
        if str(error) != NO_HOME:
            raise
        raise UserError("A path in the call begins with ~NAME, but this machine has no such user.") from error


def _run(argv: Sequence[str]) -> Path | None:
    first = argv[0] if argv else "help"
    if first == "--version":
        print(f"mnv3 {_version()}")
    elif first in ("help", "--help", "-h"):
        _help(argv[1:])
    elif first not in VERBS:
        from mnv3.cli.call import mistakes

        raise UserError(*mistakes.of_unknown_verb(first, argv[1:]))
    elif VERBS[first].configured:
        return _configured(first, arguments.split(argv[1:], VERBS[first].words, VERBS[first].rest))
    elif {"--help", "-h"} & set(argv[1:]):
        _help([first])
    else:
        importlib.import_module(f"mnv3.cli.{first}").run(argv[1:])
    return None


def _configured(verb: str, given: arguments.Arguments) -> Path | None:
    from mnv3.cli import scored
    from mnv3.cli.call import experiments, mistakes, own_data, resume
    from mnv3.cli.launch import app, cluster, surroundings
    from mnv3.tools.files import locks

    surroundings.allow_open_files()
    config_dir = Path(given.config_dir) if given.config_dir else None
    if verb in own_data.DEFAULTS:
        given = own_data.with_defaults(given, verb)
    if given.help:
        _help_of(verb, given, config_dir)
        return None
    if verb in ("eval", "export", "predict"):
        given = scored.with_task(given, verb)
    run = resume.folder(given) if verb == "train" else None
    if run:
        given = resume.complete(given, run)
    given = cluster.with_launcher(experiments.with_names(verb, given, config_dir))
    jobs = mistakes.check(verb, given, config_dir)
    cluster.check(given, jobs)
    if run:
        resume.refuse_changes(run, jobs[0])
        if (
            cluster.first() and not given.shows and not cluster.restarted()
        ):  # not earlier: a rejected call must not touch the log
            locks.hold(run, "this run")
    return app.launch(verb, given, dry=all(job.get("dry", False) for job in jobs))


def _help(words: Sequence[str]) -> None:
    from mnv3.cli import help

    if not words:
        print(help.overview())
    elif words[0] in VERBS:
        if VERBS[words[0]].configured:
            _configured(words[0], arguments.split([*words[1:], "--help"], VERBS[words[0]].words, VERBS[words[0]].rest))
        else:
            print(help.of_verb(words[0]))
    else:
        run(words)  # reports that there is no such verb


def _help_of(verb: str, given: arguments.Arguments, config_dir: Path | None) -> None:
    """Print the help of a verb with the groups that the call chooses. Raises UserError for unknown groups."""
    from mnv3.cli import help
    from mnv3.cli.call import mistakes

    try:
        text = help.of_verb(verb, given.overrides, config_dir)
    except mistakes.CANNOT_COMPOSE as error:
        mistakes.check(verb, given, config_dir)
        raise UserError(f"mnv3 {verb} --help: the options are incompatible.") from error
    print(text)


def _version() -> str:
    from importlib.metadata import version

    return version("mnv3")
