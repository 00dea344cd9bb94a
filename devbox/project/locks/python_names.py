"""Names of Python packages in their canonical form (PEP 503)."""

from __future__ import annotations

import re

_RUNS = re.compile(r"[-_.]+")


def canonical(name: str) -> str:
    """`Foo_Bar.baz` → `foo-bar-baz`."""
    return _RUNS.sub("-", name).lower()
