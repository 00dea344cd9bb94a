"""corepack: what `packageManager` of package.json means (spec/toolchains.md 4.5).

Pure. Source: `parseSpec` and `parsePackageJSON` of corepack's `sources/specUtils.ts`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from devbox.core.frozen import dataclass
from devbox.core.npm_range import npm_range

MANAGERS = ("npm", "pnpm", "yarn")
_NUMBER = r"(?:0|[1-9][0-9]{0,15})"
_IDENTIFIER = r"(?:0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*)"
_VERSION = re.compile(
    rf"v?({_NUMBER}\.{_NUMBER}\.{_NUMBER}(?:-{_IDENTIFIER}(?:\.{_IDENTIFIER})*)?)(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?",
    re.ASCII,
)
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")


@dataclass(frozen=True, slots=True)
class Spec:
    """A package manager and its version, or why corepack refuses every command here."""

    name: str | None
    version: str | None = None
    """Without `v` and without the hash."""
    error: str | None = None
    detail: str = ""


def parse_spec(value: object) -> Spec:
    """`pnpm@8.6.0`, `yarn@v3.2.3+sha224.…`; anything else is an error."""
    if not isinstance(value, str):
        return Spec(None, error="malformed", detail="`packageManager` is not a string")
    name, _, wanted = value.partition("@")
    known = name if name in MANAGERS else None
    if not wanted:
        return Spec(known, error="refused", detail="no version; expected one such as `pnpm@9.1.0`")
    if _URL.match(wanted):
        return Spec(known, error="refused" if known else "unsupported", detail="a URL in place of a version")
    match = _VERSION.fullmatch(wanted.strip())
    if match is None:
        return Spec(known, error="refused", detail=f"`{wanted}` is no full version; expected one such as `9.1.0`")
    if known is None:
        return Spec(None, error="unsupported", detail=f"`{name}` is none of {', '.join(MANAGERS)}")
    return Spec(known, match[1])


def of_manifest(manifest: Mapping[str, Any]) -> tuple[str, Spec] | None:
    """What a package.json asks for, as written and as understood; None where it asks for nothing.

    `devEngines.packageManager` must agree with the field, and stands in for it where there is none.
    """
    field = manifest.get("packageManager")
    engines = manifest.get("devEngines")
    wish = engines.get("packageManager") if isinstance(engines, dict) else None
    if not isinstance(wish, dict):
        return (str(field), parse_spec(field)) if field is not None else None
    name, version = wish.get("name"), wish.get("version")
    strict = wish.get("onFail") in (None, "error")
    if not isinstance(name, str) or "@" in name or not _is_range(version):
        if strict:
            return str(field or name), Spec(None, error="malformed", detail="devEngines.packageManager is malformed")
        return (str(field), parse_spec(field)) if field is not None else None
    if not field:
        spec = f"{name}@{version if version is not None else '*'}"
        return spec, parse_spec(spec)
    if strict and not _agrees(field, name, version):
        known = parse_spec(field).name
        return str(field), Spec(known, error="conflict", detail=f"devEngines.packageManager asks for {name} {version}")
    return str(field), parse_spec(field)


def _is_range(version: object) -> bool:
    return version is None or (isinstance(version, str) and npm_range(version) is not None)


def _agrees(field: object, name: str, version: str | None) -> bool:
    if not isinstance(field, str):
        return True  # it is refused for itself
    if not field.startswith(f"{name}@"):
        return False
    wanted = npm_range(version) if version is not None else None
    match = _VERSION.fullmatch(field[len(name) + 1 :].strip())
    return wanted is None or (match is not None and wanted.contains(match[1]))
