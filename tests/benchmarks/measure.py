"""`python -m tests.benchmarks.measure look|walk`: seconds of one forecast, or of a stat of every file, of the folder it
runs in; without what starting Python and loading modules takes."""

from __future__ import annotations

import os
import stat
import sys
import time
from pathlib import Path


def look() -> float:
    """One forecast as `plan` makes it, index and ledger read from the disk."""
    from devbox.cli.options import GlobalOptions
    from devbox.flows.box.foresee import foresee
    from devbox.wiring import build_workspace

    def never(question: str, *, detail: str = "", trust: bool = False) -> bool:
        raise AssertionError(question)

    workspace = build_workspace(directory=Path.cwd(), options=GlobalOptions(), env=os.environ, ask=never)
    foresee(workspace)
    started = time.perf_counter()
    found = foresee(workspace)
    seconds = time.perf_counter() - started
    words = [step.word for build in found.builds for step in build.steps]
    assert set(words) == {"base", "hit"}, f"not warm: {words}"
    return seconds


def walk() -> float:
    """The floor: nothing but `lstat` of every file, in one process."""
    started = time.perf_counter()
    waiting = [os.getcwd()]
    while waiting:
        with os.scandir(waiting.pop()) as entries:
            for entry in entries:
                if stat.S_ISDIR(entry.stat(follow_symlinks=False).st_mode):
                    waiting.append(entry.path)
    return time.perf_counter() - started


if __name__ == "__main__":
    print({"look": look, "walk": walk}[sys.argv[1]]())
