"""`python -m tests.benchmarks [--quick]`: the table of ratios; ends with 0 whatever the numbers are."""

from __future__ import annotations

import argparse
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks.bench import Bench, Row
from tests.benchmarks.clock import NotMeasured, plain_env
from tests.benchmarks.rows import ROWS


def table(bench: Bench) -> Iterator[str]:
    """The table, line by line as the numbers come in."""
    yield f"{'what':66} {'ours':>9} {'theirs':>9} {'ratio':>6}  {'target':18} held"
    for measure in ROWS:
        try:
            rows = measure(bench)
            yield from map(line, rows if isinstance(rows, tuple) else (rows,))
        except NotMeasured as reason:
            yield f"{measure.__name__:66} not measured: {reason}"


def line(row: Row) -> str:
    """One row as text."""
    theirs = f"{row.theirs * 1000:7.0f}ms" if row.theirs else "-"
    ratio = f"{row.ours / row.theirs:.2f}" if row.theirs else "-"
    held = "yes" if row.held else "NO"
    return f"{row.what:66} {row.ours * 1000:7.0f}ms {theirs:>9} {ratio:>6}  {row.target:18} {held}"


def main() -> None:
    """Measure on the engine of the environment."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="two rounds instead of seven")
    parser.add_argument("--base", default="devbox-base:bookworm", help="base image of the projects that are measured")
    arguments = parser.parse_args()
    env = plain_env()
    if "DEVBOX_TEST_ENGINE" in os.environ:
        env.setdefault("DOCKER_HOST", os.environ["DEVBOX_TEST_ENGINE"])
    folder = Path(tempfile.mkdtemp(prefix="devbox-bench-"))
    try:
        for text in table(Bench(env, folder, arguments.base, 2 if arguments.quick else 7, arguments.quick)):
            print(text, flush=True)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
