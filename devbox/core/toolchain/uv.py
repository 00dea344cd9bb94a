"""uv: what a line of `.python-version` asks for and which Python meets it (spec/toolchains.md 3.2).

Pure. Source: `PythonRequest::parse`, `VersionRequest::from_str` of uv's `discovery.rs`; confirmed with uv 0.13.9.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Literal

from devbox.core.frozen import dataclass
from devbox.core.version import Range, exact_range, pep440_range, prefix_range

IMPLEMENTATIONS = {
    "cpython": "cpython", "cp": "cpython", "pypy": "pypy", "pp": "pypy", "graalpy": "graalpy", "gp": "graalpy",
    "pyodide": "pyodide",
}
_VARIANTS = {
    "t": "freethreaded", "freethreaded": "freethreaded", "d": "debug", "debug": "debug", "td": "freethreaded+debug",
    "freethreaded+debug": "freethreaded+debug", "gil": "", "gil+debug": "debug",
}
_SYSTEMS = ("linux", "macos", "darwin", "windows", "freebsd", "netbsd", "openbsd")
_ARCHS = ("x86_64", "aarch64", "x86", "i686", "armv7", "arm64", "amd64", "powerpc64le", "s390x", "riscv64")
_PLATFORM = (*_SYSTEMS, *_ARCHS, "gnu", "gnueabihf", "musl", "none", "any")
_PRE = r"[.\-_]?(?:a|b|rc|alpha|beta|c)[.\-_]?[0-9]*"
_VERSION = re.compile(rf"\s*v?(?:[0-9]+!)?([0-9]{{1,3}})(?:\.([0-9]{{1,3}}))?(?:\.([0-9]{{1,3}}))?({_PRE})?\s*")
_MINORS = (30, 5)
"""Python 3's minor versions that are looked for, newest first."""
_VARIANT = re.compile(r"(.*[0-9])\+?([a-z+]+)", re.DOTALL)
_KEY = re.compile(
    r"([a-z]+)-([0-9]+)\.([0-9]+)\.([0-9]+)((?:a|b|rc)[0-9]+)?(?:\+([a-z+]+))?-([a-z0-9]+)-([a-z0-9_]+)-([a-z0-9]+)"
)


@dataclass(frozen=True, slots=True)
class Request:
    """What one line asks for."""

    kind: Literal["any", "version", "path", "unsupported"]
    text: str
    range: Range | None = None
    """None: any version."""
    implementation: str | None = None
    variant: str = ""
    """`freethreaded`, `debug`; empty for an ordinary build."""
    minor: tuple[int, int] | None = None
    """The minor version that the request fixes."""
    patch: str | None = None
    """The full version that the request fixes."""
    pre_release: bool = False
    """Whether the request itself names a pre-release."""


@dataclass(frozen=True, slots=True)
class Installation:
    """One of uv's own Pythons, from its folder's name."""

    name: str
    implementation: str
    version: str
    numbers: tuple[int, int, int]
    pre_release: str
    variant: str
    system: str
    arch: str


def parse_request(text: str, is_there: Callable[[str], bool] = lambda path: False) -> Request:
    """The request; `is_there` says whether a file or folder of that name exists, as seen from the working directory."""
    lower = text.lower()
    if lower in ("any", "default"):
        return Request("any", text)
    found = _versions_and_implementations(text, lower)
    if found is not None:
        return found
    if "/" in text or is_there(text):
        return Request("path", text)
    return _key_request(text, lower) or Request("unsupported", text)


def parse_key(name: str) -> Installation | None:
    """`cpython-3.12.1-linux-x86_64-gnu` as an installation; None for links (`cpython-3.12-…`) and strangers."""
    match = _KEY.fullmatch(name)
    if match is None:
        return None
    numbers = (int(match[2]), int(match[3]), int(match[4]))
    version = ".".join(map(str, numbers)) + (match[5] or "")
    return Installation(name, match[1], version, numbers, match[5] or "", match[6] or "", match[7], match[8])


def choose(request: Request, installed: Sequence[Installation]) -> Installation | None:
    """The newest of uv's own that meets the request: no pre-release, variant or other implementation unless asked."""
    wanted = request.implementation or "cpython"
    fitting = [
        one
        for one in installed
        if one.implementation == wanted
        and one.variant == request.variant
        and (not one.pre_release or request.pre_release)
        and meets(request, one.version)
    ]
    return max(fitting, key=lambda one: (one.numbers, not one.pre_release, one.pre_release), default=None)


