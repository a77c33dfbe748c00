"""Standard output that remembers its first error, because logging drops failed lines silently."""

import io
import os
import sys


class _Output(io.FileIO):
    """A file that keeps its first write error."""

    error: OSError | None = None

    def write(self, content, /):  # type: ignore[no-untyped-def]  # bytes of any kind
        """Write `content`, keeping the first error."""
        try:
            return super().write(content)
        except OSError as error:
            self.error = self.error or error
            raise


def listen() -> None:
    """Replace standard output by one that remembers errors."""
    if sys.stdout is None:
        return
    sys.stdout.flush()
    file = io.BufferedWriter(_Output(sys.stdout.fileno(), "w", closefd=False))
    sys.stdout = io.TextIOWrapper(
        file,
        sys.stdout.encoding,
        "backslashreplace",  # as standard error: names that the terminal cannot print are escaped
        line_buffering=sys.stdout.line_buffering,  # type: ignore[attr-defined]
        write_through=sys.stdout.write_through,  # type: ignore[attr-defined]
    )


def problem() -> OSError | None:
    """Flush standard output; return its first error, None if everything was printed."""
    failed = None
    try:
        sys.stdout.flush()
    except OSError as error:
        failed = error
    raw = getattr(getattr(sys.stdout, "buffer", None), "raw", None)
    failed = getattr(raw, "error", None) or failed
    if failed is not None:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or Python fails on it at exit
    return failed
