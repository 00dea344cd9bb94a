"""The tools that GitHub workflows set up (spec/toolchains.md 15): what CI runs, compared with this machine.

With a runner's tool cache here the versions are resolved in it, as the actions do; nothing is ever downloaded.
"""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterator
from dataclasses import field, replace

from devbox.core.errors import ConfigError
from devbox.core.findings import Declared
from devbox.core.frozen import dataclass
from devbox.core.pins import Pin
from devbox.core.toolchain import actions as rules
from devbox.core.toolchain.selection import Selection
from devbox.core.version import union
from devbox.flows.toolchains.machine import Machine
from devbox.host import tool_cache
from devbox.project.pins import action_files, workflow
from devbox.project.pins.workflow import Step, Value
from devbox.project.reading import list_project_folder

_WORKFLOW_LIMIT = 100
_VERSIONS = {"node": "node-version", "python": "python-version", "go": "go-version", "java": "java-version"}
_PREFERS_TOOLCHAIN = 6
"""The version of setup-go from which go.mod's `toolchain` line counts."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """One version that one step asks for."""

    declared: Declared
    wanted: rules.Wanted
    dynamic: bool = False


@dataclass(frozen=True, slots=True)
class _Setup:
    """One step, its versions found."""

    tool: str
    line: int
    asked: tuple[_Asked, ...] = ()
    error: str | None = None
    detail: str = ""
    matrix: bool = False
    """Whether the versions are alternatives, each in a job of its own."""


@dataclass(slots=True)
class _Workspace:
    """The checkout as a runner sees it."""

    machine: Machine
    texts: dict[str, str | None] = field(default_factory=dict)

    def read(self, name: str) -> str | None:
        """A file's text by its path from the root; None where there is none, and outside."""
        path = posixpath.normpath(name)
        if path.startswith(("/", "..")):
            return None
        if path not in self.texts:
            full = os.path.join(self.machine.files.root, path)
            data = self.machine.files.read(full) if self.machine.files.is_file(full) else None
            self.texts[path] = data.decode("utf-8", "replace") if data is not None else None
        return self.texts[path]


def select(machine: Machine) -> tuple[Selection, ...]:
    """One selection for each workflow and tool that it sets up."""
    root = machine.files.root
    if not os.path.isdir(os.path.join(root, workflow.FOLDER)):
        return ()
    names = list_project_folder(root, workflow.FOLDER)
    found: list[Selection] = []
    workspace = _Workspace(machine)
    cache = tool_cache.find(machine.env, root)
    for name in names[:_WORKFLOW_LIMIT] if isinstance(names, tuple) else ():
        if name.endswith((".yml", ".yaml")):
            found += _workflow(machine, workspace, cache, f"{workflow.FOLDER}/{name}")
    return tuple(found)


def _workflow(machine: Machine, workspace: _Workspace, cache: str | None, shown: str) -> Iterator[Selection]:
    data = machine.files.read(os.path.join(machine.files.root, shown))
    if data is None or b"setup-" not in data.lower():
        return  # most workflows set up nothing, and parsing costs
    try:
        steps = workflow.parse(data, shown)
    except ConfigError as error:
        where = f" (line {error.line})" if error.line else ""
        yield Selection(
            tool="workflow", manager="github-actions", error="malformed", present=False, source=shown,
            detail=f"{error.summary}{where}",
        )
        return
    setups = [_setup(step, shown, workspace) for step in steps]
    for tool in dict.fromkeys(setup.tool for setup in setups):
        yield _select(machine, cache, shown, tool, [setup for setup in setups if setup.tool == tool])


def _setup(step: Step, shown: str, workspace: _Workspace) -> _Setup:
    """The versions of a step: its input, else the file that it names, else what the action looks for by itself."""
    if step.tool == "ruby":
        return _ruby(step, shown, workspace)
    values = [value for value in step.inputs.get(_VERSIONS[step.tool], ()) if value.text.strip()]
    several = step.tool in ("python", "java")
    if values:
        asked = [
            _asked(step, shown, replace(value, text=line.strip()))
            for value in values
            for line in (value.text.split("\n") if several else (value.text,))
            if line.strip()
        ]
        return _Setup(step.tool, step.line, tuple(asked), matrix=len(values) > 1)
    return _from_file(step, shown, workspace)


def _from_file(step: Step, shown: str, workspace: _Workspace) -> _Setup:
    setup = _Setup(step.tool, step.line)
    values = step.inputs.get(f"{_VERSIONS[step.tool]}-file", ())
    name = values[0].text.strip() if values else ""
    if not name:
        if step.tool != "python" or workspace.read(".python-version") is None:
            return setup
        name = ".python-version"
    if values and values[0].dynamic:
        return replace(setup, asked=(_Asked(Declared(shown, values[0].line, name), rules.Wanted(None), True),))
    try:
        found = _read_file(step, name, workspace)
    except ValueError as error:
        return replace(setup, error="malformed", detail=f"`{name}`: {error}")
    if found is None:
        return replace(setup, error="missing-file", detail=f"`{name}` is not there")
    return replace(setup, asked=tuple(_asked_in(step, shown, one) for one in found))


