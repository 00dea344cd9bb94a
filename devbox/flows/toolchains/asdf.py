"""Every tool as asdf selects it, the bash line and the Go line (spec/toolchains.md 6)."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from itertools import islice

from devbox.core.findings import Declared
from devbox.core.frozen import dataclass
from devbox.core.pins import Pin
from devbox.core.toolchain import asdf as rules
from devbox.core.toolchain.selection import SYSTEM, Program, Selection, Via
from devbox.core.version import exact_range, is_full_version
from devbox.flows.toolchains.activation import answering_instead
from devbox.flows.toolchains.machine import Machine
from devbox.host import asdf as layout
from devbox.host import mise
from devbox.host.program import commands
from devbox.host.versions_folder import program_in
from devbox.project.pins.asdf_files import AsdfFiles, Legacy, Source

_PLUGIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.+-]{0,62}")
_MENTIONED_LIMIT = 100
"""Plugins that files may name besides those that are here."""


def select(machine: Machine) -> tuple[Selection, ...]:
    """Every plugin that is here, then what files name besides; nothing where mise reads the file in asdf's place."""
    asdf = layout.find(machine.env, machine.home)
    files = AsdfFiles(
        machine.files, machine.env, machine.home, machine.cwd, bash=asdf.bash,
        defaults=os.path.join(asdf.program_root, "defaults"),
    )
    here = asdf.plugins() if asdf.present else ()
    covered = {tool_of(plugin) for plugin in here}
    others = [plugin for plugin in dict.fromkeys(islice(files.mentioned(), _MENTIONED_LIMIT)) if plugin not in here]
    others = [plugin for plugin in others if _PLUGIN.fullmatch(plugin) and tool_of(plugin) not in covered]
    if not asdf.present:
        if not others or mise.find(machine.env, machine.home).present:
            return ()
        return tuple(_absent(machine, files, plugin) for plugin in others)
    chooser = _Chooser(machine, asdf, files)
    return (*(chooser.select(plugin) for plugin in here), *(chooser.without_plugin(plugin) for plugin in others))


def tool_of(plugin: str) -> str:
    """The tool a plugin installs."""
    return rules.TOOLS.get(plugin, plugin)


def _absent(machine: Machine, files: AsdfFiles, plugin: str) -> Selection:
    source = files.source(plugin, lambda: Legacy((), plain=True))
    declared = _declared(source)
    tool = tool_of(plugin)
    return Selection(
        tool=tool, manager="asdf", declared=declared, pins=_pins(tool, declared), present=False,
        runs=machine.on_path(tool), source=source.path,
    )


def _declared(source: Source) -> tuple[Declared, ...]:
    if source.entry is None or source.path is None:
        return ()
    return tuple(Declared(source.path, source.entry.line or None, word) for word in source.entry.words)


def _pins(tool: str, declared: tuple[Declared, ...]) -> tuple[Pin, ...]:
    return tuple(Pin(tool, pin, exact_range(pin.raw)) for pin in declared)


@dataclass(frozen=True, slots=True)
class _Ran:
    """What answers, and for which word; None where the shim gives up."""

    program: Program | None
    word: str | None = None


