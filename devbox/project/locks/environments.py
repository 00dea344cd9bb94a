"""The project's virtual environment: where it is, which interpreter it has, which packages lie in it.

Read from names: `site-packages/<name>-<version>.dist-info` says both, so that METADATA is opened only where the name is
ambiguous. No interpreter is run.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import field

from devbox.core.frozen import dataclass
from devbox.project.locks.python_names import canonical
from devbox.project.locks.surroundings import Surroundings
from devbox.project.reading import Refused, list_project_folder, read_project_file

INSIDE = (".venv", "venv")
CONFIG = "pyvenv.cfg"
_INFO = re.compile(r"([^-]+)-([^-]+)\.dist-info")
_EGG = re.compile(r"([^-]+)-([^-]+?)(?:-py[0-9.]+)?(?:-[^/]*)?\.egg-info")
_LIBRARY = re.compile(r"(?:python|pypy|graalpy)[0-9.]+t?")
_HEADER = re.compile(r"^(Name|Version):[ \t]*(.*?)[ \t\r]*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Environment:
    """A virtual environment as its files tell it."""

    place: str
    """Relative to the project, absolute elsewhere."""
    version: str
    """The interpreter's full version; empty where pyvenv.cfg does not say."""
    implementation: str = "CPython"
    system_packages: bool = False
    """Packages of the system's interpreter are visible too."""
    packages: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Canonical name → versions that lie there (more than one is a damaged environment)."""


@dataclass(frozen=True, slots=True)
class NoEnvironment:
    """Why there is none to look at."""

    reason: str
    absent: bool = True
    """False where something is there that can't be read."""


def find_environment(around: Surroundings, project_name: str) -> Environment | NoEnvironment:
    """The environment that tools would use here.

    `UV_PROJECT_ENVIRONMENT` first (uv), then `VIRTUAL_ENV` where it lies in the project, `.venv`, `venv`, and last an
    active environment elsewhere that is named for this project, as Poetry and virtualenvwrapper name theirs.
    """
    problem: NoEnvironment | None = None
    for root, relative, shown in _candidates(around, project_name):
        found = _environment(root, relative, shown)
        if isinstance(found, Environment):
            return found
        if not found.absent and problem is None:
            problem = found
    active = around.env.get("VIRTUAL_ENV")
    where = f"; the active one, {active}, is not this project's" if active and _outside(around.root, active) else ""
    return problem or NoEnvironment(f"no virtual environment in the project ({' or '.join(INSIDE)}){where}")


def _candidates(around: Surroundings, project_name: str) -> Iterator[tuple[str, str, str]]:
    """Root to read below, folder in it, and how to show it."""
    named = around.env.get("UV_PROJECT_ENVIRONMENT")
    active = around.env.get("VIRTUAL_ENV")
    if named:
        yield _place(around.root, named)
    if active and not _outside(around.root, active):
        yield _place(around.root, active)
    for name in INSIDE:
        if name in around.names:
            yield around.root, name, name
    if active and _outside(around.root, active) and _is_ours(active, around.root, project_name):
        yield _place(around.root, active)


def _place(root: str, path: str) -> tuple[str, str, str]:
    whole = os.path.normpath(os.path.join(root, path))
    if _outside(root, whole):
        return os.path.realpath(whole), ".", whole
    inside = os.path.relpath(whole, root)
    return root, inside, inside


def _outside(root: str, path: str) -> bool:
    whole = os.path.normpath(os.path.join(root, path))
    return not f"{whole}/".startswith(f"{root.rstrip('/')}/")


def _is_ours(path: str, root: str, project_name: str) -> bool:
    """Whether an environment elsewhere bears this project's name: `fortune-Xy12ab34-py3.11`, `fortune`."""
    own = canonical(os.path.basename(path.rstrip("/")))
    names = {canonical(name) for name in (project_name, os.path.basename(root)) if name}
    return any(own == name or own.startswith(f"{name}-") for name in names)


def _environment(root: str, relative: str, shown: str) -> Environment | NoEnvironment:
    config = read_project_file(root, f"{relative}/{CONFIG}")
    if not isinstance(config, bytes):
        if isinstance(config, Refused):
            return NoEnvironment(f"{shown}/{CONFIG} {config.sentence}", absent=False)
        return NoEnvironment(f"{shown} has no {CONFIG}")
    said = _settings(config)
    version = said.get("version_info") or said.get("version") or ""
    match = re.match(r"[0-9]+\.[0-9]+(?:\.[0-9]+)?", version)
    packages = _packages(root, relative, shown, match[0] if match else "")
    if isinstance(packages, NoEnvironment):
        return packages
    return Environment(
        shown, match[0] if match else "", said.get("implementation") or "CPython",
        said.get("include-system-site-packages", "").lower() == "true", packages,
    )


def _settings(data: bytes) -> dict[str, str]:
    rows = (line.partition("=") for line in data.decode("utf-8", "replace").splitlines())
    return {key.strip().lower(): value.strip() for key, _, value in rows if key.strip()}


def _packages(root: str, relative: str, shown: str, version: str) -> dict[str, tuple[str, ...]] | NoEnvironment:
    library = list_project_folder(root, f"{relative}/lib")
    names = [name for name in library if _LIBRARY.fullmatch(name)] if isinstance(library, tuple) else []
    same = [name for name in names if version and name.removesuffix("t").endswith(".".join(version.split(".")[:2]))]
    if not names:
        return NoEnvironment(f"{shown} has no lib/python*/site-packages", absent=not isinstance(library, Refused))
    if len(names) > 1 and len(same) != 1:
        return NoEnvironment(f"{shown} has packages for several interpreters", absent=False)
    site = f"{relative}/lib/{(same or names)[0]}/site-packages"
    listed = list_project_folder(root, site)
    if not isinstance(listed, tuple):
        sentence = listed.sentence if isinstance(listed, Refused) else "is not there"
        return NoEnvironment(f"{site.removeprefix('./')} {sentence}", absent=False)
    found: dict[str, tuple[str, ...]] = {}
    for name, installed in _distributions(root, site, listed):
        key = canonical(name)
        found[key] = tuple(dict.fromkeys((*found.get(key, ()), installed)))
    return found


def _distributions(root: str, site: str, names: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Name and version of every distribution. One without its METADATA is the rest of an interrupted uninstall."""
    for name in names:
        if name.startswith("~"):  # pip's own mark for what it was about to remove
            continue
        if name.endswith(".dist-info"):
            match = _INFO.fullmatch(name)
            if match is None:
                yield from _metadata(root, f"{site}/{name}/METADATA")
            elif os.path.isfile(os.path.join(root, site, name, "METADATA")):
                yield match[1], match[2]
        elif name.endswith(".egg-info"):
            egg = _EGG.fullmatch(name)
            if egg is not None:
                yield egg[1], egg[2]


def _metadata(root: str, path: str) -> Iterator[tuple[str, str]]:
    content = read_project_file(root, path)
    if isinstance(content, bytes):
        head = content.decode("utf-8", "replace").replace("\r\n", "\n").partition("\n\n")[0]
        fields = dict(reversed(_HEADER.findall(head)))
        if fields.get("Name") and fields.get("Version"):
            yield fields["Name"], fields["Version"]
