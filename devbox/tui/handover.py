"""Stepping aside for a program that needs the real terminal: the only caller of `App.suspend`.

`suspend()` does not give the screen back if its body raises, so everything is caught inside (style.md, Textual rules).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from textual.app import App, SuspendNotSupported

from devbox.tui.session import Problem, problem_of


def hand_over(app: App[Any], call: Callable[[], int]) -> int | Problem:
    """Run `call` with the terminal as it was before the app; its exit code, or why it did not start."""
    outcome: int | Problem = 0
    try:
        with app.suspend():
            try:
                outcome = call()
            except KeyboardInterrupt:
                outcome = 130
            except Exception as error:
                # Whatever went wrong is shown by the screen, which must come back first.
                outcome = problem_of(error)
    except SuspendNotSupported:
        return Problem("this terminal cannot be handed over", hint="run `devbox shell` in another one", kind="usage")
    return outcome