@dataclass(frozen=True, slots=True)
class _Chooser:
    """Selects the tools of one asdf."""

    machine: Machine
    asdf: layout.Asdf
    files: AsdfFiles

    def select(self, plugin: str) -> Selection:
        """The selection of one plugin."""
        tool = tool_of(plugin)
        source = self.files.source(plugin, lambda: self._legacy(plugin))
        declared = _declared(source)
        words = tuple(pin.raw for pin in declared)
        system = self.machine.on_path(tool, without=(os.path.realpath(self.asdf.shims),))
        selection = Selection(
            tool=tool, manager="asdf", declared=declared, pins=_pins(tool, declared), source=source.path, system=system
        )
        if source.undecided:
            return replace(selection, undecided=source.undecided, notes=(source.undecided,), system=None)
        ran = self._runs(plugin, tool, words, system)
        if not words:
            return replace(selection, error="no-version", runs=ran.program, system=None)
        return self._judged(plugin, selection, words, ran)

    def without_plugin(self, plugin: str) -> Selection:
        """What a file asks of a plugin that is not here: asdf does nothing about it."""
        selection = _absent(self.machine, self.files, plugin)
        return replace(
            selection, present=True, error="missing", detail=f"asdf has no plugin `{plugin}`",
            hint=f"`asdf plugin add {plugin}`",
        )

    def _judged(self, plugin: str, selection: Selection, words: tuple[str, ...], ran: _Ran) -> Selection:
        installed = tuple(word for word in words if word == SYSTEM or self._folder(plugin, word) is not None)
        missing = next((word for word in words if word not in installed), None)
        lost = words == (SYSTEM,) and selection.system is None
        expected = ran.word in installed and ran.program is not None
        default = installed.index(ran.word) if ran.word in installed else 0
        judged = replace(
            selection, resolved_all=installed, default=default, runs=ran.program, expected_program=expected,
            via=self._via(installed[default], selection.system) if installed else None,
            error="missing" if missing or lost else None,
            detail=f"asdf has no version `{missing}` of {plugin}" if missing else "",
            hint=_install_hint(plugin, missing) if missing else None,
        )
        if SYSTEM not in installed:
            judged = replace(judged, system=None)
        if ran.program is None or judged.via != "managed" or not expected:
            return judged
        return replace(judged, shadow=answering_instead(self.machine, ran.program, "asdf", self.asdf.data))

    def _via(self, word: str, system: Program | None) -> Via | None:
        if word == SYSTEM:
            return "system" if system else None
        return "path" if word.startswith("path:") else "managed"

    def _runs(self, plugin: str, tool: str, words: tuple[str, ...], system: Program | None) -> _Ran:
        """What the shim of the tool's command comes to; without a shim PATH decides, unless a version is there."""
        command = next(iter(commands(tool)), plugin)
        listed = self.asdf.in_shim(command, plugin)
        has_shim = listed is not None
        if listed is None:
            listed = tuple(word for word in words if self._folder(plugin, word) is not None)
        how = self._by_bash if self.asdf.bash else self._by_go
        ran = how(plugin, tool, words, listed, system)
        return ran if ran.program or has_shim else _Ran(system)

    def _by_bash(
        self, plugin: str, tool: str, words: tuple[str, ...], listed: tuple[str, ...], system: Program | None
    ) -> _Ran:
        word = rules.bash_choice(words, listed)
        if word is None or word == SYSTEM:
            return _Ran(system if word else None, word)
        program = self._program(plugin, tool, word)
        return _Ran(program, word) if program else _Ran(system)

    def _by_go(
        self, plugin: str, tool: str, words: tuple[str, ...], listed: tuple[str, ...], system: Program | None
    ) -> _Ran:
        for word in rules.go_order(words, listed):
            program = system if word == SYSTEM else self._program(plugin, tool, word)
            if program is not None:
                return _Ran(program, word)
            if word == SYSTEM or word.startswith("path:"):
                break
        return _Ran(None)

    def _folder(self, plugin: str, word: str) -> str | None:
        """The folder that a word names, where it is there."""
        version = rules.parse_version(word, bash=self.asdf.bash)
        if version.kind == "system":
            return None
        if version.kind != "path":
            return self.asdf.versions(plugin).folder(version.place)
        place = version.place
        if self.asdf.bash and place.startswith("~/"):
            place = os.path.join(self.machine.home, place[2:])
        path = os.path.join(self.machine.cwd, place)
        return path if place and "\0" not in place and os.path.isdir(path) else None

    def _program(self, plugin: str, tool: str, word: str) -> Program | None:
        folder = self._folder(plugin, word)
        path = program_in(folder, commands(tool), self.asdf.program_folders(plugin)) if folder else None
        if folder is None or path is None:
            return None
        refused = "inside the project" if self.machine.path.boundary.holds(path) else None
        name = os.path.basename(folder)
        return Program(tool, path, refused, named=name if name == word and is_full_version(name) else None)

    def _legacy(self, plugin: str) -> Legacy:
        names = self.asdf.legacy_files(plugin, rules.LEGACY_FILES.get(plugin, ()))
        return Legacy(names, self.asdf.reads_plainly(plugin))


def _install_hint(plugin: str, word: str) -> str | None:
    """Only for words that can stand on a command line as they are."""
    plain = re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._:+-]*", word) and word != SYSTEM
    return f"`asdf install {plugin} {word}`" if plain else None