def meets(request: Request, version: str) -> bool:
    """Whether a Python of that version meets the request."""
    return request.range is None or request.range.contains(version)


def executable_names(request: Request) -> tuple[str, ...]:
    """What uv looks for in each folder of PATH, in its order: last every `python3.N` that the request may mean."""
    if request.minor:
        major, minor = request.minor
        full = f"python{request.patch}" if request.patch else None
        suffix = "t" if request.variant.startswith("freethreaded") else ""
        names = [full, f"python{major}.{minor}{suffix}", f"python{major}", "python"]
    else:
        minors = (number for number in range(*_MINORS, -1) if _may_be(request, f"3.{number}"))
        first = ["python", "python3"] if request.range is None else ["python3", "python"]
        names = [*first, *(f"python3.{number}" for number in minors)]
    plain = tuple(name for name in names if name)
    if request.variant:
        # What a plain name stands for, its version does not tell.
        plain = tuple(name for name in plain if name.endswith("t")) if request.variant == "freethreaded" else ()
    if request.implementation not in (None, "cpython"):
        return tuple(f"{request.implementation}{name.removeprefix('python')}" for name in plain)
    return plain


def _may_be(request: Request, minor: str) -> bool:
    line = prefix_range(minor)
    return request.range is None or line is None or request.range.meets(line)


def _versions_and_implementations(text: str, lower: str) -> Request | None:
    if lower.startswith("@"):
        return None
    for prefix in ("python", ""):
        rest = _rest(lower, prefix)
        found = _version_request(text, rest) if rest else None
        if found is not None:
            return found
        if rest is not None and lower != rest and lower.startswith("python@"):
            return None
    for name, implementation in IMPLEMENTATIONS.items():
        if lower == name:
            return Request("version", text, implementation=implementation)
        rest = _rest(lower, name)
        found = _version_request(text, rest, implementation) if rest else None
        if found is not None:
            return found
    return None


def _rest(lower: str, prefix: str) -> str | None:
    """What follows the prefix, an `@` between them left out."""
    return lower.removeprefix(prefix).removeprefix("@" if prefix else "") if lower.startswith(prefix) else None


def _version_request(text: str, version: str, implementation: str | None = None) -> Request | None:
    variant = ""
    match = _VARIANT.fullmatch(version)
    if match and match[2] in _VARIANTS:
        version, variant = match[1], _VARIANTS[match[2]]
    plain = _VERSION.fullmatch(version)
    if plain is None:
        wanted = pep440_range(version) if re.match(r"\s*[=!<>~]", version) else None
        single = re.fullmatch(r"\s*==\s*([0-9a-z.]+)\s*", version)
        if single and (exact := _version_request(text, single[1], implementation)):
            return exact
        early = bool(re.search(r"[0-9](?:a|b|rc)[0-9]", version))
        return Request("version", text, wanted, implementation, variant, pre_release=early) if wanted else None
    major, minor, patch, pre = plain[1], plain[2], plain[3], plain[4]
    if minor is None and len(major) > 1:
        major, minor = major[0], major[1:]
    if pre and minor is None:
        return None
    minor_numbers = (int(major), int(minor)) if minor else None
    dotted = ".".join(part for part in (major, minor, patch) if part)
    wanted = exact_range(f"{dotted}{pre}") if pre else prefix_range(dotted)
    full = dotted if patch and not pre else None
    return Request("version", text, wanted, implementation, variant, minor_numbers, full, bool(pre))


def _key_request(text: str, lower: str) -> Request | None:
    """`cpython-3.11-linux-x86_64-gnu` with any of its parts left out."""
    parts = lower.split("-")
    implementation = IMPLEMENTATIONS.get(parts[0])
    if implementation or parts[0] == "any":
        parts = parts[1:]
    version = _version_request(text, parts[0], implementation) if parts else None
    if version is not None or (parts and parts[0] == "any"):
        parts = parts[1:]
    if not all(part in _PLATFORM for part in parts):
        return None
    return version or Request("version", text, implementation=implementation)
