"""mise's whole hierarchy as one list of sources, strongest first, or what makes every mise command fail here.

spec/toolchains.md 5.1, 5.2, 5.6, 5.7. Reads files as data; renders nothing, trusts nothing, writes nothing.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import IntEnum
from typing import Any, Literal

from devbox.core.toolchain.mise import parse_request
from devbox.project.pins import idiomatic, mise_early, mise_names
from devbox.project.pins.files import VersionFiles, folders_up
from devbox.project.pins.mise_toml import MiseToml, Wish, has_template, parse
from devbox.project.pins.mise_trust import Records, Trust, trust
from devbox.project.pins.tool_versions import parse_for_mise

Fault = Literal["malformed", "untrusted", "min-version"]


class Stage(IntEnum):
    """When mise notices a problem: it stops at the first."""

    START = 0
    """Variables and `.miserc.toml`."""
    FILE = 1
    """One file after the other, those of the outermost folder first: trust, types, `.tool-versions`."""
    AGE = 2
    """`min_version`, once all files are read."""
    VERSION = 3
    """A version text that mise refuses."""
    VARIABLE = 4
    """The same in an environment variable."""


@dataclass(frozen=True, slots=True)
class Places:
    """What the machine tells: folders of configuration, trust records, and where the user stands."""

    cwd: str
    home: str
    config: str
    system_config: str
    global_file: str | None
    records: Records
    env: Mapping[str, str]
    today: tuple[int, int, int]

    @property
    def global_root(self) -> str:
        """The folder that the user's and the system's files configure."""
        return self.env.get("MISE_GLOBAL_CONFIG_ROOT") or self.home

    @property
    def abandoned(self) -> str | None:
        """The folder of configuration that `MISE_CONFIG_DIR` took the place of: nothing in it is read any more."""
        base = self.env.get("XDG_CONFIG_HOME") or os.path.join(self.home, ".config")
        default = os.path.join(base, "mise")
        return default if default != self.config else None

    def is_global(self, path: str) -> bool:
        """Whether the file is the user's or the system's own, which needs no trust."""
        named = (self.global_file, self.env.get("MISE_SYSTEM_CONFIG_FILE"))
        return path in named or any(_below(path, folder) for folder in (self.config, self.system_config))


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
    stage: Stage
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
    environments: tuple[str, ...] = ()
    """`MISE_ENV`"""

    @property
    def failure(self) -> Problem | None:
        """Why mise fails: of the problems of its first stage the one it meets first."""
        return min(self.problems, key=lambda problem: problem.stage, default=None)

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
    found = Configuration(environments=early.naming.environments)
    if early.broken:
        shown, detail, line = early.broken
        found.problems.append(Problem("malformed", Stage.START, shown, detail, line))
        return found
    reader = _Reader(places, files, early, found)
    reader.load()
    return found


@dataclass(slots=True)
class _Reader:
    """Reads the files of a hierarchy, each real file once."""

    places: Places
    files: VersionFiles
    early: mise_early.Early
    found: Configuration
    parsed: dict[str, MiseToml] = field(default_factory=dict)

    def load(self) -> None:
        """Every source, strongest first; problems in the order in which mise meets them."""
        folders = [folder for folder in self._folders() if not self._is_ignored(folder)]
        own = [*self._global(self.places.config, self.places.global_file)]
        own += self._global(self.places.system_config, self.places.env.get("MISE_SYSTEM_CONFIG_FILE"))
        rules = trust(self.places.env, self.places.home, self.places.records, self._settings(own))
        names = mise_names.config_names(self.early.naming)
        groups = [list(self._named(folder, names)) for folder in folders]
        layers = list(self._once(rules, [*groups, own]))
        outermost_first = sorted((path for layer in layers for path in layer), key=self._depth)
        sources = {path: self._source(path, rules) for path in outermost_first}
        found = [[source for path in layer if (source := sources[path])] for layer in layers]
        self.found.sources = [source for group in found for source in group]
        enabled = self._words("idiomatic_version_file_enable_tools", "MISE_IDIOMATIC_VERSION_FILE_ENABLE_TOOLS")
        if enabled:
            disabled = self._words("idiomatic_version_file_disable_files", "MISE_IDIOMATIC_VERSION_FILE_DISABLE_FILES")
            others = mise_names.idiomatic_names(enabled, disabled)
            for group, folder in zip(found, folders, strict=False):
                group += self._idiomatic(folder, others)
            self.found.sources = [source for group in found for source in group]

    def _depth(self, path: str) -> int:
        """How deep the folder lies that the file configures, which is the order in which mise loads files."""
        return os.path.realpath(config_root(path, self.places)).count("/")

    def _words(self, name: str, variable: str) -> tuple[str, ...]:
        return self.found.names(name, variable, self.places.env) or ()

    def _folders(self) -> Iterator[str]:
        for folder in folders_up(self.places.cwd):
            if folder in self.early.ceilings:
                return
            yield folder

    def _global(self, folder: str, only: str | None) -> Iterator[str]:
        """The user's or the system's files, strongest first."""
        if only is None:
            yield from self._named(folder, mise_names.global_names(self.early.naming))
        elif self.files.is_file(only):
            yield only

    def _named(self, folder: str, names: tuple[str, ...]) -> Iterator[str]:
        for name in names:
            path = os.path.join(folder, name)
            if "*" in name:
                yield from self._fragments(path)
            elif self.files.is_file(path):
                yield path
            else:
                self.files.note_irregular(path)

    def _fragments(self, pattern: str) -> Iterator[str]:
        """Files of a `conf.d`, later names first: `*.toml`, or with `env_conf_d` `*.ci.toml`."""
        inside, name = os.path.split(pattern)
        suffix = name.removeprefix("*")
        try:
            names = sorted((entry for entry in os.listdir(inside) if entry.endswith(suffix)), reverse=True)[:256]
        except (OSError, ValueError):
            return
        for entry in names:
            elsewhere = self.early.naming.suffixes and suffix == ".toml" and mise_names.is_for_environment(entry)
            path = os.path.join(inside, entry)
            if not entry.startswith(".") and not elsewhere and self.files.is_file(path):
                yield path

    def _once(self, rules: Trust, groups: list[list[str]]) -> Iterator[list[str]]:
        """The groups without what was there already and what the user leaves out."""
        seen: set[str] = set()
        for group in groups:
            kept: list[str] = []
            for path in group:
                real = os.path.realpath(path)
                if real not in seen and not self._is_left_out(path, rules):
                    kept.append(path)
                seen.add(real)
            yield kept

    def _is_left_out(self, path: str, rules: Trust) -> bool:
        abandoned = self.places.abandoned
        if abandoned and _below(path, abandoned) and not self.places.is_global(path):
            return True
        root = config_root(path, self.places)
        return self._is_ignored(path) or self._is_ignored(root) or rules.left_out(path, root)

    def _is_ignored(self, path: str) -> bool:
        """Whether `ignored_config_paths` leaves it out."""
        real = os.path.realpath(path)
        roots = (*self.early.ignored, *(os.path.realpath(root) for root in self.early.ignored))
        return any(_below(path, root) or _below(real, root) for root in roots)

    def _settings(self, paths: list[str]) -> dict[str, Any]:
        """Settings of the user's and the system's files alone, which decide about trust."""
        merged: dict[str, Any] = {}
        for path in reversed(paths):
            left_out = self._is_ignored(path) or self.places.records.ignores(path, config_root(path, self.places))
            data = self.files.read(path) if path.endswith(".toml") and not left_out else None
            merged.update(self._parse(path, data).settings if data is not None else {})
        return merged

    def _parse(self, path: str, data: bytes) -> MiseToml:
        if path not in self.parsed:
            self.parsed[path] = parse(data, self.files.shown(path))
        return self.parsed[path]

    def _source(self, path: str, rules: Trust) -> Source | None:
        data, shown = self.files.read(path), self.files.shown(path)
        if data is None:
            return None
        kind = self.early.naming.kind(os.path.basename(path))
        if kind == "toml":
            return self._toml(path, shown, data, rules)
        if kind == "tool-versions":
            return self._tool_versions(path, shown, data, rules)
        self._fail("malformed", shown, "mise finds it and does not know its kind")
        return None

    def _toml(self, path: str, shown: str, data: bytes, rules: Trust) -> Source | None:
        content = self._parse(path, data)
        own = self.places.is_global(path)
        needs_trust = not own and (rules.paranoid or not content.safe)
        if needs_trust and not rules.allows(path, config_root(path, self.places), data):
            detail = "it has more than plain tool versions" if not content.safe else "mise is paranoid"
            self._fail("untrusted", shown, detail, tools=(*content.tools, *content.named))
            return None
        later = content.min_version is not None and _is_later(content.min_version, self.places.today)
        if later:
            stage = Stage.FILE if content.problem else Stage.AGE
            detail = f"min_version is {content.min_version}"
            self._fail("min-version", shown, detail, tools=(*content.tools, *content.named), stage=stage)
        if content.problem is not None:
            self._fail("malformed", shown, content.problem, content.line, content.named)
            return None
        if rules.safe and not own:
            content = replace(content, settings={}, aliases={})
        elif self.places.records.ignores(path, config_root(path, self.places)):
            content = replace(content, settings={})
        return self._checked(Source(path, shown, "toml", content.tools, content), Stage.VERSION)

    def _tool_versions(self, path: str, shown: str, data: bytes, rules: Trust) -> Source | None:
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            self._fail("malformed", shown, "it is not UTF-8")
            return None
        tools = parse_for_mise(text)
        if (rules.paranoid or has_template(text)) and not rules.allows(path, config_root(path, self.places), data):
            detail = "it has a template" if has_template(text) else "mise is paranoid"
            self._fail("untrusted", shown, detail, tools=tuple(tools))
            return None
        return self._checked(Source(path, shown, "tool-versions", tools), Stage.FILE)

    def _idiomatic(self, folder: str, names: tuple[tuple[str, tuple[str, ...]], ...]) -> Iterator[Source]:
        """Other managers' files of one folder."""
        for name, tools in names:
            path = os.path.join(folder, name)
            data = self.files.read(path) if self.files.is_file(path) and not self._is_ignored(path) else None
            wishes = {tool: idiomatic.parse(tool, name, data) for tool in tools} if data is not None else {}
            wishes = {tool: versions for tool, versions in wishes.items() if versions}
            if wishes:
                yield Source(path, self.files.shown(path), "idiomatic", wishes)

    def _checked(self, source: Source, stage: Stage) -> Source:
        """A version text that mise refuses fails every command, whichever file has it."""
        for wishes in source.tools.values():
            for wish in wishes:
                if not wish.dynamic and parse_request(wish.text) is None:
                    detail = "mise refuses a version in it"
                    self._fail("malformed", source.shown, detail, wish.line, tuple(source.tools), stage=stage)
        return source

    def _fail(
        self, fault: Fault, shown: str, detail: str, line: int | None = None, tools: tuple[str, ...] = (), *,
        stage: Stage = Stage.FILE,
    ) -> None:
        self.found.problems.append(Problem(fault, stage, shown, detail, line, tools))


def config_root(path: str, places: Places) -> str:
    """The folder that a file configures; relative `path:` values and trust refer to it (`config_root.rs`)."""
    if places.is_global(path):
        return places.global_root
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


def _is_later(version: str, today: tuple[int, int, int]) -> bool:
    """mise's versions are dates, so one of a later month can't be installed yet; nothing is run to learn more."""
    numbers = [int(part) for part in version.split(".")[:2] if part.isascii() and part.isdigit()]
    return len(numbers) == 2 and (numbers[0], numbers[1]) > today[:2]
