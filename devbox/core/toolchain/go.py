"""Go: which toolchain the `go` command becomes (spec/toolchains.md 9).

Pure. Sources: `src/cmd/go/internal/toolchain/select.go`, `src/internal/gover/gover.go`.
"""

from __future__ import annotations

import re
from typing import Literal

from devbox.core.frozen import dataclass
from devbox.core.version import BEFORE, Interval, Range, exact_range, point, release_numbers

_VERSION = re.compile(
    r"(0|[1-9][0-9]*)(?:\.(0|[1-9][0-9]*)(?:\.(0|[1-9][0-9]*)|([a-z]+)(0|[1-9][0-9]*)?)?)?", re.ASCII
)
_SUFFIX = re.compile(r"[ \t-]")
_SWITCHES_SINCE = (1, 21)
"""Older programs know no toolchain line and no GOTOOLCHAIN."""

Key = tuple[int, int, int, tuple[int, str], int]


@dataclass(frozen=True, slots=True)
class Setting:
    """`GOTOOLCHAIN`, read."""

    floor: str | None
    """The toolchain that it names, `go1.23.4`; None: the local one."""
    mode: Literal["auto", "path", ""]
    """Whether go.mod may ask for more, and where that is looked for."""


@dataclass(frozen=True, slots=True)
class Choice:
    """The toolchain to run, by name; None is the local one."""

    name: str | None
    error: str | None = None
    detail: str = ""


def compare_key(version: str) -> Key | None:
    """`gover.Compare`'s order: `1.24` < `1.24rc1` < `1.24.0` < `1.24.4`; None for what is no version."""
    match = _VERSION.fullmatch(version)
    if match is None or any(len(part) > 18 for part in match.groups() if part):
        return None
    major, minor, patch, kind, pre = match.groups()
    if minor is None:
        minor = patch = "0"
    elif patch is None and kind is None and int(minor) < 21 and int(major) <= 1:
        patch = "0"  # before 1.21 a missing patch is the release
    has_patch = patch is not None
    return int(major), int(minor), int(patch) if has_patch else -1, (1, kind) if kind else (0, ""), int(pre or -1)


def is_language(version: str) -> bool:
    """Whether it is a version of the language, `1.24`, and not of a release."""
    return re.fullmatch(r"[0-9]+\.[0-9]+", version, re.ASCII) is not None


def version_of(toolchain: str) -> str | None:
    """`go1.25.1-acme` → `1.25.1`; None for what names no toolchain."""
    if "/" in toolchain or "\\" in toolchain:
        return None
    if toolchain.startswith("go"):
        text = toolchain[2:]
    elif "-go" in toolchain:
        text = toolchain.partition("-go")[2]
    else:
        return None
    text = _SUFFIX.split(text, maxsplit=1)[0]
    return text if compare_key(text) else None


def parse_setting(text: str) -> Setting | None:
    """`auto`, `local`, `path`, `go1.23.4`, `go1.23.4+auto`; None for anything else."""
    if text == "auto":
        return Setting(None, "auto")
    if text == "path":
        return Setting(None, "path")
    floor, plus, mode = text.partition("+")
    if floor != "local" and version_of(floor) is None:
        return None
    if plus and mode not in ("auto", "path"):
        return None
    return Setting(None if floor == "local" else floor, "auto" if mode == "auto" else "path" if mode == "path" else "")


def choose(setting: Setting, local: str, go: str | None, toolchain: str | None) -> Choice:
    """What runs for this `go` line and `toolchain` line, where `local` is the version of the program on PATH."""
    name, version = setting.floor, _key(version_of(setting.floor) if setting.floor else local)
    if _key(local)[:2] < _SWITCHES_SINCE:
        name, version = None, _key(local)
    elif setting.mode and toolchain != "default":
        if toolchain is not None:
            asked = version_of(toolchain)
            if asked is None or not (toolchain.startswith("go") or "-go" in toolchain):
                return Choice(None, "malformed", f"`{toolchain}` names no toolchain; expected one such as `go1.25.1`")
            if _key(asked) > version:
                name, version = toolchain, _key(asked)
        if go is not None and _key(go) > version:
            name = f"go{go}.0" if is_language(go) and _key(go)[:2] >= _SWITCHES_SINCE else f"go{go}"
            version = _key(go)
    if go is not None and _key(go) > version:
        running = name or f"go{local}"
        return Choice(_not_local(name, local), "refused", f"it requires go >= {go}, and {running} may not be left")
    return Choice(_not_local(name, local))


def go_line_range(version: str) -> Range | None:
    """The `go` line and the `toolchain` line are minimums; a language version includes its own pre-releases."""
    numbers = release_numbers(version)
    if numbers is None:
        return None
    if is_language(version):
        return Range(version, (Interval(point(numbers, BEFORE)),))
    exact = exact_range(version)
    return Range(version, tuple(Interval(one.low) for one in exact.intervals)) if exact else None


def _key(version: str | None) -> Key:
    """Malformed versions come before all others."""
    return (compare_key(version) if version else None) or (-1, -1, -1, (0, ""), -1)


def _not_local(name: str | None, local: str) -> str | None:
    return None if name in (None, "local", f"go{local}") else name
