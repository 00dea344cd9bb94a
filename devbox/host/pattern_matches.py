"""Which texts a project's regular expressions match, found in a process of its own.

A pattern such as `(a+)+$` can take for ever on one text, and Python's `re` can neither be timed nor be interrupted. The
child can be killed, and its CPU time is limited should we be killed.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence

from devbox.host.process import clean_environment

TIMEOUT = 2.0
"""Seconds for all patterns together."""

_CHILD = """
import json, re, resource, sys
resource.setrlimit(resource.RLIMIT_CPU, (4, 4))
patterns, texts = json.load(sys.stdin)
for pattern in patterns:
    search = re.compile(pattern).search
    print(json.dumps([number for number, text in enumerate(texts) if search(text)]), flush=True)
"""


def matches(
    patterns: Sequence[str], texts: Sequence[str], *, timeout: float = TIMEOUT
) -> tuple[tuple[int, ...] | None, ...]:
    """Per pattern the numbers of the texts in which it is found; None for one that found no end, and those after it."""
    argv = [sys.executable, "-I", "-S", "-c", _CHILD]
    given = json.dumps([list(patterns), list(texts)]).encode()
    try:
        child = subprocess.Popen(
            argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd="/",
            env=clean_environment(), start_new_session=True,
        )
    except OSError:
        return (None,) * len(patterns)
    with child:
        try:
            out, _ = child.communicate(given, timeout)
        except subprocess.TimeoutExpired:
            child.kill()
            out, _ = child.communicate()
    lines = out.decode("ascii", "replace").split("\n")[:-1]
    answers = [tuple(json.loads(line)) for line in lines[: len(patterns)]]
    return (*answers, *(None,) * (len(patterns) - len(answers)))
