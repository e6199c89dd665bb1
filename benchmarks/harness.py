"""What every benchmark shares: a record of the machine, the raw figures in results.json, and RESULTS.md made from them.

`make bench` runs all of them, `make bench BENCH=digits` one. A chapter quotes ratios and scores, never seconds, and
reads them from results.json.
"""

import json
import os
import platform
import statistics
import time
from importlib.metadata import version
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
RESULTS = FOLDER / "results.json"


def machine():
    """Return what ran the benchmark, as one line."""
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    names = [line.partition(": ")[2] for line in lines if line.startswith("model name")]
    packages = ", ".join(f"{name} {version(name.lower())}" for name in ("TensorFlow", "Keras", "NumPy"))
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{names[0] if names else platform.machine()}, {cores} cores; Python {platform.python_version()}, {packages}"


def seconds(function, *arguments, **options):
    """Return the wall time of one call of `function`, and what it returned."""
    start = time.perf_counter()
    result = function(*arguments, **options)
    return time.perf_counter() - start, result


def middle(values, decimals=1):
    """Return the median and the spread of some figures as text: `8.1 (7.9 to 9.0)`."""
    low, mid, high = (f"{value:,.{decimals}f}" for value in (min(values), statistics.median(values), max(values)))
    return f"{mid} ({low} to {high})"


def record(name, **measured):
    """Store what one benchmark measured, with the machine, in results.json; return all of it."""
    results = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    results[name] = {"machine": machine(), **measured}
    RESULTS.write_text(json.dumps(results, indent=1, sort_keys=True) + "\n")
    return results


def table(header, rows):
    """Return a Markdown table."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(str(entry) for entry in line)} |" for line in lines)
