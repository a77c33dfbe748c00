"""How a call ends: what is printed, and the exit code.

0: done. 1: a failure, one line. 2: the user's mistake, a sentence each. 130: Ctrl-C.
The traceback is shown on demand: MNV3_TRACEBACK=1, or Hydra's own HYDRA_FULL_ERROR=1.
"""

import os
import sys
import traceback
from collections.abc import Callable

from tools.errors import UserError
from tools.printable import printable


def exit_code(call: Callable[[], None]) -> int:
    """Run `call`, print what went wrong, and return the exit code."""
    asked = os.environ.get("HYDRA_FULL_ERROR", "0") not in ("", "0")
    wanted = os.environ.setdefault("MNV3_TRACEBACK", "1" if asked else "0") not in ("", "0")
    try:
        call()
        return 0
    except KeyboardInterrupt:
        print("\nStopped.", file=sys.stderr)
        return 130
    except BrokenPipeError:  # the reader of our output (head, less) has gone
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except UserError as error:
        if wanted:
            traceback.print_exc()
        _tell(error.problems)
        return 2
    except Exception as error:
        if wanted:
            traceback.print_exc()
        first_line = (str(error).strip() or "no message").splitlines()[0]
        hint = "" if wanted else " (MNV3_TRACEBACK=1 shows the traceback)"
        print(f"mnv3 failed: {type(error).__name__}: {first_line}{hint}", file=sys.stderr)
        return 1


def _tell(problems: tuple[str, ...]) -> None:
    if len(problems) == 1:
        print(f"mnv3: {printable(problems[0])}", file=sys.stderr)
        return
    print(f"mnv3: {len(problems)} mistakes:", file=sys.stderr)
    for problem in problems:
        print(f"  - {printable(problem)}", file=sys.stderr)
