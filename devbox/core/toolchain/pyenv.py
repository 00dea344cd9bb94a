"""pyenv: which installed version a name means (spec/toolchains.md 3.1, "Resolution of one name").

Pure: names in, names out. Reading `.python-version` is `project/pins/python_version`, the folders are `host/pyenv`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from devbox.core.toolchain.selection import SYSTEM

_SKIPPED = re.compile(r"(?:-dev|-src|-latest|(?:a|b|rc)[0-9]+)\Z")
_FREE_THREADED = re.compile(r"(.*[0-9])t")
_FIRST_FIELD = re.compile(r"[A-Za-z0-9]+-")
_LEADING_NUMBER = re.compile(r"\s*-?[0-9]+")


def resolve(name: str, is_installed: Collection[str], candidates: Sequence[str]) -> str | None:
    """The installed version that `name` selects, `SYSTEM`, or None.

    `is_installed` answers for any path below `versions/` (`3.11.7/envs/api` too); `candidates` are the names directly
    in `versions/`.
    """
    short = name.removeprefix("python-")
    if name in is_installed or name == SYSTEM:
        return name
    if short in is_installed:
        return short
    return newest_with_prefix(name, candidates) or newest_with_prefix(short, candidates)


def newest_with_prefix(prefix: str, candidates: Sequence[str]) -> str | None:
    """What `pyenv latest` picks among installed names: never a development or pre-release version.

    Its order is by text for the first field and by leading number for the next three, with all its accidents.
    """
    if prefix in candidates:
        return prefix
    free_threaded = _FREE_THREADED.fullmatch(prefix)
    start, end = (free_threaded[1], "t") if free_threaded else (prefix, "")
    matching = [
        name
        for name in candidates
        if name.startswith((f"{start}.", f"{start}-"))
        and name[len(start) + 1 :].endswith(end)
        and not _SKIPPED.search(name)
        and (end or not re.search(r"[0-9]t\Z", name))
    ]
    if not matching:
        return None
    # `sort -k1,1r -k2,2nr…` without -s: ties are decided by the whole line, ascending.
    return min(matching, key=_order)


def _order(name: str) -> tuple[object, ...]:
    split = _FIRST_FIELD.match(name)
    key = f"{name[: split.end() - 1]}.{name[split.end() :]}" if split else name
    first, *rest = [*key.split("."), "", "", ""]
    return (_Descending(first), *(-_number(field) for field in rest[:3]), name)


def _number(field: str) -> int:
    match = _LEADING_NUMBER.match(field)
    return int(match[0]) if match and len(match[0]) < 20 else 0


class _Descending(str):
    """Text that sorts backwards."""

    __slots__ = ()

    def __lt__(self, other: str) -> bool:
        return str.__gt__(self, other)
