"""mise's whole hierarchy as one list of sources, strongest first, or what makes every mise command fail here.

spec/toolchains.md 5.1, 5.2, 5.6, 5.7. Reads files as data; renders nothing, trusts nothing, writes nothing.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from devbox.core.toolchain.mise import parse_request
from devbox.project.pins import idiomatic, mise_early, mise_names
from devbox.project.pins.files import VersionFiles, folders_up
from devbox.project.pins.mise_sources import (
    Configuration,
    Fault,
    Places,
    Problem,
    Source,
    Stage,
    below,
    config_root,
)
from devbox.project.pins.mise_toml import MiseToml, has_template, parse
from devbox.project.pins.mise_trust import Trust, trust
from devbox.project.pins.tool_versions import parse_for_mise


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
        depth = {path: os.path.realpath(self._root(path, rules)).count("/") for layer in layers for path in layer}
        outermost_first = sorted(depth, key=lambda path: depth[path])
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

    def _root(self, path: str, rules: Trust) -> str:
        """What is trusted or ignored with the file, and tells in which order mise loads files."""
        return path if rules.paranoid else config_root(path, self.places)

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
        if abandoned and below(path, abandoned) and not self.places.is_global(path):
            return True
        root = self._root(path, rules)
        return self._is_ignored(path) or self._is_ignored(root) or rules.left_out(path, root)

    def _is_ignored(self, path: str) -> bool:
        """Whether `ignored_config_paths` leaves it out."""
        real = os.path.realpath(path)
        roots = (*self.early.ignored, *(os.path.realpath(root) for root in self.early.ignored))
        return any(below(path, root) or below(real, root) for root in roots)

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
        elif self.places.records.ignores(path, self._root(path, rules)):
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


def _is_later(version: str, today: tuple[int, int, int]) -> bool:
    """mise's versions are dates, so one of a later month can't be installed yet; nothing is run to learn more."""
    numbers = [int(part) for part in version.split(".")[:2] if part.isascii() and part.isdigit()]
    return len(numbers) == 2 and (numbers[0], numbers[1]) > today[:2]
