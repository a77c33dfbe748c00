"""How a call ends: what is printed, and the exit code.

0: done. 1: a failure, one line. 2: the user's mistake, a sentence each. 130: Ctrl-C. 143: SIGTERM.
The traceback is shown on demand: MNV3_TRACEBACK=1, or Hydra's own HYDRA_FULL_ERROR=1.
"""

import logging
import os
import shlex
import sys
import traceback
from collections.abc import Callable, Sequence

from mnv3.cli.launch import printing, surroundings
from mnv3.tools.errors import Failure, UserError
from mnv3.tools.machine import stops
from mnv3.tools.text.plain import printable


def exit_code(call: Callable[[], None], words: Sequence[str] = ()) -> int:
    """Run `call`, which the user has typed as `words`, print what went wrong, and return the exit code."""
    asked = os.environ.get("HYDRA_FULL_ERROR", "0") not in ("", "0")
    wanted = os.environ.setdefault("MNV3_TRACEBACK", "1" if asked else "0") not in ("", "0")
    logging.raiseExceptions = False  # a line that cannot be printed ends nothing: see `cli.launch.printing`
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
    """The exit code: that the reader, as head, has gone is no failure."""
    if reason is None or isinstance(reason, BrokenPipeError):
        return 0
    print(f"mnv3: not all could be printed: standard output: {reason.strerror}.", file=sys.stderr)
    return 1


def _stopped(error: BaseException, words: Sequence[str]) -> int:
    """A training has told more by now, in its log too."""
    if not isinstance(error, stops.ReportedStop):
        again = f" before anything was saved. Begin again with: {typed(words)}" if words[:1] == ["train"] else ""
        print(f"\nmnv3: Stopped by {stops.name()}{again or '. Files that were written are whole.'}", file=sys.stderr)
    return stops.exit_code()


def _failed(error: Exception, wanted: bool) -> int:
    if not isinstance(error, UserError | Failure):
        from mnv3.cli.launch import known_failures

        error = known_failures.translated(error)
    if isinstance(error, UserError):
        _tell(error.problems)
        return 2
    if isinstance(error, Failure):
        print(f"mnv3: {error}", file=sys.stderr)
        return 1
    first_line = (str(error).strip() or "no message").splitlines()[0]
    hint = "" if wanted else " (MNV3_TRACEBACK=1 shows the traceback)"
    print(f"mnv3 failed: {type(error).__name__}: {first_line}{hint}", file=sys.stderr)
    return 1


def typed(words: Sequence[str]) -> str:
    """A call as it can be typed again."""
    return shlex.join(["mnv3", *words])


def _tell(problems: tuple[str, ...]) -> None:
    if len(problems) == 1:
        print(f"mnv3: {printable(problems[0])}", file=sys.stderr)
        return
    print(f"mnv3: {len(problems)} mistakes:", file=sys.stderr)
    for problem in problems:
        print(f"  - {printable(problem)}", file=sys.stderr)
