"""Rust as rustup selects it (spec/toolchains.md 10)."""

from __future__ import annotations

import os
from dataclasses import replace

from devbox.core.findings import Declared
from devbox.core.frozen import dataclass
from devbox.core.pins import Pin
from devbox.core.toolchain import rustup as rules
from devbox.core.toolchain.selection import Program, Selection
from devbox.core.version import Range, exact_range, is_full_version
from devbox.flows.toolchains.activation import answering_instead
from devbox.flows.toolchains.machine import Machine
from devbox.host import rustup as layout
from devbox.project.pins import rust_toolchain
from devbox.project.pins.files import folders_up
from devbox.project.pins.rust_toolchain import Override

_TOOL = "rust"


@dataclass(frozen=True, slots=True)
class _Source:
    """What decides: a variable, an override of a folder, a file, or the default."""

    path: str | None
    override: Override
    is_file: bool = False

    @property
    def declared(self) -> tuple[Declared, ...]:
        """The toolchain it names."""
        named = self.override.channel if self.override.channel is not None else self.override.path
        return (Declared(self.path, self.override.line, named),) if self.path and named is not None else ()


@dataclass(frozen=True, slots=True)
class _Doubled(_Source):
    """Both files stand in one folder."""

    notes: tuple[str, ...] = ()


def select(machine: Machine) -> tuple[Selection, ...]:
    """What `rustc` is here; nothing where there is neither rustup nor a file for it."""
    rustup = layout.find(machine.env, machine.home, _reader(machine))
    source = _source(machine, rustup)
    if not rustup.present and not source.is_file:
        return ()
    selection = Selection(
        tool=_TOOL, manager="rustup", declared=source.declared, present=rustup.present, source=source.path,
        pins=tuple(Pin(_TOOL, pin, _range(pin.raw, rustup.host)) for pin in source.declared),
        runs=None if rustup.present else machine.on_path(_TOOL),
        notes=source.notes if isinstance(source, _Doubled) else (),
    )
    if rustup.broken and rustup.present:
        return (replace(selection, error="malformed", detail="rustup cannot read its settings.toml"),)
    if source.override.problem:
        return (replace(selection, error="malformed", detail=source.override.problem),)
    return (_decided(machine, rustup, source, selection) if rustup.present else selection,)


def _reader(machine: Machine) -> layout.ReadFile:
    return lambda path: machine.files.read(path) if machine.files.is_file(path) else None


def _source(machine: Machine, rustup: layout.Rustup) -> _Source:
    value = machine.env.get("RUSTUP_TOOLCHAIN")
    if value:
        absolute = os.path.isabs(value)
        return _Source("env:RUSTUP_TOOLCHAIN", Override(None if absolute else value, value if absolute else None))
    for folder in folders_up(machine.cwd):
        named = rustup.overrides.get(os.path.realpath(folder))
        if named is not None:
            settings = machine.files.shown(os.path.join(rustup.root, "settings.toml"))
            return _Source(settings, Override(named))
        found = _file(machine, folder)
        if found is not None:
            return found
    return _default(machine, rustup)


def _default(machine: Machine, rustup: layout.Rustup) -> _Source:
    shown = machine.files.shown(rustup.default_file) if rustup.default_file else None
    return _Source(shown, Override(rustup.default))


def _file(machine: Machine, folder: str) -> _Source | None:
    """The file of one folder. One that is no text is as if absent."""
    paths = [os.path.join(folder, name) for name in (rust_toolchain.PLAIN, rust_toolchain.TOML)]
    contents: list[bytes | None] = []
    for path in paths:
        machine.files.note_irregular(path)
        data = machine.files.read(path) if machine.files.is_file(path) else None
        contents.append(data if data is not None and rust_toolchain.is_text(data) else None)
    plain, toml = contents
    shown = [machine.files.shown(path) for path in paths]
    if plain is not None:
        override = rust_toolchain.parse(plain, shown[0], only_toml=False)
        note = f"`{shown[0]}` and `{shown[1]}` both exist; rustup uses `{shown[0]}`"
        return _Doubled(shown[0], override, True, (note,) if toml is not None else ())
    if toml is not None:
        return _Source(shown[1], rust_toolchain.parse(toml, shown[1], only_toml=True), True)
    return None


