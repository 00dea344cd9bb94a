"""mise's whole hierarchy as one list of sources, strongest first, or what makes every mise command fail here.

spec/toolchains.md 5.1, 5.2, 5.6, 5.7. Reads files as data; renders nothing, trusts nothing, writes nothing.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from devbox.core.toolchain.mise import parse_request
from devbox.project.pins import idiomatic, mise_early, mise_names
from devbox.project.pins.files import VersionFiles, folders_up
from devbox.project.pins.mise_toml import MiseToml, Wish, has_template, parse
from devbox.project.pins.tool_versions import parse_for_mise

Fault = Literal["malformed", "untrusted", "min-version"]


@dataclass(frozen=True, slots=True)
class Places:
    """What the machine tells: folders of configuration, trust records, and where the user stands."""

    cwd: str
    home: str
    config: str
    system_config: str
    global_file: str | None
    trusted: frozenset[str]
    ignored: frozenset[str]
    env: Mapping[str, str]
    today: tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Source:
    """One file that sets tools."""

    path: str
    shown: str
    kind: Literal["toml", "tool-versions", "idiomatic"]
    tools: Mapping[str, tuple[Wish, ...]]
    content: MiseToml | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    """Why every mise command fails here."""

    fault: Fault
    shown: str
    detail: str
    line: int | None = None
    tools: tuple[str, ...] = ()
    """Tools that the failing file names, as far as can be seen."""


@dataclass(slots=True)
class Configuration:
    """Everything that was read."""

    sources: list[Source] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    @property
    def failure(self) -> Problem | None:
        """Why mise fails; it looks at `min_version` only once every file could be read."""
        early = (problem for problem in self.problems if problem.fault != "min-version")
        return next(early, self.problems[0] if self.problems else None)

    def setting(self, name: str) -> Any:
        """A setting of the strongest file that has it."""
        files = (source.content.settings for source in self.sources if source.content)
        return next((settings[name] for settings in files if name in settings), None)

    def names(self, name: str, variable: str, env: Mapping[str, str]) -> tuple[str, ...] | None:
        """A setting that is a list: from its variable (commas), else from the files; None where neither has it."""
        if variable in env:
            return tuple(word.strip() for word in env[variable].split(",") if word.strip())
        value = self.setting(name)
        return tuple(word for word in value if isinstance(word, str)) if isinstance(value, list) else None


def read(places: Places, files: VersionFiles) -> Configuration:
    """The hierarchy from the working directory to the system's file."""
    early = mise_early.read(places.env, places.home, places.cwd, files, (places.config, places.system_config))
    found = Configuration()
    if early.broken:
        found.problems.append(Problem("malformed", early.broken[0], early.broken[1], early.broken[2]))
        return found
    reader = _Reader(places, files, early, found)
    folders = [folder for folder in _folders(places.cwd, early) if not reader.is_ignored(folder)]
    groups = [reader.group(folder, mise_names.config_names(early.naming)) for folder in folders]
    groups.append(reader.global_group(places.config, places.global_file))
    groups.append(reader.global_group(places.system_config, places.env.get("MISE_SYSTEM_CONFIG_FILE")))
    found.sources = [source for group in groups for source in group]
    enabled = found.names("idiomatic_version_file_enable_tools", "MISE_IDIOMATIC_VERSION_FILE_ENABLE_TOOLS", places.env)
    if enabled:
        disabled = found.names(
            "idiomatic_version_file_disable_files", "MISE_IDIOMATIC_VERSION_FILE_DISABLE_FILES", places.env
        )
        names = mise_names.idiomatic_names(enabled, disabled or ())
        for group, folder in zip(groups, folders, strict=False):
            group += reader.idiomatic(folder, names)
        found.sources = [source for group in groups for source in group]
    return found


def _folders(cwd: str, early: mise_early.Early) -> Iterator[str]:
    for folder in folders_up(cwd):
        if folder in early.ceilings:
            return
        yield folder


