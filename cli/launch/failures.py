"""Error messages and exit codes of a call.

0: success. 1: failure, in one line. 2: the user's mistakes, one sentence each. 130: Ctrl-C. 143: SIGTERM.
MNV3_TRACEBACK=1 or Hydra's HYDRA_FULL_ERROR=1 prints the traceback.
"""

import logging
import os
import shlex
import sys
import traceback
from collections.abc import Callable, Sequence

from mnv3.cli.launch import printing, surroundings
from mnv3.tools.errors import Failure, UserError, first_line
from mnv3.tools.machine import stops
from mnv3.tools.text.plain import printable


def exit_code(call: Callable[[], object], words: Sequence[str] = ()) -> int:
    """Run `call`, typed by the user as `words`, print errors, and return the exit code."""
    asked = os.environ.get("HYDRA_FULL_ERROR", "0") not in ("", "0")
    wanted = os.environ.setdefault("MNV3_TRACEBACK", "1" if asked else "0") not in ("", "0")
    logging.raiseExceptions = False  # unprintable lines end nothing: see `cli.launch.printing`
    try:
        surroundings.check()
        call()
        return _printed(printing.problem())
    except BaseException as error:
        stops.end()
        if stops.asked() or isinstance(error, KeyboardInterrupt):
            return _stopped(error, words)
        if not isinstance(error, Exception):
            raise
        if isinstance(error, OSError) and (reason := printing.problem()):
            return _printed(reason)
        if wanted:
            traceback.print_exc()
        return _failed(error, wanted)


def _printed(reason: OSError | None) -> int:
    """Return the exit code; a closed pipe, such as of head, is not a failure."""
    if reason is None or isinstance(reason, BrokenPipeError):
        return 0
    print(f"mnv3: the output is incomplete: standard output: {reason.strerror}.", file=sys.stderr)
    return 1


def _stopped(error: BaseException, words: Sequence[str]) -> int:
    """Print that the call was stopped, unless a training has reported that already."""
    if not isinstance(error, stops.ReportedStop):
        again = f" before anything was saved. Start again with: {typed(words)}" if words[:1] == ["train"] else ""
        print(f"\nmnv3: Stopped by {stops.name()}{again or '. All written files are complete.'}", file=sys.stderr)
    return stops.exit_code()


def _failed(error: Exception, wanted: bool) -> int:
    if not isinstance(error, UserError | Failure):
        from mnv3.cli.launch import known_failures

        error = known_failures.translated(error)
    if isinstance(error, UserError):
        _print(error.problems)
        return 2
    if isinstance(error, Failure):
        print(f"mnv3: {error}", file=sys.stderr)
        return 1
    hint = "" if wanted else " (MNV3_TRACEBACK=1 prints the traceback)"
    print(f"mnv3 failed: {type(error).__name__}: {first_line(error)}{hint}", file=sys.stderr)
    return 1


def typed(words: Sequence[str]) -> str:
    """Format a call for the shell."""
    return shlex.join(["mnv3", *words])


def _print(problems: tuple[str, ...]) -> None:
    if len(problems) == 1:
        print(f"mnv3: {printable(problems[0])}", file=sys.stderr)
        return
    print(f"mnv3: {len(problems)} mistakes:", file=sys.stderr)
    for problem in problems:
        print(f"  - {printable(problem)}", file=sys.stderr)
