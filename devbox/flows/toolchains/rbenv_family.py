"""What rbenv, nodenv and jenv share: one word of one file names a folder of `versions/` (spec/toolchains.md 4.2, 7, 8).

The three modules of the managers give the differences as a `Family`.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace

from devbox.core.findings import Declared
from devbox.core.frozen import dataclass
from devbox.core.pins import Pin
from devbox.core.toolchain.selection import SYSTEM, Program, Selection
from devbox.core.version import Range, is_full_version
from devbox.flows.toolchains.activation import answering_instead
from devbox.flows.toolchains.machine import Machine
from devbox.host import rbenv as layout
from devbox.host.program import commands
from devbox.project.pins.files import folders_up
from devbox.project.pins.python_version import Word


@dataclass(frozen=True, slots=True)
class Family:
    """How one of them differs."""

    manager: str
    tool: str
    files: tuple[str, ...]
    """Names that are looked for in each folder upwards, the first found counts."""
    globals: tuple[str, ...]
    """Below the root, the first found counts."""
    parse: Callable[[bytes], Word | None]
    names: Callable[[str], tuple[str, ...]]
    """The folders a word may stand for."""
    pin: Callable[[tuple[str, ...]], Range | None]
    install: Callable[[str], str]
    """The hint for a version that is not there."""
    refused: Callable[[str], bool] = lambda word: False
    empty_hides: bool = False
    """Whether a file of no size hides those of the parents."""
    falls_back: bool = False
    """Whether the system's program runs where the version has none, and files count where the variable's is missing."""

    @property
    def variable(self) -> str:
        """The variable that beats every file."""
        return f"{self.manager.upper()}_VERSION"

    @property
    def start_variable(self) -> str:
        """The variable that moves the start of the search."""
        return f"{self.manager.upper()}_DIR"


@dataclass(frozen=True, slots=True)
class _Source:
    """What decides."""

    path: str | None = None
    """As shown; None where nothing is written anywhere."""
    word: Declared | None = None
    error: str | None = None
    """Why nothing is taken from it."""
    detail: str = ""
    unread: bool = False
    """There is a file, and devbox does not use its content."""


def select(machine: Machine, family: Family) -> tuple[Selection, ...]:
    """What the tool is under this manager; nothing where there is neither the manager nor a file for it."""
    root = layout.find(family.manager, machine.env, machine.home)
    source = _source(machine, family, root)
    if not root.present:
        return _absent(machine, family, source)
    system = machine.on_path(family.tool, without=(os.path.realpath(root.shims),))
    selection = Selection(
        tool=family.tool, manager=family.manager, source=source.path, detail=source.detail, error=source.error,
        declared=(source.word,) if source.word else (), pins=_pins(family, source),
    )
    if source.error == "missing-file":
        return (selection,)
    if source.unread:
        reason = f"devbox does not use the content of `{source.path}`"
        return (replace(selection, undecided=reason, notes=(reason,)),)
    if source.word is None or source.word.raw == SYSTEM:
        return (_with_system(selection, system),)
    name = _installed(family, root, source.word)
    if name is None:
        runs = _fallback(machine, family, root, source, system) if family.falls_back else None
        return (replace(_missing(family, selection, source.word.raw), runs=runs),)
    return (_with_version(machine, family, root, selection, name, system),)


def _installed(family: Family, root: layout.Root, word: Declared) -> str | None:
    return next((name for name in family.names(word.raw) if root.versions.folder(name)), None)


def _fallback(
    machine: Machine, family: Family, root: layout.Root, source: _Source, system: Program | None
) -> Program | None:
    """What runs though the pinned version is missing: jenv then asks its files, and `..` has no program of its own."""
    word = source.word
    if source.path == f"env:{family.variable}" and word and word.raw not in (".", ".."):
        word = _written(machine, family, root).word
    if word is None or word.raw in (SYSTEM, ".", ".."):
        return system
    name = _installed(family, root, word)
    path = root.versions.program(name, commands(family.tool)) if name else None
    if path is None:
        return system if name else None
    return Program(family.tool, path, named=name if name and is_full_version(name) else None)


def _source(machine: Machine, family: Family, root: layout.Root) -> _Source:
    start = machine.env.get(family.start_variable) if root.present else None
    if start and not os.path.isdir(os.path.join(machine.cwd, start)):
        return _Source(f"env:{family.start_variable}", error="missing-file", detail="no folder of that name")
    value = machine.env.get(family.variable) if root.present else None
    if value:
        return _Source(f"env:{family.variable}", Declared(f"env:{family.variable}", None, value))
    return _written(machine, family, root)


def _written(machine: Machine, family: Family, root: layout.Root) -> _Source:
    """What files say, from the start folder upwards, else globally."""
    start = machine.env.get(family.start_variable) if root.present else None
    path = _nearest(machine, family, os.path.join(machine.cwd, start)) if start else None
    path = path or _nearest(machine, family, machine.cwd) or (_global(machine, family, root) if root.present else None)
    return _read(machine, family, path) if path else _Source()


def _nearest(machine: Machine, family: Family, start: str) -> str | None:
    for folder in folders_up(start):
        for name in family.files:
            path = os.path.join(folder, name)
            machine.files.note_irregular(path)
            size = machine.files.size(path)
            if size is not None and (size or family.empty_hides):
                return path
    return None


def _global(machine: Machine, family: Family, root: layout.Root) -> str | None:
    paths = (os.path.join(root.path, name) for name in family.globals)
    return next((path for path in paths if machine.files.size(path) is not None), None)


def _read(machine: Machine, family: Family, path: str) -> _Source:
    shown = machine.files.shown(path)
    if not machine.files.is_file(path):
        return _Source(shown)
    data = machine.files.read(path)
    if data is None:
        return _Source(shown, unread=True)
    word = family.parse(data)
    if word is None:
        return _Source(shown)
    if family.refused(word.text):
        return _Source(shown, error="refused", detail=f"`{word.text}` would lead out of the folder of versions")
    return _Source(shown, Declared(shown, word.line, word.text))


def _pins(family: Family, source: _Source) -> tuple[Pin, ...]:
    if source.word is None:
        return ()
    return (Pin(family.tool, source.word, family.pin(family.names(source.word.raw))),)


def _absent(machine: Machine, family: Family, source: _Source) -> tuple[Selection, ...]:
    """Without the manager its file is still a pin."""
    if source.word is None:
        return ()
    return (
        Selection(
            tool=family.tool, manager=family.manager, declared=(source.word,), pins=_pins(family, source),
            present=False, runs=machine.on_path(family.tool), source=source.path,
        ),
    )


def _with_system(selection: Selection, system: Program | None) -> Selection:
    lost = system is None and bool(selection.declared)
    return replace(
        selection, resolved_all=(SYSTEM,), via="system" if system else None, runs=system, system=system,
        error=selection.error or ("missing" if lost else None),
        detail=selection.detail or (f"there is no {selection.tool} outside {selection.manager}" if lost else ""),
    )


def _missing(family: Family, selection: Selection, word: str) -> Selection:
    plain = word.isascii() and word.replace(".", "").replace("-", "").replace("_", "").isalnum()
    plain = plain and any(letter.isdigit() for letter in word)  # `banana` is nothing that could be installed
    return replace(
        selection, error="missing", detail=f"{family.manager} has no version `{word}`",
        hint=family.install(word) if plain and not word.startswith("-") else None,
    )


def _with_version(
    machine: Machine, family: Family, root: layout.Root, selection: Selection, name: str, system: Program | None
) -> Selection:
    path = root.versions.program(name, commands(family.tool))
    selected = replace(selection, resolved_all=(name,), via="managed")
    if path is None:
        return replace(selected, runs=system if family.falls_back else None, expected_program=False)
    runs = Program(family.tool, path, named=name if is_full_version(name) else None)
    return replace(selected, runs=runs, shadow=answering_instead(machine, runs, family.manager, root.path))
