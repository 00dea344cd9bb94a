"""Every tool as mise selects it (spec/toolchains.md 5)."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import replace

from devbox.core.findings import Declared
from devbox.core.frozen import dataclass
from devbox.core.pins import Pin
from devbox.core.toolchain import mise as rules
from devbox.core.toolchain.selection import SYSTEM, Program, Selection, Via
from devbox.core.version import is_full_version, prefix_range
from devbox.flows.toolchains.activation import answering_instead
from devbox.flows.toolchains.machine import Machine
from devbox.flows.toolchains.mise_locks import Locks
from devbox.host import mise as layout
from devbox.host.program import commands
from devbox.project.pins.mise_config import read
from devbox.project.pins.mise_early import ARCH_NAMES, SYSTEM_NAMES, here
from devbox.project.pins.mise_sources import Configuration, Places, Problem, Source, Stage, config_root
from devbox.project.pins.mise_toml import Wish, tool_name
from devbox.project.pins.mise_trust import Records

_VARIABLE = re.compile(r"MISE_([A-Z0-9_]+)_VERSION")
_NOT_TOOLS = ("INSTALL", "TOOL", "SELF")


@dataclass(frozen=True, slots=True)
class _Want:
    """What one tool's strongest source asks for."""

    tool: str
    wishes: tuple[Wish, ...]
    shown: str
    source: Source | None
    """None: an environment variable."""


@dataclass(frozen=True, slots=True)
class _Made:
    """What one wish comes to."""

    raw: str
    resolved: str | None
    via: Via | None
    folder: str | None = None
    """Where its programs are; None outside mise and where nothing is installed."""
    undecided: str | None = None
    error: str | None = None


def select(machine: Machine) -> tuple[Selection, ...]:
    """Every tool that mise would set here; nothing where there is neither mise nor a file that only mise reads."""
    mise = layout.find(machine.env, machine.home)
    places = Places(
        cwd=machine.cwd, home=machine.home, config=mise.config, system_config=mise.system_config,
        global_file=mise.global_file, records=Records(mise.trusted(), mise.ignored(), mise.digests()), env=machine.env,
        today=machine.today,
    )
    config = read(places, machine.files)
    wants = tuple(_wants(machine, config))
    if not mise.present:
        return tuple(_without_mise(machine, want) for want in wants if want.source and want.source.kind == "toml")
    config.problems += _refused_variables(wants)
    if config.failure:
        return tuple(_failing(machine, mise, config, config.failure))
    chooser = _Chooser(machine, mise, places, config, Locks(machine, config))
    return tuple(chooser.select(want) for want in wants)


def _wants(machine: Machine, config: Configuration) -> Iterator[_Want]:
    """One want a tool: a variable, else the strongest file that gives it a version, be it for another system alone."""
    found: dict[str, _Want] = {}
    for name, value in sorted(machine.env.items()):
        match = _VARIABLE.fullmatch(name)
        if match and match[1] not in _NOT_TOOLS and value.split():
            tool = tool_name(match[1].lower().replace("_", "-"))
            found[tool] = _Want(tool, tuple(Wish(word, 0) for word in value.split()), f"env:{name}", None)
    for source in config.sources:
        for tool, wishes in source.tools.items():
            if wishes and tool not in found:
                found[tool] = _Want(tool, tuple(filter(_fits_here, wishes)), source.shown, source)
    enabled = config.names("enable_tools", "MISE_ENABLE_TOOLS", machine.env)
    disabled = config.names("disable_tools", "MISE_DISABLE_TOOLS", machine.env) or ()
    for tool, want in found.items():
        if not want.wishes:
            continue
        if tool in map(tool_name, enabled) if enabled is not None else tool not in map(tool_name, disabled):
            yield want


def _fits_here(wish: Wish) -> bool:
    if wish.systems is None:
        return True
    own_system, own_arch = here()
    for entry in wish.systems:
        name, _, arch = entry.partition("/")
        if SYSTEM_NAMES.get(name, name) == own_system and (not arch or ARCH_NAMES.get(arch, arch) == own_arch):
            return True
    return False


def _refused_variables(wants: tuple[_Want, ...]) -> Iterator[Problem]:
    for want in wants:
        if want.source is None and any(rules.parse_request(wish.text) is None for wish in want.wishes):
            detail = "mise refuses a version in it"
            yield Problem("malformed", Stage.VARIABLE, want.shown, detail, None, (want.tool,))


def _failing(
    machine: Machine, mise: layout.Mise, config: Configuration, problem: Problem
) -> Iterator[Selection]:
    """Every mise command fails, so the shell keeps what is on PATH for every tool that a file names."""
    named = {tool for source in config.sources for tool in source.tools}
    named.update(tool for one in config.problems for tool in one.tools)
    for tool in sorted(named) or mise.tools():
        if commands(tool) or tool in mise.tools():
            yield Selection(
                tool=tool, manager="mise", error=problem.fault, runs=_outside(machine, mise, tool),
                source=problem.shown, detail=_words(problem), expected_program=False,
            )


def _words(problem: Problem) -> str:
    return problem.detail if problem.line is None else f"{problem.detail} (line {problem.line})"


def _without_mise(machine: Machine, want: _Want) -> Selection:
    declared = _declared(want, tuple(wish.text for wish in want.wishes))
    return Selection(
        tool=want.tool, manager="mise", declared=declared, pins=_pins(want.tool, declared), present=False,
        runs=machine.on_path(want.tool), source=want.shown,
    )


def _declared(want: _Want, raws: tuple[str, ...]) -> tuple[Declared, ...]:
    return tuple(
        Declared(want.shown, wish.line or None, raw) for wish, raw in zip(want.wishes, raws, strict=True)
    )


