"""What a benchmark found: a table to read, values to keep."""

from collections.abc import Mapping
from statistics import median
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.table import Table

from mnv3.tools.bench.rounds import Comparison, Timing


def record(comparison: Comparison, times: Mapping[str, Timing]) -> dict[str, Any]:
    """One comparison as plain values: seconds a call, images/s, MiB; `ratio`: how many times faster `ours` is.

    `rested`: the median of first calls after a rest, where the others are of calls in a row.
    """
    ours = times[comparison.ours]
    contestants = {
        name: {
            "median": timing.median,
            "p90": timing.p90,
            "rested": median(timing.rested) if timing.rested else None,
            "images_per_second": comparison.images / timing.median if comparison.images else None,
            "peak_mib": timing.peak_mib,
            "ratio": ours.times_faster_than(timing),
            "seconds": timing.seconds,
            "rested_seconds": timing.rested,
        }
        for name, timing in times.items()
    }
    return {
        "title": comparison.title,
        "threads": comparison.threads,
        "ours": comparison.ours,
        "contestants": contestants,
        "notes": comparison.notes,
    }


def table(found: Mapping[str, Any]) -> Table:
    """A record as a table; `titled` is what stands above it."""
    counted = any(row["images_per_second"] for row in found["contestants"].values())
    result = Table(box=SIMPLE_HEAD)
    result.add_column("contestant", no_wrap=True)
    rested = any(row["rested"] for row in found["contestants"].values())
    first, rate = ("rested\nms",) * rested, ("images\na second",) * counted
    for heading in ("median\nms", "p90\nms", *first, *rate, "peak\nMiB", "times\nours"):
        result.add_column(heading, justify="right")
    for name, row in found["contestants"].items():
        cells = [name, in_ms(row["median"]), in_ms(row["p90"])]
        cells += [in_ms(row["rested"])] if rested else []
        cells += [f"{row['images_per_second']:.0f}"] if counted else []
        cells += [f"{row['peak_mib']:.0f}"] if row["peak_mib"] else [""]
        cells += ["" if name == found["ours"] else f"{row['ratio']:.2f}"]
        result.add_row(*cells)
    return result


def titled(found: Mapping[str, Any]) -> str:
    """The title of a record, with its number of threads."""
    threads = found["threads"]
    return found["title"] if threads is None else f"{found['title']}, {threads} thread{'s' * (threads > 1)}"


def in_ms(seconds: float) -> str:
    """Milliseconds, with a digit more where they are few."""
    return f"{seconds * 1e3:.{int(seconds < 1)}f}"
