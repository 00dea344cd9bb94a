"""Version files as GitHub's setup actions read them, which is not as their owners do (spec/toolchains.md 15).

Sources: setup-node `src/util.ts`, setup-python `src/utils.ts`, setup-go `src/installer.ts`, setup-java `src/util.ts`,
setup-ruby `index.js`.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable
from typing import Any

from devbox.core.errors import ConfigError
from devbox.core.frozen import dataclass
from devbox.core.toolchain.actions import loose_range
from devbox.project.json_positions import NESTING_LIMIT, line_of, nesting
from devbox.project.toml_source import parse_toml

_EXTENDS_LIMIT = 16
_NODE_LINE = re.compile(r"^(?:node(?:js)?[^\S\n]+)?v?(?P<version>\S+)$", re.MULTILINE)
_PYTHON_TOOL = re.compile(r"\s*python\s*v?\s*(?P<version>\S+)\s*")
_GO_TOOL = re.compile(r"^golang[^\S\n]+([^\n#]+)", re.MULTILINE)
_GO_LINE = re.compile(r"^go ([0-9]+(?:\.[0-9]+)*)", re.MULTILINE)
_GO_TOOLCHAIN = re.compile(r"^toolchain go(1\.[0-9]+(?:\.[0-9]+|rc[0-9]+)?)", re.MULTILINE)
_JAVA_TOOL = re.compile(r"^java\s+(?:\S*-)?([0-9]+(?:\.[0-9]+)*(?:[+_.-][a-z0-9]+)*)", re.MULTILINE | re.IGNORECASE)
_JAVA_SDKMAN = re.compile(r"^java\s*=\s*([^-\s]+)", re.MULTILINE)
_JAVA_PLAIN = re.compile(r"(?:(?<=^)|(?<=[\s-]))([0-9]\S*)(?=\s|$)")
_RUBY_TOOL = re.compile(r"ruby\s+(\S+)")
_RUBY_MISE = re.compile(r"""\s*ruby\s*=\s*['"]([^'"]+)['"]\s*(?:#.*)?""")
_PYTHON_LINE_END = re.compile(r"\r\n|\r|\n")

ReadText = Callable[[str], str | None]
"""The text of a file, by its path relative to the workspace; None where there is none."""


@dataclass(frozen=True, slots=True)
class Found:
    """A version, its line, and the file it stands in where that is another one."""

    text: str
    line: int | None = None
    file: str | None = None


def node(name: str, read: ReadText) -> tuple[Found, ...] | None:
    """setup-node's `node-version-file`; None where a file is absent, nothing where it names no version.

    Here and below ValueError, with the reason, for a file that makes the step fail.
    """
    for _ in range(_EXTENDS_LIMIT):
        text = read(name)
        if text is None:
            return None
        manifest = _json(text)
        if not isinstance(manifest, (dict, list)):
            return _node_text(text, name)
        found = _node_manifest(text, manifest if isinstance(manifest, dict) else {}, name)
        extends = manifest.get("volta", {}) if isinstance(manifest, dict) else {}
        extends = extends.get("extends") if isinstance(extends, dict) else None
        if found or not isinstance(extends, str):
            return found
        name = _beside(name, extends)
    return ()


def _node_manifest(text: str, manifest: dict[str, Any], name: str) -> tuple[Found, ...]:
    volta, engines, dev = (manifest.get(key) for key in ("volta", "engines", "devEngines"))
    if isinstance(volta, dict) and volta.get("node"):
        return (Found(_string(volta["node"]), line_of(text, "volta", "node"), name),)
    runtime = dev.get("runtime") if isinstance(dev, dict) else None
    for number, entry in enumerate(runtime if isinstance(runtime, list) else [runtime]):
        if isinstance(entry, dict) and str(entry.get("name", "")).lower() == "node" and entry.get("version"):
            path = ("devEngines", "runtime", number) if isinstance(runtime, list) else ("devEngines", "runtime")
            return (Found(_string(entry["version"]), line_of(text, *path, "version"), name),)
    if isinstance(engines, dict) and engines.get("node"):
        return (Found(_string(engines["node"]), line_of(text, "engines", "node"), name),)
    return ()


def _node_text(text: str, name: str) -> tuple[Found, ...]:
    tools = _toml(text).get("tools")
    value = tools.get("node") if isinstance(tools, dict) else None
    if value:
        version = value.get("version") if isinstance(value, dict) else value
        return (Found(version, _line(text, version), name),) if isinstance(version, str) and version else ()
    match = _NODE_LINE.search(text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n"))
    found = match["version"] if match else text.strip()
    return (Found(found, text.count("\n", 0, match.start()) + 1 if match else 1, name),) if found else ()


def python(name: str, read: ReadText) -> tuple[Found, ...] | None:
    """setup-python's `python-version-file`."""
    text = read(name)
    if text is None:
        return None
    if name.endswith(".toml"):
        return _python_project(text, name)
    if ".tool-versions" in name:
        for number, line in enumerate(text.split("\n"), start=1):
            match = None if line.strip().startswith("#") else _PYTHON_TOOL.fullmatch(line)
            if match:
                return (Found(match["version"], number, name),)
        return ()
    if "Pipfile" in name:
        requires = _strict_toml(text.replace("\r\n", "\n")).get("requires")
        table = requires if isinstance(requires, dict) else {}
        version = table.get("python_full_version", table.get("python_version"))
        return (Found(str(version), _line(text, str(version)), name),) if version is not None else ()
    return _python_lines(text, name)


def _python_lines(text: str, name: str) -> tuple[Found, ...]:
    start = text[: len(text) - len(text.lstrip())].count("\n")
    found = []
    for number, line in enumerate(_PYTHON_LINE_END.split(text.removeprefix("\ufeff").strip()), start=start + 1):
        if not line.startswith("#") and line.strip():
            found.append(Found(line.strip().partition("/")[0], number, name))
    return tuple(found)


def _python_project(text: str, name: str) -> tuple[Found, ...]:
    """Commas become blanks and the whole an npm range; what is none is dropped without a word."""
    root = _strict_toml(text.replace("\r\n", "\n"))
    keys = ("project", "requires-python") if "project" in root else ("tool", "poetry", "dependencies", "python")
    value: Any = root
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    if not isinstance(value, str):
        return ()
    return (Found(value, _line(text, value), name),) if loose_range(value) is not None else ()


def go(name: str, read: ReadText, *, toolchain: bool) -> tuple[Found, ...] | None:
    """setup-go's `go-version-file`; `toolchain` says whether this version prefers that line."""
    text = read(name)
    if text is None:
        return None
    last = name.rpartition("/")[2]
    if last in ("go.mod", "go.work"):
        match = (_GO_TOOLCHAIN.search(text) if toolchain else None) or _GO_LINE.search(text)
    elif last == ".tool-versions":
        match = _GO_TOOL.search(text)
    else:
        return (Found(text.strip(), 1, name),) if text.strip() else ()
    return (Found(match[1].strip(), text.count("\n", 0, match.start()) + 1, name),) if match else ()


def java(name: str, read: ReadText) -> tuple[Found, ...] | None:
    """setup-java's `java-version-file`."""
    text = read(name)
    if text is None:
        return None
    last = name.rpartition("/")[2]
    pattern = {".tool-versions": _JAVA_TOOL, ".sdkmanrc": _JAVA_SDKMAN}.get(last, _JAVA_PLAIN)
    match = pattern.search(text.strip())
    return (Found(match[1], text.strip().count("\n", 0, match.start()) + 1, name),) if match else ()


def ruby(word: str, read: ReadText) -> tuple[Found, ...] | None:
    """setup-ruby's `ruby-version`: a version, a file's name, or `default`, which is the first file there is."""
    files = (".ruby-version", ".tool-versions", "mise.toml")
    if word == "default":
        word = next((name for name in files if read(name) is not None), "")
        if not word:
            return None
    if word not in files:
        return (Found(word),)
    text = read(word)
    if text is None:
        return None
    if word == ".ruby-version":
        return (Found(text.strip(), 1, word),) if text.strip() else ()
    pattern = _RUBY_TOOL.match if word == ".tool-versions" else _RUBY_MISE.fullmatch
    for number, line in enumerate(text.split("\n"), start=1):
        if match := pattern(line.rstrip("\r")):
            return (Found(match[1], number, word),)
    return ()


def _json(text: str) -> Any:
    """The document, or None; a byte order mark is no JSON for JavaScript."""
    try:
        return json.loads(text) if nesting(text) <= NESTING_LIMIT else None
    except (ValueError, RecursionError):
        return None


def _toml(text: str) -> dict[str, Any]:
    try:
        return _strict_toml(text)
    except ValueError:
        return {}


def _strict_toml(text: str) -> dict[str, Any]:
    """The document, bounded as every TOML file is."""
    try:
        parse_toml(text.encode("utf-8", "replace"), "")
        return tomllib.loads(text)
    except (ConfigError, RecursionError, OverflowError):
        raise ValueError("it is not valid TOML") from None


def _string(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("the version is not a string")
    return value


def _line(text: str, value: str) -> int | None:
    at = text.find(value)
    return text.count("\n", 0, at) + 1 if at >= 0 else None


def _beside(name: str, other: str) -> str:
    folder = name.rpartition("/")[0]
    return f"{folder}/{other}" if folder else other
