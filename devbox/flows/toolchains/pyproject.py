"""The Python that `pyproject.toml` asks for: `requires-python` and Poetry's own line (spec/toolchains.md 3.3)."""

from __future__ import annotations

from devbox.core.findings import Declared
from devbox.core.pins import Pin
from devbox.core.toolchain.selection import Selection
from devbox.core.version import pep440_range
from devbox.flows.toolchains.machine import Machine
from devbox.project.pins import pyproject
from devbox.project.pins.pyproject import Wish

_TOOL = "python"


def select(machine: Machine) -> tuple[Selection, ...]:
    """The nearest pyproject.toml's wish, compared with what runs; nothing where it has none."""
    path = machine.files.nearest(pyproject.NAME, machine.cwd)
    data = machine.files.read(path) if path else None
    if path is None or data is None:
        return ()
    shown = machine.files.shown(path)
    content = pyproject.parse(data, shown)
    if not content.wishes and content.problem is None:
        return ()
    pins = tuple(_pin(shown, wish) for wish in content.wishes)
    unread = next((pin.declared for pin in pins if pin.range is None), None)
    problem = content.problem and f"{content.problem} (line {content.line})"
    if unread is not None:
        problem = f"`{unread.raw}` is no version specifier such as `>=3.11` or `==3.12.*`"
    return (
        Selection(
            tool=_TOOL, manager="pyproject", declared=tuple(pin.declared for pin in pins), pins=pins, present=False,
            runs=machine.on_path(_TOOL), source=shown, error="malformed" if problem else None, detail=problem or "",
        ),
    )


def _pin(shown: str, wish: Wish) -> Pin:
    declared = Declared(shown, wish.line, wish.text or "")
    if wish.text is None:
        return Pin(_TOOL, declared, None, place=wish.notation)
    if wish.notation == "poetry":
        # Deferred: few projects write Poetry's notation.
        from devbox.core.toolchain.poetry import poetry_range

        return Pin(_TOOL, declared, poetry_range(wish.text), place=wish.notation)
    return Pin(_TOOL, declared, pep440_range(wish.text), place=wish.notation)
