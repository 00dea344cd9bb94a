"""The `volta` key of package.json and the files that it extends (spec/toolchains.md 4.4).

Source: `project/mod.rs` and `project/serial.rs` of volta-core. A path that a project writes is followed only inside
the project, or to a package.json of a folder above: there Volta itself looks, too.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import field
from typing import Any

from devbox.core.findings import Declared
from devbox.core.frozen import dataclass
from devbox.core.toolchain.semver import Semver, parse
from devbox.project.pins import package_json
from devbox.project.pins.files import VersionFiles, folders_up

TOOLS = ("node", "npm", "pnpm", "yarn")
_CHAIN_LIMIT = 32


@dataclass(frozen=True, slots=True)
class Pinned:
    """One tool's exact version and where it stands."""

    declared: Declared
    version: Semver


@dataclass(frozen=True, slots=True)
class Platform:
    """What a project or a user chose."""

    source: str
    """The file that was asked, as shown."""
    tools: Mapping[str, Pinned] = field(default_factory=dict)
    error: str | None = None
    detail: str = ""
    found: bool = False
    """Whether there is a `volta` key at all; Volta's own file is one."""


def read_project(files: VersionFiles, cwd: str) -> Platform | None:
    """The nearest package.json's platform, everything it extends included; None where there is no package.json."""
    path = _nearest(files, cwd)
    if path is None:
        return None
    source = files.shown(path)
    tools: dict[str, Pinned] = {}
    seen: list[str] = []
    found = False
    following: str | None = path
    while following is not None:
        if following in seen:
            return Platform(source, tools, "cycle", f"`{files.shown(following)}` extends itself", found)
        if len(seen) == _CHAIN_LIMIT:
            return Platform(source, tools, "refused", f"more than {_CHAIN_LIMIT} files extend each other", found)
        seen.append(following)
        manifest = _Manifest.read(files, following)
        found = found or manifest.has_key
        if manifest.problem:
            return Platform(source, tools, "malformed", manifest.problem, found)
        tools = {**manifest.tools, **tools}
        following, problem = _extended(files, following, manifest.extends, path)
        if problem:
            return Platform(source, tools, problem, f"`extends` of `{files.shown(seen[-1])}`", found)
    if found and "node" not in tools:
        return Platform(source, tools, "no-version", "`volta` has no `node`", found)
    return Platform(source, tools, found=found)


def read_default(files: VersionFiles, path: str) -> Platform | None:
    """The user's default platform; None where there is none."""
    data = files.read(path) if files.is_file(path) else None
    if not data:
        return None
    shown = files.shown(path)
    document = package_json.read(data)
    if isinstance(document, package_json.Unreadable):
        return Platform(shown, error="malformed", detail=document.problem, found=True)
    runtime = document.get("node", "runtime")
    if document.get("node") is None:
        return None
    version = parse(_trimmed(runtime)) if isinstance(runtime, str) else None
    if version is None:
        return Platform(shown, error="malformed", detail="`node.runtime` is not an exact version", found=True)
    declared = Declared(shown, document.line("node", "runtime"), runtime)
    return Platform(shown, {"node": Pinned(declared, version)}, found=True)


def _nearest(files: VersionFiles, cwd: str) -> str | None:
    """The package.json of the nearest folder that has one and is no dependency in `node_modules`."""
    for folder in folders_up(cwd):
        path = os.path.join(folder, package_json.NAME)
        files.note_irregular(path)
        if files.size(path) is not None and os.path.basename(os.path.dirname(folder)) != "node_modules":
            return path
    return None


def _extended(files: VersionFiles, path: str, extends: str | None, first: str) -> tuple[str | None, str | None]:
    """The file that `extends` means, or the error."""
    if extends is None:
        return None, None
    if "\0" in extends:
        return None, "missing-file"
    target = os.path.realpath(os.path.join(os.path.dirname(path), extends))
    inside = target.startswith(f"{files.root.rstrip('/')}/")
    folder, name = os.path.split(target)
    above = name == package_json.NAME and folder in folders_up(os.path.dirname(first))
    if not inside and not above:
        return None, "refused"
    return (target, None) if files.size(target) is not None else (None, "missing-file")


def _trimmed(text: str) -> str:
    """Volta's own file may have a `v` and blanks."""
    return text.strip().removeprefix("v")


@dataclass(frozen=True, slots=True)
class _Manifest:
    """One file of the chain."""

    tools: Mapping[str, Pinned] = field(default_factory=dict)
    extends: str | None = None
    has_key: bool = False
    problem: str = ""

    @classmethod
    def read(cls, files: VersionFiles, path: str) -> _Manifest:
        """The file as Volta's deserializer takes it: wrong types anywhere it looks are errors."""
        shown = files.shown(path)
        data = files.read(path) if files.is_file(path) else None
        if data is None:
            return cls(problem=f"`{shown}` cannot be used")
        document = package_json.read(data)
        if isinstance(document, package_json.Unreadable):
            where = f" (line {document.line})" if document.line else ""
            return cls(problem=f"`{shown}`: {document.problem}{where}")
        table = document.get("volta")
        for key in ("dependencies", "devDependencies"):
            if not _is_texts(document.get(key)):
                return cls(has_key=table is not None, problem=f"`{shown}`: `{key}` is not an object of texts")
        if table is None:
            return cls()
        if not isinstance(table, dict):
            return cls(has_key=True, problem=f"`{shown}`: `volta` is not an object")
        return cls._of_table(document, table, shown)

    @classmethod
    def _of_table(cls, document: package_json.PackageJson, table: Mapping[str, Any], shown: str) -> _Manifest:
        tools: dict[str, Pinned] = {}
        for tool in (*TOOLS, "extends"):
            text = table.get(tool)
            version = parse(text) if isinstance(text, str) and tool != "extends" else None
            if text is not None and version is None and not (tool == "extends" and isinstance(text, str)):
                return cls(has_key=True, problem=f"`{shown}`: `volta.{tool}` is not an exact version")
            if version is not None:
                tools[tool] = Pinned(Declared(shown, document.line("volta", tool), table[tool]), version)
        return cls(tools, table.get("extends"), has_key=True)


def _is_texts(value: object) -> bool:
    return value is None or (isinstance(value, dict) and all(isinstance(item, str) for item in value.values()))
