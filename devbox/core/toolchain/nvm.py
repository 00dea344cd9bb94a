"""nvm: which installed version a `.nvmrc` text means (spec/toolchains.md 4.1, "Resolution").

Pure: installed names and a function that reads alias files come in. Source: `nvm_version`, `nvm_ls`,
`nvm_resolve_alias`, `nvm_normalize_lts` of nvm.sh 0.40.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from devbox.core.frozen import dataclass
from devbox.core.toolchain.selection import SYSTEM
from devbox.core.version import release_numbers

ReadAlias = Callable[[str], str | None]
"""First meaningful line of an alias file, or None."""

CYCLE = "∞"
_ALIAS_LIMIT = 64
_LTS_OFFSET = re.compile(r"lts/-([1-9][0-9]{0,5})(?:[^0-9].*)?")


@dataclass(frozen=True, slots=True)
class Installed:
    """What `$NVM_DIR` holds: names of version folders and the alias files."""

    node: tuple[str, ...]
    """`v20.9.0`; 0.x below 0.12 too. Sorted by name, the old place first."""
    iojs: tuple[str, ...]
    """`v3.3.1`"""
    complete: frozenset[str]
    """Those with an executable `bin/node`, io.js ones as `iojs-v3.3.1`."""
    read_alias: ReadAlias
    lts_names: tuple[str, ...]
    """Names of the files in `alias/lts`, in the order of `ls`."""
    has_system: bool
    current: str | None = None
    """The version whose folder is on PATH now."""


@dataclass(frozen=True, slots=True)
class Resolved:
    """The version (`v20.9.0`, `iojs-v3.3.1`, SYSTEM), or the error that stands in its place."""

    version: str | None
    error: str | None = None


def resolve(text: str, installed: Installed) -> Resolved:
    """What `nvm use` with this text selects, from what is installed alone."""
    if text == "current":
        return Resolved(installed.current or (SYSTEM if installed.has_system else None))
    version = _version(text, installed, depth=0)
    if version == CYCLE:
        return Resolved(None, "cycle")
    if version in (None, SYSTEM) or version in installed.complete:
        return Resolved(version, None if version else "missing")
    return Resolved(None, "missing")


def _version(pattern: str, installed: Installed, depth: int) -> str | None:
    if depth > _ALIAS_LIMIT:
        return CYCLE
    if pattern in ("node", "node-"):
        pattern = "stable"
    if pattern == "iojs":
        return _newest("iojs-", installed)
    target = _follow(pattern, installed)
    if target == SYSTEM and installed.has_system:
        return SYSTEM
    if target is None and pattern in ("stable", "unstable"):
        target = _implicit(pattern, installed)
    if target == CYCLE:
        return CYCLE
    if target is not None:
        return _version(_prefixed(target), installed, depth + 1)
    if pattern == SYSTEM:
        return SYSTEM if installed.has_system else None
    return _newest(_prefixed(pattern), installed)


def _follow(pattern: str, installed: Installed) -> str | None:
    """The end of the chain of alias files; None where `pattern` is no alias."""
    seen = {pattern}
    alias = pattern
    while True:
        name = _lts_name(alias, installed)
        following = installed.read_alias(name) if name else None
        if not following:
            return alias if alias != pattern else None
        if following in seen or len(seen) > _ALIAS_LIMIT:
            return CYCLE
        seen.add(following)
        alias = following


def _lts_name(alias: str, installed: Installed) -> str | None:
    """`lts/-1` as the name of its file; None where nvm refuses the name."""
    match = _LTS_OFFSET.fullmatch(alias)
    if match:
        tail = installed.lts_names[-(int(match[1]) + 1) :]
        return None if not tail or tail[0] == "*" else f"lts/{tail[0]}"
    if alias.startswith("lts/") and alias != alias.lower():
        return None
    return alias


def _implicit(word: str, installed: Installed) -> str | None:
    """`stable` and `unstable`: the newest line, odd 0.x lines being unstable."""
    stable = unstable = None
    for name in sorted(installed.node, key=_numbers):
        major, minor, _ = _numbers(name)
        if major == 0 and minor % 2:
            unstable = f"{major}.{minor}"
        else:
            stable = f"{major}.{minor}"
    return stable if word == "stable" else unstable


def _prefixed(text: str) -> str:
    """`nvm_ensure_version_prefix`: a leading digit gets its `v`, also behind `iojs-`."""
    if text == "iojs":
        return ""
    bare = text.removeprefix("iojs-")
    bare = f"v{bare}" if bare[:1].isascii() and bare[:1].isdigit() else bare
    return f"iojs-{bare}" if text.startswith("iojs-") else bare


def _newest(pattern: str, installed: Installed) -> str | None:
    """The newest folder that the prefixed pattern matches, at a dot boundary; a full version must be complete."""
    if pattern == "v":  # matches everything, and the system's node is listed last
        return SYSTEM if installed.has_system else _last(installed, "v", iojs_only=False)
    parts = pattern.removeprefix("v").removesuffix(".")
    groups = parts.count(".") + 1 if parts else 0
    if pattern.startswith("v") and groups == 3:
        return next((name for name in (pattern, f"iojs-{pattern}") if name in installed.complete), None)
    start = pattern.removeprefix("iojs-")
    if start and groups in (1, 2):
        start = f"{start.removesuffix('.')}."
    return _last(installed, start or "v", iojs_only=pattern.startswith("iojs-"))


def _last(installed: Installed, start: str, *, iojs_only: bool) -> str | None:
    """`sort -u` by three numbers keeps the first of equals, so an io.js or a nightly of the same number loses."""
    if not start.startswith("v"):
        return None
    names = [] if iojs_only else [(name, name) for name in installed.node]
    names += [(name, f"iojs-{name}") for name in installed.iojs]
    unique: dict[tuple[int, ...], str] = {}
    for name, full in names:
        if name.startswith(start):
            unique.setdefault(_numbers(name), full)
    return unique[max(unique)] if unique else None


def _numbers(name: str) -> tuple[int, ...]:
    return (*(release_numbers(name) or ()), 0, 0, 0)[:3]
