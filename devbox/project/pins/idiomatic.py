"""Other managers' version files as mise reads them where it is told to (spec/toolchains.md 5.6).

One version a line, its own comments rule; nothing of the owners' vocabularies is understood. Source: mise's
`normalize_idiomatic_contents` and `plugins/core/*.rs`.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable

from devbox.project.pins.mise_toml import Wish

_INLINE_COMMENT = re.compile(r"\s#.*")
_SDKMAN_VENDORS = {
    "amzn": "corretto", "albba": "dragonwell", "graalce": "graalvm-community", "librca": "liberica", "open": "openjdk",
    "ms": "microsoft", "sapmchn": "sapmachine", "sem": "semeru-openj9", "tem": "temurin",
}
_RUBY = re.compile(r"(?:\w+-)?\d+(?:\.\d+)*", re.ASCII)
_NESTING = 64


def parse(tool: str, name: str, data: bytes) -> tuple[Wish, ...]:
    """The versions that the file gives the tool; none where mise would skip it."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return ()
    if name in _READERS:
        return tuple(Wish(version, line) for version, line in _READERS[name](text, tool))
    lines = _lines(text)
    if tool == "python" or tool not in ("node", "ruby", "java", "go"):
        return tuple(Wish(word, number) for line, number in lines for word in line.split())
    if tool == "node":
        return tuple(Wish(line.removeprefix("v").replace("lts/*", "lts"), number) for line, number in lines)
    if tool == "java":
        return tuple(Wish(line, number) for line, number in lines)
    whole = "\n".join(line for line, _ in lines)
    if tool == "ruby":
        whole = whole.removeprefix("ruby-")
    whole = whole.lstrip("v")
    return (Wish(whole, lines[0][1]),) if whole else ()


def _lines(text: str) -> list[tuple[str, int]]:
    """Lines with content: comment lines dropped, ` #` cuts, a glued `#` belongs to the version."""
    found = []
    for number, line in enumerate(text.split("\n"), start=1):
        content = line.strip()
        if content and not content.startswith("#"):
            found.append((_INLINE_COMMENT.sub("", content, count=1).strip(), number))
    return [(content, number) for content, number in found if content]


def _sdkmanrc(text: str, tool: str) -> list[tuple[str, int]]:
    for number, line in enumerate(text.split("\n"), start=1):
        if line.startswith("java"):
            version = line.rstrip("\r").partition("=")[2]
            if "-" not in version:
                return [(version, number)]
            number_part, _, vendor = version.rpartition("-")
            vendor = _SDKMAN_VENDORS.get(vendor, vendor)
            number_part = re.split(r"[+\-]", number_part)[0]
            if vendor == "zulu":
                number_part = number_part.partition(".")[0]
            return [(f"{vendor}-{number_part}", number)]
    return []


def _gemfile(text: str, tool: str) -> list[tuple[str, int]]:
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip().startswith("ruby "):
            match = re.search(r"ruby *['\"]([^'\"]*)", line.partition("#")[0])
            version = re.sub(r"^[^0-9]", "", match[1]) if match else ""
            return [(version, number)] if _RUBY.fullmatch(version) else []
    return []


def _go_mod(text: str, tool: str) -> list[tuple[str, int]]:
    """A full `toolchain` line, else the `go` line (which mise stops reading in 2026.11)."""
    found: dict[str, tuple[str, int]] = {}
    for number, line in enumerate(text.split("\n"), start=1):
        words = line.partition("//")[0].split()
        if len(words) > 1:
            found.setdefault(words[0], (words[1], number))
    toolchain, line_number = found.get("toolchain", ("", 0))
    if re.fullmatch(r"go\d+\.\d+\.\d+", toolchain, re.ASCII):
        return [(toolchain.removeprefix("go"), line_number)]
    version, line_number = found.get("go", ("", 0))
    return [(version, line_number)] if re.fullmatch(r"\d+(\.\d+){1,2}", version, re.ASCII) else []


def _package_json(text: str, tool: str) -> list[tuple[str, int]]:
    """`devEngines.runtime` alone, and of an array its first element."""
    document = _json(text)
    engines = document.get("devEngines") if isinstance(document, dict) else None
    runtime = engines.get("runtime") if isinstance(engines, dict) else None
    if isinstance(runtime, list):
        runtime = runtime[0] if runtime else None
    if not isinstance(runtime, dict) or runtime.get("name") != tool:
        return []
    version = runtime.get("version")
    return [(version, 0)] if isinstance(version, str) and version else []


def _global_json(text: str, tool: str) -> list[tuple[str, int]]:
    document = _json(text)
    sdk = document.get("sdk") if isinstance(document, dict) else None
    version = sdk.get("version") if isinstance(sdk, dict) else None
    return [(version, 0)] if isinstance(version, str) and version else []


def _rust_toolchain(text: str, tool: str) -> list[tuple[str, int]]:
    if text.count("[") > 4096:
        return []
    try:
        toolchain = tomllib.loads(text).get("toolchain")
    except (tomllib.TOMLDecodeError, RecursionError, ValueError):
        return []
    channel = toolchain.get("channel") if isinstance(toolchain, dict) else None
    return [(channel, 0)] if isinstance(channel, str) and channel else []


def _json(text: str) -> object:
    """A JSON document, nesting bounded before it is parsed; None where it is none."""
    depth = deepest = 0
    for letter in text:
        depth += (letter in "[{") - (letter in "]}")
        deepest = max(deepest, depth)
    if deepest > _NESTING:
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


_READERS: dict[str, Callable[[str, str], list[tuple[str, int]]]] = {
    ".sdkmanrc": _sdkmanrc,
    "Gemfile": _gemfile,
    "go.mod": _go_mod,
    "package.json": _package_json,
    "global.json": _global_json,
    "rust-toolchain.toml": _rust_toolchain,
}