def _read_file(step: Step, name: str, workspace: _Workspace) -> tuple[action_files.Found, ...] | None:
    if step.tool == "go":
        newer = step.major is None or step.major >= _PREFERS_TOOLCHAIN
        return action_files.go(name, workspace.read, toolchain=newer)
    readers = {"node": action_files.node, "python": action_files.python, "java": action_files.java}
    return readers[step.tool](name, workspace.read)


def _ruby(step: Step, shown: str, workspace: _Workspace) -> _Setup:
    values = step.inputs.get("ruby-version") or (Value("default", step.line),)
    setup = _Setup("ruby", step.line, matrix=len(values) > 1)
    asked: list[_Asked] = []
    for value in values:
        if value.dynamic:
            asked.append(_asked(step, shown, value))
            continue
        found = action_files.ruby(value.text.strip(), workspace.read)
        if found is None:
            return replace(setup, error="missing-file", detail="no .ruby-version, .tool-versions or mise.toml")
        for one in found:
            asked.append(_asked_in(step, shown, replace(one, line=one.line or value.line)))
    return replace(setup, asked=tuple(asked))


def _asked_in(step: Step, shown: str, found: action_files.Found) -> _Asked:
    declared = Declared(posixpath.normpath(found.file) if found.file else shown, found.line, found.text)
    return _Asked(declared, _wanted(step, found.text, loose=(found.file or "").endswith(".toml")))


def _asked(step: Step, shown: str, value: Value) -> _Asked:
    wanted = rules.Wanted(None) if value.dynamic else _wanted(step, value.text)
    return _Asked(Declared(shown, value.line, value.text), wanted, value.dynamic)


def _wanted(step: Step, text: str, *, loose: bool = False) -> rules.Wanted:
    return rules.wanted(
        step.tool, text, prereleases=step.first("allow-prereleases").lower() == "true",
        free_threaded=step.first("freethreaded").lower() == "true", loose=loose,
    )


def _select(
    machine: Machine, cache: str | None, shown: str, tool: str, setups: list[_Setup]
) -> Selection:
    asked = [one for setup in setups for one in setup.asked]
    pins = tuple(pin for setup in setups for pin in _pins(setup))
    problem = next((setup for setup in setups if setup.error), None)
    selection = Selection(
        tool=tool, manager="github-actions", declared=tuple(one.declared for one in asked), pins=pins, present=False,
        runs=machine.on_path(tool), source=shown, elsewhere=True,
        error=problem.error if problem else None, detail=problem.detail if problem else "",
    )
    if cache is None or tool not in rules.FOLDERS or not asked:
        return selection
    return _cached(cache, tool, setups, selection)


def _pins(setup: _Setup) -> Iterator[Pin]:
    """Of a matrix any version will do: other sources need to agree with one of them."""
    if setup.matrix:
        ranges = [one.wanted.range for one in setup.asked]
        known = [wanted for wanted in ranges if wanted]
        first = setup.asked[0].declared
        words = ", ".join(one.declared.raw for one in setup.asked)
        whole = union(words, known) if len(known) == len(ranges) else None
        yield Pin(setup.tool, Declared(first.path, first.line, words), whole, place=str(setup.line), apart=True)
        return
    # Of several lines the last is the default.
    for one in setup.asked[-1:]:
        yield Pin(setup.tool, one.declared, one.wanted.range, place=str(setup.line), apart=True)


def _cached(cache: str, tool: str, setups: list[_Setup], selection: Selection) -> Selection:
    """The versions that the steps find in the tool cache."""
    resolved: list[str] = []
    missing: list[str] = []
    default = 0
    dynamic = False
    for setup in setups:
        for one in setup.asked:
            architecture = f"{tool_cache.arch()}{one.wanted.arch_suffix}"
            version = rules.find(one.wanted, tool_cache.versions(cache, rules.FOLDERS[tool], architecture))
            if version is not None:
                resolved.append(f"{version}t" if one.wanted.arch_suffix else version)
            elif one.dynamic:
                dynamic = True
            else:
                missing.append(one.declared.raw)
    if not setups[0].matrix and len(setups) == 1 and resolved:
        default = len(resolved) - 1
    return replace(
        selection, present=True, resolved_all=tuple(resolved), default=default, via="managed" if resolved else None,
        error=selection.error or ("missing" if missing else None),
        detail=selection.detail or (f"the runner's tool cache has no `{missing[0]}`" if missing else ""),
        undecided="an expression decides, which only a run can tell" if dynamic else None,
    )
