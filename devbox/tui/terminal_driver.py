"""Textual's terminal driver, which can lose its terminal without losing the program.

Writes go through a bounded queue to a thread that ends at the first error. When the terminal goes away in mid-run (an
ssh connection drops, tmux is killed), the queue fills and the next write waits for ever, clean-up included.
"""

from __future__ import annotations

from typing import ClassVar

from textual.drivers.linux_driver import LinuxDriver


class TerminalDriver(LinuxDriver):
    """Writes to the terminal while there is one."""

    gone: ClassVar[bool] = False
    """Set at the hangup signal; a process has one terminal, so this holds for all drivers."""

    def write(self, data: str) -> None:
        """Queue for the terminal, or drop."""
        if not self.gone:
            super().write(data)

    def flush(self) -> None:
        """Nothing to flush once it is gone."""
        if not self.gone:
            super().flush()