def _pins(tool: str, declared: tuple[Declared, ...]) -> tuple[Pin, ...]:
    return tuple(Pin(tool, pin, prefix_range(pin.raw.removeprefix("prefix:"))) for pin in declared)


def _outside(machine: Machine, mise: layout.Mise, tool: str) -> Program | None:
    """What answers where mise puts nothing on PATH: its shims and installations passed over."""
    installs = f"{os.path.realpath(mise.installs)}/"
    folders = [os.path.realpath(entry.directory) for entry in machine.path.entries if os.path.isabs(entry.directory)]
    own = tuple(folder for folder in folders if folder.startswith(installs))
    return machine.on_path(tool, without=(*own, os.path.realpath(mise.shims)))


@dataclass(frozen=True, slots=True)
class _Chooser:
    """Selects one tool from everything that was read."""

    machine: Machine
    mise: layout.Mise
    places: Places
    config: Configuration
    locks: Locks

    def select(self, want: _Want) -> Selection:
        """The selection of one tool."""
        store = self.mise.store(want.tool)
        made = tuple(self._make(want, wish, store) for wish in want.wishes)
        declared = _declared(want, tuple(one.raw for one in made))
        missing = next((one for one in made if one.error), None)
        undecided = next((one.undecided for one in made if one.undecided), None)
        system = _outside(self.machine, self.mise, want.tool)
        runs, from_first = self._runs(want.tool, made, system)
        first = next((one for one in made if one.resolved), None)
        selection = Selection(
            tool=want.tool, manager="mise", declared=declared, pins=_pins(want.tool, declared),
            resolved_all=tuple(one.resolved for one in made if one.resolved), via=first.via if first else None,
            error=missing.error if missing else None, runs=runs, system=system, undecided=undecided,
            expected_program=from_first, source=want.shown,
            detail=f"nothing installed fits `{missing.raw}`" if missing else "",
            hint=_install_hint(want.tool, missing.raw) if missing else None,
            notes=(f"`{want.shown}`: {undecided}",) if undecided else (),
        )
        if runs is None or selection.via != "managed" or not from_first:
            return selection
        return replace(selection, shadow=answering_instead(self.machine, runs, "mise", self.mise.installs))

    def _make(self, want: _Want, wish: Wish, store: rules.Store) -> _Made:
        if wish.dynamic:
            return _Made(wish.text, None, None, undecided="a template decides; devbox does not render it")
        request = rules.parse_request(wish.text, ranges=_takes_ranges(want))
        if request is None:
            return _Made(wish.text, None, None, error="refused")
        if request.kind == "system":
            return _Made(wish.text, SYSTEM, "system")
        if request.kind == "path":
            return self._path(want, request)
        if want.tool in layout.CORE_TOOLS and not store.recorded and self._without_core():
            return _Made(request.raw, None, None, error="missing")
        aliases = self._aliases(want.tool)
        choice = rules.resolve(want.tool, request, store, aliases=aliases, lock=self.locks.lock(want.tool, want.source))
        if choice.version is None:
            return _Made(request.raw, None, None, error="missing")
        name = choice.version if want.tool in rules.EXACT_TOOLS else choice.folder or choice.version
        folder = os.path.join(self.mise.folder(want.tool), name)
        return _Made(request.raw, choice.version, "managed", folder)

    def _without_core(self) -> bool:
        """Whether a setting turns off mise's own installers."""
        backends = self.config.names("disable_backends", "MISE_DISABLE_BACKENDS", self.machine.env)
        return "core" in (backends or ())

    def _path(self, want: _Want, request: rules.Request) -> _Made:
        """`path:`: a folder outside mise, relative to what its file configures."""
        text = request.text
        if text.startswith("~/"):
            text = os.path.join(self.machine.home, text[2:])
        start = config_root(want.source.path, self.places) if want.source else self.machine.cwd
        path = os.path.normpath(os.path.join(start, text))
        below_home = path.startswith(f"{self.machine.home.rstrip('/')}/")
        raw = f"path:~{path[len(self.machine.home.rstrip('/')):]}" if below_home else f"path:{path}"
        return _Made(raw, raw, "path", path) if os.path.isdir(path) else _Made(raw, None, None, error="missing")

    def _aliases(self, tool: str) -> dict[str, str]:
        found: dict[str, str] = {}
        for source in reversed(self.config.sources):
            if source.content is not None:
                found.update(source.content.aliases.get(tool, {}))
        return found

    def _runs(self, tool: str, made: tuple[_Made, ...], system: Program | None) -> tuple[Program | None, bool]:
        """The first installed version that has the program, else what is outside; and whether it is the first asked."""
        # `system` puts nothing on PATH, so a version after it runs all the same.
        managed = [one for one in made if one.resolved != SYSTEM]
        for number, one in enumerate(managed):
            path = self.mise.program(tool, one.folder, commands(tool)) if one.folder else None
            if path is not None and one.folder is not None:
                name = os.path.basename(os.path.realpath(one.folder)) if one.via == "managed" else ""
                refused = "inside the project" if self.machine.path.boundary.holds(path) else None
                program = Program(tool, path, refused, named=name if is_full_version(name) else None)
                return program, number == 0
        return system, system is not None and made[0].resolved == SYSTEM and len(managed) < len(made)


def _takes_ranges(want: _Want) -> bool:
    return want.source is not None and os.path.basename(want.source.path) == "package.json"


def _install_hint(tool: str, raw: str) -> str | None:
    """Only for words that can stand on a command line as they are."""
    plain = re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._:/+-]*", f"{tool}@{raw}".replace("@", ""))
    return f"`mise install {tool}@{raw}`" if plain else None
