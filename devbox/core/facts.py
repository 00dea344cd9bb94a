"""What was observed on a machine: found, missing, or could not be checked.

Three different values on purpose: unknown is never shown as ok (product.md D4).
"""

from __future__ import annotations

from typing import Generic, TypeVar

from devbox.core.frozen import dataclass

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Found(Generic[T]):
    """A value and where it came from (a path, an argv, an API)."""

    value: T
    origin: str = ""


@dataclass(frozen=True, slots=True)
class Missing:
    """The thing was looked for and is not there."""

    origin: str = ""


@dataclass(frozen=True, slots=True)
class Unknown:
    """It could not be checked, and why."""

    reason: str


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a value was written: a file (relative to the project when inside it), `env:NAME`, 1-based line."""

    path: str
    line: int | None = None
    column: int | None = None

    def __str__(self) -> str:
        return self.path if self.line is None else f"{self.path}:{self.line}"