def _range(name: str, host: str) -> Range | None:
    """A release means itself; channels move, custom names and paths mean nothing elsewhere."""
    toolchain = rules.parse_name(name, host)
    return exact_range(toolchain.short) if toolchain and toolchain.official else None


def _decided(machine: Machine, rustup: layout.Rustup, source: _Source, selection: Selection) -> Selection:
    override = source.override
    if override.path is not None:
        return _path(machine, rustup, override.path, selection)
    # Components alone are wanted of the default toolchain.
    name = override.channel if override.channel is not None else rustup.default
    if name is None:
        return replace(selection, error="no-version", detail="rustup has no default toolchain") if source.is_file else (
            replace(selection, runs=None)
        )
    toolchain = rules.parse_name(name, rustup.host)
    if toolchain is None:
        return replace(selection, error="refused", detail=f"`{name}` can be no toolchain")
    if source.is_file and toolchain.has_target and rustup.folder(name.rstrip("/")) is None:
        return replace(selection, error="refused", detail=f"`{name}` names a machine; a toolchain file may not")
    folder = rustup.folder(toolchain.folder)
    if folder is None:
        hint = f"`rustup toolchain install {name}`" if toolchain.official else None
        return replace(selection, error="missing", detail=f"no toolchain `{toolchain.folder}`", hint=hint)
    return _installed(machine, rustup, toolchain, folder, override, selection)


def _installed(
    machine: Machine, rustup: layout.Rustup, toolchain: rules.Toolchain, folder: str, override: Override,
    selection: Selection,
) -> Selection:
    number = layout.real_version(folder)
    path = layout.program(folder)
    named = number or (toolchain.short if toolchain.official else None)
    named = named if named and is_full_version(named) else None
    program = _program(machine, path, named) if path else None
    done = replace(
        selection, resolved_all=(number or toolchain.short,), via="managed", runs=program,
        notes=(*selection.notes, *_lacking(folder, rustup.host, override)),
    )
    if program is None or program.refused:
        return done
    return replace(done, shadow=answering_instead(machine, program, "rustup", rustup.root))


def _path(machine: Machine, rustup: layout.Rustup, path: str, selection: Selection) -> Selection:
    """`path`: a toolchain outside rustup. It may lie in the project, and is then never run."""
    if not os.path.isabs(path):
        return replace(selection, error="refused", detail=f"`{path}` is relative; rustup takes absolute paths only")
    if not os.path.isdir(os.path.join(path, "bin")):
        return replace(selection, error="missing", detail=f"`{path}` has no bin folder")
    found = layout.program(path)
    program = _program(machine, found, None) if found else None
    return replace(selection, resolved_all=(path,), via="path", runs=program)


def _program(machine: Machine, path: str, named: str | None) -> Program:
    """A toolchain's program; one that lies in the project, or leads there, is not run."""
    refused = "inside the project" if machine.path.boundary.holds(path) else None
    return Program(_TOOL, path, refused, named=None if refused else named)


def _lacking(folder: str, host: str, override: Override) -> tuple[str, ...]:
    """Components and targets that rustup would download first."""
    parts = layout.installed_parts(folder)
    if parts is None:
        return ()
    names = {part.removesuffix(f"-{host}").removesuffix("-preview") for part in parts}
    lacking = [name for name in override.components if name not in names]
    lacking += [name for name in override.targets if f"rust-std-{name}" not in parts and name != host]
    return (f"the toolchain lacks {', '.join(lacking)}; rustup downloads it on first use",) if lacking else ()
