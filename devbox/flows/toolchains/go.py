"""Go as the `go` command selects it: go.mod, go.work, GOTOOLCHAIN (spec/toolchains.md 9)."""

from __future__ import annotations

import os
from dataclasses import replace

from devbox.core.findings import Declared
from devbox.core.frozen import dataclass
from devbox.core.pins import Pin
from devbox.core.toolchain import go as rules
from devbox.core.toolchain.selection import Ask, Program, Selection
from devbox.core.version import is_full_version
from devbox.flows.toolchains.machine import Machine
from devbox.host import go as layout
from devbox.project.pins import go_mod

_TOOL = "go"


@dataclass(frozen=True, slots=True)
class _Wishes:
    """Everything written that has a say."""

    setting: Declared | None
    """GOTOOLCHAIN where it names a version or is no setting at all; None where it only says how."""
    parsed: rules.Setting | None
    file: str | None
    """go.work or go.mod, as shown."""
    module: go_mod.GoMod
    modules_off: bool = False

    @property
    def declared(self) -> tuple[Declared, ...]:
        """The pins, the variable's first."""
        lines = [(name, line) for name, line in (("go", self.module.go), ("toolchain", self.module.toolchain)) if line]
        found = [Declared(self.file or "", line.line, f"{name} {line.value}") for name, line in lines]
        return (*((self.setting,) if self.setting else ()), *found)


def select(machine: Machine) -> tuple[Selection, ...]:
    """What `go` becomes here; nothing where nothing is written for it."""
    local = machine.on_path(_TOOL)
    goroot = layout.root_of(local.path, machine.env) if local else machine.env.get("GOROOT")
    settings = layout.settings(machine.env, machine.home, goroot, _reader(machine))
    workspace, gowork_error = _work_file(machine, settings)
    path = workspace or machine.files.nearest(go_mod.MOD, machine.cwd)
    data = machine.files.read(path) if path else None
    wishes = _wishes(machine, settings, path if data is not None else None, data or b"")
    if not wishes.declared and not wishes.module.problem and gowork_error is None:
        return ()
    candidates = {name: program for name in _names(wishes) if (program := _candidate(machine, wishes, name))}
    selection = Selection(
        tool=_TOOL, manager="go", declared=wishes.declared, pins=_pins(wishes), present=local is not None, runs=local,
        source=wishes.file or (wishes.setting.path if wishes.setting else None),
        candidates=tuple(candidates.values()),
    )
    if gowork_error == "malformed":
        return (replace(selection, runs=None, error="malformed", detail="GOWORK is not an absolute path"),)
    if local is None:
        return (replace(selection, error="malformed" if wishes.module.problem else None),)

    def settle(unsettled: Selection, ask: Ask) -> Selection:
        decided = _decided(unsettled, ask(local).version, wishes, candidates)
        if gowork_error and decided.error is None and not wishes.modules_off:
            return replace(decided, error=gowork_error, detail="GOWORK names a file that is not there")
        return decided

    return (replace(selection, settle=settle),)


def _reader(machine: Machine) -> layout.ReadFile:
    return lambda path: machine.files.read(path) if machine.files.is_file(path) else None


def _work_file(machine: Machine, settings: layout.GoSettings) -> tuple[str | None, str | None]:
    """The workspace that decides, `GOWORK` or else the nearest go.work; and what is wrong with the variable."""
    value, _ = settings.get("GOWORK")
    if value in (None, "", "auto"):
        return machine.files.nearest(go_mod.WORK, machine.cwd), None
    if value == "off":
        return None, None
    if value is None or not os.path.isabs(value):
        return None, "malformed"
    return (value, None) if machine.files.is_file(value) else (None, "missing-file")


def _wishes(machine: Machine, settings: layout.GoSettings, path: str | None, data: bytes) -> _Wishes:
    value, file = settings.get("GOTOOLCHAIN")
    # An empty line in a file: no switching at all. Without any, as the installation's own file normally says.
    parsed = rules.parse_setting("local" if value == "" else value or "auto")
    setting = None
    if parsed is None or parsed.floor:
        setting = Declared(machine.files.shown(file) if file else "env:GOTOOLCHAIN", None, value or "")
    off = settings.get("GO111MODULE")[0] == "off"
    shown = machine.files.shown(path) if path else None
    return _Wishes(setting, parsed, shown, go_mod.parse(data) if path else go_mod.GoMod(None, None), off)


def _pins(wishes: _Wishes) -> tuple[Pin, ...]:
    found = []
    for declared in wishes.declared:
        word = declared.raw.split(" ")[-1]
        wanted = rules.go_line_range(rules.version_of(word) or word)
        found.append(Pin(_TOOL, declared, wanted, place=declared.raw.partition(" ")[0]))
    return tuple(found)


def _names(wishes: _Wishes) -> tuple[str, ...]:
    """Every toolchain that might be chosen, whatever the local one is."""
    go, toolchain = wishes.module.go, wishes.module.toolchain
    names = [wishes.parsed.floor if wishes.parsed else None, toolchain.value if toolchain else None]
    if go:
        names += [f"go{go.value}", f"go{go.value}.0"]
    return tuple(name for name in names if name and rules.version_of(name))


def _candidate(machine: Machine, wishes: _Wishes, name: str) -> Program | None:
    """The program of that name on PATH, else the one in the module cache."""
    version = rules.version_of(name) or ""
    named = version if is_full_version(version) and name == f"go{version}" else None
    program = machine.path.find(_TOOL, (name,))
    if program is not None:
        return replace(program, named=None if program.refused else named)
    path_only = wishes.parsed is not None and wishes.parsed.mode == "path"
    path = None if path_only else layout.cached(name, machine.env, machine.home)
    return Program(_TOOL, path, named=named) if path else None


def _decided(
    selection: Selection, local: str | None, wishes: _Wishes, candidates: dict[str, Program]
) -> Selection:
    if wishes.modules_off:
        return replace(selection, resolved_all=(local,) if local else (), via="system")
    if wishes.parsed is None:
        setting = wishes.setting.raw if wishes.setting else ""
        return replace(selection, runs=None, error="malformed", detail=f"GOTOOLCHAIN is `{setting}`")
    if local is None:
        return replace(selection, undecided="the version of the local go is not known")
    module = wishes.module
    go, toolchain = (line.value if line else None for line in (module.go, module.toolchain))
    choice = rules.choose(wishes.parsed, local, go, toolchain)
    if choice.error == "malformed":
        return replace(selection, runs=None, error="malformed", detail=choice.detail)
    error, detail = (choice.error, choice.detail)
    if module.problem:
        error, detail = "malformed", module.problem
    if choice.name is None:
        return replace(selection, resolved_all=(local,), via="system", error=error, detail=detail)
    program = candidates.get(choice.name)
    if program is None:
        return replace(
            selection, runs=None, error="missing", detail=f"no `{choice.name}` on PATH or in the module cache",
            hint=f"`go install golang.org/dl/{choice.name}@latest && {choice.name} download`"
            if choice.name == f"go{rules.version_of(choice.name)}" else None,
        )
    cached = os.path.basename(program.path) == "go"
    return replace(
        selection, runs=program, resolved_all=(choice.name.removeprefix("go"),), via="managed" if cached else "path",
        error=error, detail=detail,
    )
