"""Standard output that remembers what could not be printed: logs give up a line where it fails, and tell nobody."""

import io
import os
import sys


class _Output(io.FileIO):
    """The first error stays."""

    error: OSError | None = None

    def write(self, content, /):  # type: ignore[no-untyped-def]  # bytes of any kind
        """As files do."""
        try:
            return super().write(content)
        except OSError as error:
            self.error = self.error or error
            raise


def listen() -> None:
    """From now on what cannot be printed is remembered."""
    if sys.stdout is None:
        return
    sys.stdout.flush()
    file = io.BufferedWriter(_Output(sys.stdout.fileno(), "w", closefd=False))
    sys.stdout = io.TextIOWrapper(
        file,
        sys.stdout.encoding,
        "backslashreplace",  # as of standard error: names that this terminal cannot show end nothing
        line_buffering=sys.stdout.line_buffering,  # type: ignore[attr-defined]
        write_through=sys.stdout.write_through,  # type: ignore[attr-defined]
    )


def problem() -> OSError | None:
    """Why not all was printed, None if all was. What is still waiting is printed, or given up."""
    failed = None
    try:
        sys.stdout.flush()
    except OSError as error:
        failed = error
    raw = getattr(getattr(sys.stdout, "buffer", None), "raw", None)
    failed = getattr(raw, "error", None) or failed
    if failed is not None:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or Python stumbles over it when it ends
    return failed
