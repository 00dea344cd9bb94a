"""`devbox` alone on a terminal: opens the TUI (the only place where the CLI meets it)."""

from __future__ import annotations

from devbox.cli.invocation import Invocation


def open_session(invocation: Invocation, *, screen: str = "doctor") -> int:
    """Open the session on this directory's project; returns its exit code."""
    # Deferred: textual costs 190 ms, and only the session needs it.
    from devbox.cli.terminal import relay_terminal
    from devbox.tui.app import run_app
    from devbox.wiring import build_session

    session = build_session(invocation.workspace(), mode=getattr(invocation.args, "mode", None), relay=relay_terminal)
    return run_app(session, screen=screen, ascii_only=invocation.ascii)
