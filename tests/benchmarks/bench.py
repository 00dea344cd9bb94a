"""What a row is made with, and what it says."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Row:
    """One measured line."""

    what: str
    ours: float
    """Seconds."""
    theirs: float | None
    """Seconds of the thing compared with; None where the target is absolute."""
    target: str
    held: bool


@dataclass(frozen=True)
class Bench:
    """Where and how often to measure."""

    env: Mapping[str, str]
    """Environment of every command; names the engine."""
    folder: Path
    """For projects made here; removed by the caller."""
    base: str
    rounds: int
    in_haste: bool = False
    """Among the tests: a tenth of the files will do."""

    def devbox(self, *arguments: str) -> tuple[str, ...]:
        """The installed command where there is one, else the checkout's module."""
        script = Path(sys.executable).with_name("devbox")
        command = (str(script),) if script.exists() else (sys.executable, "-m", "devbox")
        return (*command, *arguments)
