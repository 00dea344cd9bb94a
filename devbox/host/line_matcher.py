"""A regular expression of the project against lines, in a process of its own.

A pattern such as `(a+)+$` can take for ever on one line, and Python's `re` can neither be timed nor be interrupted: it
would hold devbox itself, deadlines included. The child can be killed, and its CPU time is limited should we be killed.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Iterable

CPU_SECONDS = 600
"""What one matcher may burn altogether."""

_CHILD = """
import re, resource, sys
resource.setrlimit(resource.RLIMIT_CPU, (int(sys.argv[2]), int(sys.argv[2])))
search = re.compile(sys.argv[1].encode("utf-8", "surrogateescape")).search
for line in sys.stdin.buffer:
    if search(line.rstrip(b"\\n")):
        sys.exit(0)
sys.exit(1)
"""


class LineMatcher:
    """Takes lines until one matches; `feed` may block while a line is being matched, `close` ends that at once."""

    def __init__(self, pattern: str) -> None:
        self._child = subprocess.Popen(
            [sys.executable, "-I", "-c", _CHILD, pattern, str(CPU_SECONDS)], stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/", env={"PATH": "/usr/bin:/bin"},
            start_new_session=True,
        )

    @property
    def found(self) -> bool:
        """Whether a line has matched."""
        return self._child.poll() == 0

    def feed(self, lines: Iterable[bytes]) -> bool:
        """Hand lines over; False once no more are wanted."""
        assert self._child.stdin is not None
        try:
            for line in lines:
                self._child.stdin.write(line + b"\n")
            self._child.stdin.flush()
        except (OSError, ValueError):
            return False
        return True

    def close(self) -> None:
        """End the child and reap it."""
        self._child.kill()
        self._child.wait()
        with contextlib.suppress(OSError):
            if self._child.stdin is not None:
                self._child.stdin.close()