@dataclass(slots=True)
class _Reader:
    """Reads the files of a folder, each real file once."""

    places: Places
    files: VersionFiles
    early: mise_early.Early
    found: Configuration
    seen: set[str] = field(default_factory=set)

    def group(self, folder: str, names: tuple[str, ...]) -> list[Source]:
        """The sources of one folder, strongest first."""
        paths = [path for name in names for path in self._paths(folder, name)]
        return [source for path in paths if self._is_new(path) and (source := self._source(path))]

    def global_group(self, folder: str, only: str | None) -> list[Source]:
        """The user's or the system's files."""
        if only:
            return [source for source in (self._source(only),) if source] if self.files.is_file(only) else []
        return self.group(folder, mise_names.global_names(self.early.naming))

    def idiomatic(self, folder: str, names: tuple[tuple[str, tuple[str, ...]], ...]) -> list[Source]:
        """Other managers' files of one folder."""
        sources = []
        for name, tools in names:
            path = os.path.join(folder, name)
            data = self.files.read(path) if self.files.is_file(path) and not self.is_ignored(path) else None
            wishes = {tool: idiomatic.parse(tool, name, data) for tool in tools} if data is not None else {}
            wishes = {tool: versions for tool, versions in wishes.items() if versions}
            if wishes:
                sources.append(Source(path, self.files.shown(path), "idiomatic", wishes))
        return sources

    def is_ignored(self, path: str) -> bool:
        """Whether the user told mise to leave this path out."""
        real = os.path.realpath(path)
        roots = (*self.early.ignored, *(os.path.realpath(root) for root in self.early.ignored))
        return any(_below(path, root) or _below(real, root) for root in roots)

    def _paths(self, folder: str, name: str) -> list[str]:
        if not name.endswith("*.toml"):
            path = os.path.join(folder, name)
            if self.files.is_file(path):
                return [path]
            self.files.note_irregular(path)
            return []
        inside = os.path.join(folder, os.path.dirname(name))
        try:
            names = sorted((entry for entry in os.listdir(inside) if entry.endswith(".toml")), reverse=True)[:256]
        except (OSError, ValueError):
            return []
        return [path for entry in names if self.files.is_file(path := os.path.join(inside, entry))]

    def _is_new(self, path: str) -> bool:
        real = os.path.realpath(path)
        kept = real in self.places.ignored or os.path.realpath(config_root(path, self.places)) in self.places.ignored
        if real in self.seen or self.is_ignored(path) or (kept and not self._trusted_by_path(path)):
            return False
        self.seen.add(real)
        return True

    def _source(self, path: str) -> Source | None:
        data, shown = self.files.read(path), self.files.shown(path)
        if data is None:
            return None
        if not path.endswith(".toml"):
            return self._tool_versions(path, shown, data)
        content = parse(data, shown)
        if not content.safe and not self.is_trusted(path):
            if _truthy(self.places.env.get("MISE_SAFE")):
                content = MiseToml(content.tools, problem=content.problem)
            else:
                tools = (*content.tools, *content.named)
                detail = "it has more than plain tool versions"
                self.found.problems.append(Problem("untrusted", shown, detail, None, tools))
                return None
        if content.problem is not None:
            self.found.problems.append(Problem("malformed", shown, content.problem, content.line, content.named))
            return None
        if content.min_version and _is_later(content.min_version, self.places.today):
            detail = f"min_version is {content.min_version}"
            self.found.problems.append(Problem("min-version", shown, detail, None, tuple(content.tools)))
        return self._checked(Source(path, shown, "toml", content.tools, content))

    def _tool_versions(self, path: str, shown: str, data: bytes) -> Source | None:
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            self.found.problems.append(Problem("malformed", shown, "it is not UTF-8"))
            return None
        tools = parse_for_mise(text)
        if has_template(text) and not self.is_trusted(path):
            self.found.problems.append(Problem("untrusted", shown, "it has a template", None, tuple(tools)))
            return None
        return self._checked(Source(path, shown, "tool-versions", tools))

    def _checked(self, source: Source) -> Source:
        """A version text that mise refuses fails every command, whichever file has it."""
        for wishes in source.tools.values():
            for wish in wishes:
                if not wish.dynamic and parse_request(wish.text) is None:
                    detail = "mise refuses a version in it"
                    problem = Problem("malformed", source.shown, detail, wish.line, tuple(source.tools))
                    self.found.problems.append(problem)
        return source

    def is_trusted(self, path: str) -> bool:
        """Whether mise would read an unsafe file here; the project itself can never say so."""
        env = self.places.env
        if any(_truthy(env.get(name)) for name in ("CI", "MISE_YES")):
            return True
        if self._is_global(path) or self._trusted_by_path(path):
            return True
        return bool({os.path.realpath(path), os.path.realpath(config_root(path, self.places))} & self.places.trusted)

    def _trusted_by_path(self, path: str) -> bool:
        roots = self.places.env.get("MISE_TRUSTED_CONFIG_PATHS", "").split(os.pathsep)
        real = os.path.realpath(path)
        return any(_below(real, os.path.realpath(root.replace("~", self.places.home, 1))) for root in roots if root)

    def _is_global(self, path: str) -> bool:
        folders = (self.places.config, self.places.system_config)
        return path == self.places.global_file or any(_below(path, folder) for folder in folders)


def config_root(path: str, places: Places) -> str:
    """The folder that a file configures; relative `path:` values and trust refer to it (`config_root.rs`)."""
    if path == places.global_file or _below(path, places.config):
        return places.home
    folder, name = os.path.split(path)
    parent, grandparent = os.path.split(folder)[::-1][0], os.path.basename(os.path.dirname(folder))
    above = os.path.dirname(folder)
    if parent == "conf.d" and grandparent in ("mise", ".mise"):
        top = os.path.dirname(above)
        return os.path.dirname(top) if os.path.basename(top) == ".config" else top
    if parent in ("mise", ".mise") and name.startswith("config.") and name.endswith(".toml"):
        return os.path.dirname(above) if grandparent == ".config" else above
    return above if parent == ".config" else folder


def _below(path: str, root: str) -> bool:
    return path == root or path.startswith(f"{root.rstrip('/')}/")


def _truthy(value: str | None) -> bool:
    return value is not None and value.lower() not in ("", "0", "false", "no", "off", "n")


def _is_later(version: str, today: tuple[int, int, int]) -> bool:
    """mise's versions are dates, so one of a later month can't be installed yet; nothing is run to learn more."""
    numbers = [int(part) for part in version.split(".")[:2] if part.isascii() and part.isdigit()]
    return len(numbers) == 2 and (numbers[0], numbers[1]) > today[:2]
