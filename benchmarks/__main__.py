"""Run the benchmarks, all or the named ones, and write RESULTS.md: `python -m benchmarks [digits ...]`."""

import importlib
import os
import sys

from benchmarks import harness

NAMES = ("digits", "scenes", "text", "doctor", "pages", "browser")


def results_page(results):
    """Return the text of RESULTS.md for what results.json holds."""
    parts = [
        "# Results\n\nMade by `make bench` from results.json; medians, and the spread in brackets. The machines are "
        "shared with others, so seconds vary; the ratios are of runs that took turns.\n"
    ]
    for name in NAMES:
        if name in results:
            text = importlib.import_module(f"benchmarks.{name}").page(results[name])
            parts.append(f"{text}\nMachine: {results[name]['machine']}.\n")
    return "\n".join(parts)


def main(names):
    """Run benchmarks by name; without a name, all of them."""
    if unknown := set(names) - set(NAMES):
        sys.exit(f"no benchmark {', '.join(sorted(unknown))}; there are: {', '.join(NAMES)}")
    # The course keeps oneDNN off for stable digits; a benchmark runs TensorFlow as it comes.
    os.environ["TF_ENABLE_ONEDNN_OPTS"] = "1"
    for name in names or NAMES:
        print(f"measuring {name}", flush=True)
        page = results_page(harness.record(name, **importlib.import_module(f"benchmarks.{name}").measure()))
        (harness.FOLDER / "RESULTS.md").write_text(page)
    print(page)


if __name__ == "__main__":
    main(sys.argv[1:])
