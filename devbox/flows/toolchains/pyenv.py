"""Python as pyenv selects it (spec/toolchains.md 3.1)."""

from __future__ import annotations

import os
from dataclasses import replace

from devbox.core.findings import Declared
from devbox.core.frozen import dataclass
from devbox.core.pins import Pin
from devbox.core.toolchain import pyenv as rules
from devbox.core.toolchain.selection import SYSTEM, Program, Selection, Via
from devbox.core.version import is_full_version, prefix_range
from devbox.flows.toolchains.activation import answering_instead
from devbox.flows.toolchains.machine import Machine
from devbox.host import pyenv as layout
from devbox.host.program import commands
from devbox.project.pins import python_version

_TOOL = "python"


@dataclass(frozen=True, slots=True)
class _Source:
    """The source that decides and the words it gives, some of them refused."""

    path: str | None
    """As shown; None where nothing is written anywhere."""
    words: tuple[Declared, ...] = ()
    refused: tuple[str, ...] = ()


def select(machine: Machine) -> tuple[Selection, ...]:
    """What `python` is under pyenv; nothing where there is neither pyenv nor a file for it."""
    pyenv = layout.find(machine.env, machine.home)
    source = _source(machine, pyenv)
    if not pyenv.present and source.path is None:
        return ()
    start = machine.env.get("PYENV_DIR")
    if pyenv.present and start and not os.path.isdir(os.path.join(machine.cwd, start)):
        return (_stuck(start),)
    names = _names(source)
    found = {name: rules.resolve(name, pyenv.installed, pyenv.installed.names) for name in names}
    resolved = tuple(version for name in names if (version := found[name])) if names else (SYSTEM,)
    missing = tuple(name for name in names if found[name] is None)
    system = machine.on_path(_TOOL, without=(os.path.realpath(pyenv.shims),))
    runs = _runs(pyenv, resolved, system)
    selection = Selection(
        tool=_TOOL,
        manager="pyenv",
        declared=source.words,
        pins=tuple(Pin(_TOOL, word, prefix_range(word.raw.removeprefix("python-"))) for word in source.words),
        resolved_all=resolved if pyenv.present else (),
        via=_via(resolved, system) if pyenv.present else None,
        error=_error(pyenv, source, missing, resolved, system),
        present=pyenv.present,
        runs=runs if pyenv.present else system,
        system=system if SYSTEM in resolved else None,
        expected_program=bool(resolved) and _is_from(pyenv, runs, resolved[0]),
        source=source.path,
        detail=_detail(missing, source),
        hint=f"`pyenv install {missing[0]}`" if missing and pyenv.present and _installable(missing[0]) else None,
    )
    return (_shadowed(machine, pyenv, selection),)


def _stuck(start: str) -> Selection:
    """Where `PYENV_DIR` is no folder every pyenv command fails, those behind its shims too."""
    return Selection(
        tool=_TOOL, manager="pyenv", error="malformed", source="env:PYENV_DIR", expected_program=False,
        detail=f"pyenv cannot change into PYENV_DIR, `{start}`", hint="`unset PYENV_DIR`",
    )


def _source(machine: Machine, pyenv: layout.Pyenv) -> _Source:
    value = machine.env.get("PYENV_VERSION")
    if value:
        given = tuple(Declared("env:PYENV_VERSION", None, word) for word in value.split(":") if word)
        return _Source("env:PYENV_VERSION", given)
    path = _file(machine) or os.path.join(pyenv.root, "version")
    data = machine.files.read(path) if machine.files.is_file(path) else None
    if data is None:
        return _Source(machine.files.shown(path) if machine.files.is_file(path) else None)
    shown = machine.files.shown(path)
    words: list[Declared] = []
    refused: list[str] = []
    for word in python_version.parse(data, utf8=machine.utf8):
        if (word.text == ".." or "/" in word.text) and pyenv.installed.path(word.text) is None:
            refused.append(word.text)
        else:
            words.append(Declared(shown, word.line, word.text))
    return _Source(shown, tuple(words), tuple(refused))


def _file(machine: Machine) -> str | None:
    start = machine.env.get("PYENV_DIR") or machine.cwd
    start = os.path.join(machine.cwd, start)
    found = machine.files.nearest(python_version.NAME, start)
    if found is None and os.path.normpath(start) != os.path.normpath(machine.cwd):
        found = machine.files.nearest(python_version.NAME, machine.cwd)
    return found


def _names(source: _Source) -> tuple[str, ...]:
    """pyenv joins the words with `:` and splits them again, so that a word with a colon is several."""
    return tuple(name for word in source.words for name in word.raw.split(":") if name)


def _runs(pyenv: layout.Pyenv, resolved: tuple[str, ...], system: Program | None) -> Program | None:
    """What `pyenv exec python` comes to: the first version that has it, at last the system's, without an error.

    A version with `python3` alone is passed over as long as anything answers to `python`.
    """
    for command in commands(_TOOL):
        at_last = system if system is not None and os.path.basename(system.path) == command else None
        for name in resolved:
            path = pyenv.program(name, (command,)) if name != SYSTEM else None
            if path is not None:
                return Program(_TOOL, path, named=name if is_full_version(name) else None)
            if name == SYSTEM and at_last is not None:
                return at_last
        if at_last is not None:
            return at_last
    return system


def _is_from(pyenv: layout.Pyenv, runs: Program | None, name: str) -> bool:
    if name == SYSTEM:
        return runs is not None
    folder = pyenv.installed.path(name)
    return runs is not None and folder is not None and runs.path.startswith(f"{folder}/")


def _via(resolved: tuple[str, ...], system: Program | None) -> Via | None:
    if not resolved:
        return None
    if resolved[0] != SYSTEM:
        return "managed"
    return "system" if system else None


def _error(
    pyenv: layout.Pyenv, source: _Source, missing: tuple[str, ...], resolved: tuple[str, ...], system: Program | None
) -> str | None:
    if not pyenv.present:
        return None
    if missing or (source.words and resolved == (SYSTEM,) and system is None):
        return "missing"
    return "refused" if source.refused and not source.words else None


def _detail(missing: tuple[str, ...], source: _Source) -> str:
    if missing:
        return f"pyenv has no version {' and no version '.join(missing)}"
    return f"pyenv refuses `{source.refused[0]}`" if source.refused else ""


def _installable(name: str) -> bool:
    return prefix_range(name) is not None and name.replace(".", "").isalnum() and name.isascii()


def _shadowed(machine: Machine, pyenv: layout.Pyenv, selection: Selection) -> Selection:
    if not pyenv.present or selection.runs is None or selection.via != "managed":
        return selection
    return replace(selection, shadow=answering_instead(machine, selection.runs, "pyenv", pyenv.root))
