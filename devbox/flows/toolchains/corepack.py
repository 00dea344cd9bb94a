"""npm, pnpm and yarn as corepack selects them by `packageManager` (spec/toolchains.md 4.5)."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import replace

from devbox.core.findings import Declared
from devbox.core.frozen import dataclass
from devbox.core.pins import Pin
from devbox.core.toolchain import corepack as rules
from devbox.core.toolchain.selection import Program, Selection
from devbox.core.version import exact_range
from devbox.flows.toolchains.machine import Machine
from devbox.host import corepack as layout
from devbox.project.pins.files import folders_up
from devbox.project.pins.package_json import NAME, PackageJson, Unreadable, read

_IN_MODULES = re.compile(r"/node_modules/(?:@[^/]*/)?[^@/][^/]*\Z")


@dataclass(frozen=True, slots=True)
class _Source:
    """The package.json that decides."""

    shown: str
    document: PackageJson | None
    problem: str = ""


def select(machine: Machine) -> tuple[Selection, ...]:
    """The named manager, and the others as corepack refuses them; nothing where no package.json names one."""
    if machine.env.get("COREPACK_ENABLE_PROJECT_SPEC") == "0":
        return ()
    source = _source(machine)
    if source is None:
        return ()
    corepack = layout.find(machine.env, machine.home, on_path=_is_on_path(machine))
    if source.document is None:
        return _refused(source, None, rules.Spec(None, error="malformed", detail=source.problem), corepack)
    found = rules.of_manifest(source.document.content)
    if found is None:
        return ()
    raw, spec = found
    field = "packageManager" if source.document.get("packageManager") else "devEngines"
    declared = Declared(source.shown, source.document.line(field), raw)
    if spec.error is not None or spec.name is None or spec.version is None:
        return _refused(source, declared, spec, corepack)
    named = _named(machine, corepack, source, declared, spec.name, spec.version)
    strict = machine.env.get("COREPACK_ENABLE_STRICT") != "0"
    return (named, *(_others(source, declared, spec.name, corepack) if strict else ()))


def _source(machine: Machine) -> _Source | None:
    """The nearest package.json with the field, else the outermost one; one that is no JSON on the way is an error."""
    last: _Source | None = None
    for folder in folders_up(machine.cwd):
        if _IN_MODULES.search(folder):
            continue
        path = os.path.join(folder, NAME)
        data = machine.files.read(path) if machine.files.is_file(path) else None
        if data is None:
            continue
        shown, document = machine.files.shown(path), read(data)
        if isinstance(document, Unreadable):
            return _Source(shown, None, document.problem) if last is None or _asks(last) else last
        last = _Source(shown, document)
        if document.get("packageManager"):
            return last
    return last


def _asks(source: _Source) -> bool:
    return source.document is not None and source.document.get("devEngines", "packageManager") is not None


def _is_on_path(machine: Machine) -> bool:
    if machine.path.find("corepack", ("corepack",)) is not None:
        return True
    programs = (machine.on_path(name) for name in rules.MANAGERS)
    return any(program is not None and program.shim_of == "corepack" for program in programs)


def _named(
    machine: Machine, corepack: layout.Corepack, source: _Source, declared: Declared, name: str, version: str
) -> Selection:
    selection = Selection(
        tool=name, manager="corepack", declared=(declared,), present=corepack.present, source=source.shown,
        pins=(Pin(name, declared, exact_range(version), place="packageManager"),), resolved_all=(version,),
    )
    first = machine.on_path(name)
    if not corepack.present:
        hint = f"`npm install --global corepack`, then `corepack enable {name}`"
        return replace(selection, runs=first, hint=hint)
    folder = corepack.folder(name, version)
    if folder is None and first is not None and first.shim_of is None:
        # corepack is here and not in charge of this command: what is on PATH runs, and is compared.
        return replace(selection, present=False, runs=first, hint=f"`corepack enable {name}`")
    if folder is None:
        return replace(selection, undecided=f"corepack downloads {name} {version} when it is first called")
    program = Program(name, folder, refused="corepack's own copy", named=version)
    shadow = first if first is not None and first.shim_of != "corepack" else None
    return replace(selection, via="managed", runs=program, shadow=shadow)


def _others(source: _Source, declared: Declared, name: str, corepack: layout.Corepack) -> Iterator[Selection]:
    """The managers whose commands corepack refuses in this project."""
    for other in rules.MANAGERS:
        if other != name:
            yield Selection(
                tool=other, manager="corepack", declared=(declared,), present=corepack.present, source=source.shown,
                error="other-tool", detail=f"the project uses {name}",
            )


def _refused(
    source: _Source, declared: Declared | None, spec: rules.Spec, corepack: layout.Corepack
) -> tuple[Selection, ...]:
    """The mistake, for the manager that is named, else for whichever is called."""
    tools = (spec.name,) if spec.name else rules.MANAGERS
    if spec.error == "unsupported" and declared is not None:
        named = re.match(r"[A-Za-z0-9][A-Za-z0-9._-]{0,40}(?=@)", declared.raw)
        tools = (named[0], *tools) if named else tools
    return tuple(
        Selection(
            tool=tool, manager="corepack", declared=(declared,) if declared else (), present=corepack.present,
            source=source.shown, error=spec.error, detail=spec.detail,
        )
        for tool in tools
    )
