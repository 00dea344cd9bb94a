"""Node as nvm selects it (spec/toolchains.md 4.1)."""

from __future__ import annotations

import os
import re
from dataclasses import replace

from devbox.core.findings import Declared
from devbox.core.frozen import dataclass
from devbox.core.pins import Pin
from devbox.core.toolchain import nvm as rules
from devbox.core.toolchain.selection import SYSTEM, Program, Selection
from devbox.core.version import is_full_version, prefix_range
from devbox.flows.toolchains.activation import answering_instead
from devbox.flows.toolchains.machine import Machine
from devbox.host import nvm as layout
from devbox.project.pins import nvmrc

_TOOL = "node"


@dataclass(frozen=True, slots=True)
class _Wish:
    """What decides: the file, its text, or what makes it invalid."""

    path: str | None
    declared: tuple[Declared, ...] = ()
    problem: str | None = None
    remedy: str | None = None

    @property
    def text(self) -> str | None:
        """The version word."""
        return self.declared[0].raw if self.declared else None


def select(machine: Machine) -> tuple[Selection, ...]:
    """What `node` is after `nvm use`; nothing where there is neither nvm nor a file for it."""
    nvm = layout.find(machine.env, machine.home)
    wish = _nvmrc(machine)
    if wish is None and not nvm.present:
        return ()
    without = tuple(os.path.realpath(os.path.dirname(path)) for path in _version_folders(machine, nvm))
    system = machine.on_path(_TOOL, without=without)
    installed = _installed(machine, nvm, system)
    wish = wish or _default(machine, nvm)
    resolved = _resolve(wish, installed)
    selection = Selection(
        tool=_TOOL,
        manager="nvm",
        declared=wish.declared,
        pins=tuple(Pin(_TOOL, word, prefix_range(word.raw)) for word in wish.declared),
        present=nvm.present,
        runs=system,
        source=wish.path,
        error=resolved.error if nvm.present or resolved.error != "missing" else None,
        detail=wish.problem or _detail(wish, resolved),
        hint=_install_hint(wish) if resolved.error == "missing" and nvm.present else wish.remedy,
    )
    if not nvm.present:
        return (selection,)
    return (_decided(machine, nvm, installed, system, selection, resolved),)


def _nvmrc(machine: Machine) -> _Wish | None:
    path = machine.files.nearest(nvmrc.NAME, machine.cwd)
    if path is None:
        return None
    shown = machine.files.shown(path)
    data = machine.files.read(path)
    if data is None:
        refused = machine.files.refused.get(shown)
        return _Wish(shown, problem="it cannot be used", remedy=refused.remedy(shown) if refused else None)
    parsed = nvmrc.parse(data)
    if parsed.version is None:
        return _Wish(shown, problem=parsed.problem)
    return _Wish(shown, (Declared(shown, parsed.line, parsed.version),))


def _default(machine: Machine, nvm: layout.Nvm) -> _Wish:
    """The alias `default`, which a new shell runs where no file says otherwise."""
    path = nvm.alias_path("default")
    text = _alias(machine, nvm, "default")
    if path is None or text is None:
        return _Wish(None)
    return _Wish(machine.files.shown(path), (Declared(machine.files.shown(path), 1, text),))


def _alias(machine: Machine, nvm: layout.Nvm, name: str) -> str | None:
    path = nvm.alias_path(name)
    data = machine.files.read(path) if path and machine.files.is_file(path) else None
    return nvmrc.parse_alias(data) if data is not None else None


def _installed(machine: Machine, nvm: layout.Nvm, system: Program | None) -> rules.Installed:
    names = (*nvm.node, *(f"iojs-{name}" for name in nvm.iojs))
    current = machine.on_path(_TOOL)
    return rules.Installed(
        node=nvm.node,
        iojs=nvm.iojs,
        complete=frozenset(name for name in names if nvm.program(name)),
        read_alias=lambda name: _alias(machine, nvm, name),
        lts_names=nvm.lts_names,
        has_system=system is not None,
        current=nvm.version_of(current.path) if current else None,
    )


def _resolve(wish: _Wish, installed: rules.Installed) -> rules.Resolved:
    if wish.problem is not None:
        return rules.Resolved(None, "malformed")
    if wish.text is None:
        return rules.Resolved(SYSTEM if installed.has_system else None)
    if ".." in wish.text.split("/"):
        return rules.Resolved(None, "refused")
    return rules.resolve(wish.text, installed)


def _decided(
    machine: Machine, nvm: layout.Nvm, installed: rules.Installed, system: Program | None, selection: Selection,
    resolved: rules.Resolved,
) -> Selection:
    """The selection where nvm is on this machine: its version, the system's, or what the shell had before."""
    version = resolved.version
    if version == SYSTEM:
        return replace(selection, resolved_all=(SYSTEM,), via="system" if system else None, system=system)
    if version is None:
        return replace(selection, runs=_kept(machine, nvm, installed) or system, expected_program=False)
    program = _program(nvm, version)
    managed = replace(selection, resolved_all=(version.removeprefix("v"),), via="managed", runs=program)
    if program is None:
        return managed
    active = machine.on_path(_TOOL)
    other = nvm.version_of(active.path) if active else None
    if active is not None and other not in (None, version):
        # The shell has another version of nvm's on PATH: that one runs until `nvm use`.
        return replace(managed, runs=_program(nvm, other or ""), expected_program=False, hint="`nvm use`")
    return replace(managed, shadow=answering_instead(machine, program, "nvm", nvm.root))


def _kept(machine: Machine, nvm: layout.Nvm, installed: rules.Installed) -> Program | None:
    """What a shell runs where `nvm use` fails: what it had, which is the alias `default` in a new one."""
    if installed.current:
        return _program(nvm, installed.current)
    default = _default(machine, nvm).text
    version = rules.resolve(default, installed).version if default else None
    return _program(nvm, version) if version not in (None, SYSTEM) else None


def _program(nvm: layout.Nvm, version: str | None) -> Program | None:
    path = nvm.program(version) if version else None
    number = (version or "").removeprefix("iojs-").removeprefix("v")
    return Program(_TOOL, path, named=number if is_full_version(number) else None) if path else None


def _version_folders(machine: Machine, nvm: layout.Nvm) -> tuple[str, ...]:
    """Entries of PATH that belong to a version of nvm's, as a path below them."""
    folders = (entry.directory for entry in machine.path.entries if os.path.isabs(entry.directory))
    return tuple(path for folder in folders if nvm.version_of(path := os.path.join(folder, "node")))


def _detail(wish: _Wish, resolved: rules.Resolved) -> str:
    words = {
        "missing": "nvm has no version for `{}`",
        "cycle": "the alias `{}` leads back to itself",
        "refused": "`{}` would lead out of nvm's alias folder",
    }
    return words[resolved.error].format(wish.text) if resolved.error in words else ""


def _install_hint(wish: _Wish) -> str | None:
    """Only for words that can stand on a command line as they are."""
    plain = re.fullmatch(r"v?[0-9][0-9.]*|lts/[A-Za-z0-9*-]+|node|stable", wish.text or "")
    return f"`nvm install {wish.text}`" if plain else None
