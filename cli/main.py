"""Entry of the console script: finds the verb and gives the rest of the call to it.

Only what a verb needs is imported, so that help and completion answer at once.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

from cli import arguments, failures
from cli.verbs import VERBS
from tools.errors import UserError


def main() -> None:
    """The console script `mnv3`."""
    argv = sys.argv[1:]
    sys.exit(failures.exit_code(lambda: run(argv)))


def run(argv: Sequence[str]) -> None:
    """Do what `argv` (without the program's name) asks for. Raises UserError for the user's mistakes."""
    first = argv[0] if argv else "help"
    if first == "--version":
        print(f"mnv3 {_version()}")
    elif first in ("help", "--help", "-h"):
        _help(argv[1:])
    elif first not in VERBS:
        from cli import mistakes

        raise UserError(*mistakes.of_unknown_verb(first, argv[1:]))
    elif not VERBS[first].configured and {"--help", "-h"} & set(argv[1:]):
        _help([first])
    elif VERBS[first].configured:
        _configured(first, arguments.split(argv[1:], VERBS[first].words, VERBS[first].rest))
    elif first == "env":
        from cli import env

        env.run(argv[1:])
    elif first == "compare":
        from cli import compare

        compare.run(argv[1:])
    else:
        from cli import completion

        completion.run(argv[1:])


def _configured(verb: str, given: arguments.Arguments) -> None:
    from cli import app, cluster, experiments, mistakes, resume, scored

    config_dir = Path(given.config_dir) if given.config_dir else None
    if given.help:
        from cli import help

        print(help.of_verb(verb, given.overrides, config_dir))
        return
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
    app.launch(verb, given, dry=all(job.get("dry", False) for job in jobs))


def _help(words: Sequence[str]) -> None:
    from cli import help

    if not words:
        print(help.overview())
    elif words[0] in VERBS:
        print(help.of_verb(words[0], words[1:]))
    else:
        run(words)  # says that there is no such verb


def _version() -> str:
    from importlib.metadata import version

    return version("mnv3")
