"""`global.json` as the .NET host reads it (spec/toolchains.md 11).

Source: `sdk_resolver::parse_global_file`. What the host does not understand it ignores, with the whole file.
"""

from __future__ import annotations

from devbox.core.errors import ConfigError
from devbox.core.frozen import dataclass
from devbox.project.jsonc_source import parse_jsonc

NAME = "global.json"


@dataclass(frozen=True, slots=True)
class GlobalJson:
    """The `sdk` table."""

    version: str | None = None
    line: int | None = None
    roll_forward: str | None = None
    prereleases: bool | None = None
    has_paths: bool = False
    """Whether it names folders to look for SDKs in (.NET 10)."""
    problem: str | None = None
    """Why the host cannot read it."""
    ignored: str | None = None
    """Why the host reads it and leaves it."""


def parse(data: bytes, path: str) -> GlobalJson:
    """What the file asks for; never raises."""
    try:
        document = parse_jsonc(data, path, trailing_commas=False)
    except ConfigError as error:
        return GlobalJson(line=error.line, problem=error.summary)
    sdk = document.get("sdk")
    if sdk is None:
        return GlobalJson()
    if not isinstance(sdk, dict):
        return GlobalJson(line=document.line("sdk"), ignored="`sdk` is not an object")
    version, roll_forward, prereleases = (sdk.get(key) for key in ("version", "rollForward", "allowPrerelease"))
    for key, value, kind in (
        ("version", version, str), ("rollForward", roll_forward, str), ("allowPrerelease", prereleases, bool)
    ):
        if value is not None and not isinstance(value, kind):
            return GlobalJson(line=document.line("sdk", key), ignored=f"`sdk.{key}` has the wrong type")
    line = document.line("sdk", "version") or document.line("sdk")
    return GlobalJson(version, line, roll_forward, prereleases, has_paths=sdk.get("paths") is not None)
