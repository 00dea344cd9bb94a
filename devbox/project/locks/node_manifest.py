"""What a package.json asks for, which workspaces it names, and whether a package is for this machine."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Mapping
from typing import Any

from devbox.core.dependencies.model import Need
from devbox.project.locks.surroundings import Host, Surroundings, table, texts

SECTIONS: tuple[tuple[str, Need], ...] = (
    ("optionalDependencies", "optional"), ("dependencies", "required"), ("devDependencies", "dev"),
)
"""In npm's order of precedence: a name in an earlier section is taken out of the later ones."""
WORKSPACE_LIMIT = 500
_SKIPPED = {"node_modules", ".git"}


def declared(content: Mapping[str, Any], *, peers: bool = True) -> dict[str, str]:
    """Name → range, over all sections."""
    sections = [name for name, _ in reversed(SECTIONS)]
    found: dict[str, str] = {}
    for section in (*(("peerDependencies",) if peers else ()), *sections):
        found.update({name: spec for name, spec in table(content.get(section)).items() if isinstance(spec, str)})
    return found


def asked(content: Mapping[str, Any]) -> list[tuple[str, str, Need]]:
    """Each dependency once: name, range, how strongly it is wanted."""
    found: dict[str, tuple[str, str, Need]] = {}
    for section, need in SECTIONS:
        for name, spec in table(content.get(section)).items():
            if isinstance(spec, str):
                found.setdefault(name, (name, spec, need))
    return list(found.values())


def fits_platform(entry: Mapping[str, Any], host: Host) -> bool:
    """Whether a package is for this machine (package.json `os`, `cpu`; `libc` makes it one of several builds, of
    which only one is installed)."""
    named = _named(texts(entry.get("os")), host.platform) and _named(texts(entry.get("cpu")), host.cpu)
    return named and not entry.get("libc")


def _named(words: Iterable[str], own: str) -> bool:
    chosen = [word for word in words if word != "any"]
    if f"!{own}" in chosen:
        return False
    positive = [word for word in chosen if not word.startswith("!")]
    return not positive or own in positive


def workspaces(around: Surroundings, patterns: Iterable[str]) -> tuple[str, ...]:
    """The folders below the project that workspace patterns name and that hold a package.json.

    `*` matches within one folder's name, `**` any number of folders; a pattern that begins with `!` takes out.
    """
    found: dict[str, None] = {}
    for pattern in patterns:
        if pattern.startswith("!"):
            taken = _expand(around, pattern[1:])
            found = {folder: None for folder in found if folder not in taken}
        else:
            found.update(dict.fromkeys(_expand(around, pattern)))
    return tuple(folder for folder in found if folder)[:WORKSPACE_LIMIT]


def _expand(around: Surroundings, pattern: str) -> tuple[str, ...]:
    parts = [part for part in pattern.split("/") if part not in ("", ".")]
    if ".." in parts:
        return ()
    folders = [""]
    for part in parts:
        if part == "**":
            folders = list(dict.fromkeys(deeper for folder in folders for deeper in _below(around, folder, 4)))
        elif any(mark in part for mark in "*?["):
            folders = [
                f"{folder}/{name}".lstrip("/")
                for folder in folders
                for name in around.listed(folder or ".")
                if fnmatch.fnmatchcase(name, part) and not name.startswith(".") and name not in _SKIPPED
            ]
        else:
            folders = [f"{folder}/{part}".lstrip("/") for folder in folders]
        folders = folders[:WORKSPACE_LIMIT]
    return tuple(folder for folder in folders if around.exists(f"{folder}/package.json"))


def _below(around: Surroundings, folder: str, depth: int) -> list[str]:
    found = [folder]
    if depth:
        for name in around.listed(folder or "."):
            if not name.startswith(".") and name not in _SKIPPED and "." not in name:
                found += _below(around, f"{folder}/{name}".lstrip("/"), depth - 1)
    return found
