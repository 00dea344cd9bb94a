"""devbox.toml as a whole: its files merged, its tables read, its parts checked against each other.

Every mistake is one ConfigError with file, line, column, key and the expectation (contract.md, "devbox.toml").
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from devbox.core.errors import ConfigError
from devbox.core.project import BOX, Project, Service
from devbox.project import notation
from devbox.project.box_table import BOX_KEYS, read_box, read_sidecar
from devbox.project.discovery import FILE, name_of_folder
from devbox.project.folder import ProjectFolder
from devbox.project.graph import refuse_cycles
from devbox.project.merging import merge
from devbox.project.mode_tables import choose_mode, read_default_mode, read_modes, refuse_unasked_choice
from devbox.project.needs_tables import read_gpu, read_host, read_policy, read_toolchains
from devbox.project.profiles import load_profile
from devbox.project.reading import Absent, Refused, read_project_file
from devbox.project.schema import Table, mistake, parsed
from devbox.project.task_tables import read_cache, read_share, read_tasks
from devbox.project.toml_source import Node, parse_toml
from devbox.project.unsupported import refuse_unsupported

LOCAL_FILE = "devbox.local.toml"
ROOT_KEYS = (
    "name", "default_mode", "profile", "toolchains", "host", "gpu", "box", "modes", "sidecars", "tasks", "share",
    "cache", "policy",
)


def read_document(root: str) -> Node:
    """Profile, devbox.toml and devbox.local.toml merged; every value knows its file."""
    document = _parse(root, FILE)
    if document is None:
        raise ConfigError(f"there is no {FILE}", path=FILE)
    local = _parse(root, LOCAL_FILE)
    if local is not None:
        document = merge(document, local)
    profile = (document.table or {}).get("profile")
    return document if profile is None else merge(load_profile(root, profile), document)


def _parse(root: str, name: str) -> Node | None:
    content = read_project_file(root, name)
    if isinstance(content, Absent):
        return None
    if isinstance(content, Refused):
        raise ConfigError(f"{name} {content.sentence}; expected a regular file of at most 1 MiB", path=name)
    return parse_toml(content, name)


def read_project(document: Node, folder: ProjectFolder, *, env: Mapping[str, str], mode: str | None) -> Project:
    """The project that a merged document describes."""
    table = Table(document)
    table.only(ROOT_KEYS, elsewhere=_home_of)
    box = _box(table, folder)
    variants = read_modes(table, folder)
    default_mode = read_default_mode(table, variants)
    chosen = choose_mode(mode, variants, default_mode, env)
    profile = table.get("profile")
    project = Project(
        name=table.parsed("name", notation.name) or name_of_folder(folder.root), root=folder.root, source=FILE,
        box=next((variant.box for variant in variants if variant.name == chosen), box),
        sidecars=_sidecars(table, folder), toolchains=read_toolchains(table), host=read_host(table),
        gpu=read_gpu(table), policy=read_policy(table), mode=chosen, modes=tuple(variant.name for variant in variants),
        profile=None if profile is None else parsed(profile, "profile", notation.plain), default_mode=default_mode,
        variants=variants, tasks=read_tasks(table), share=read_share(table), cache=read_cache(table),
    )
    for service in (project.box, *(variant.box for variant in variants if variant.box is not project.box)):
        _check_needs(table, replace(project, box=service))
    if folder.launching:
        refuse_unasked_choice(mode, variants, env)
        refuse_unsupported(project, folder)
    return project


def _home_of(key: str) -> str | None:
    """Where a key of `[box]` belongs that was written at the top."""
    return f"`{key}` belongs into `[box]`" if key in BOX_KEYS else None


def _box(table: Table, folder: ProjectFolder) -> Service:
    box = table.table("box")
    if box is not None:
        return read_box(box, folder)
    if folder.launching:
        raise mistake(
            table.node, f"{FILE} has no `[box]`; expected one with `dockerfile` or `image`",
            hint='add `[box]` and below it `dockerfile = "Dockerfile"`',
        )
    return Service(name=BOX, role="box", user="host", origin=table.origin)


def _sidecars(table: Table, folder: ProjectFolder) -> tuple[Service, ...]:
    sidecars = []
    for name, sidecar in table.tables("sidecars"):
        if name == BOX:
            raise mistake(sidecar.node, "`sidecars.box` is the dev container's own name; expected another")
        sidecars.append(read_sidecar(name, sidecar, folder))
    return tuple(sidecars)


def _check_needs(table: Table, project: Project) -> None:
    """Services that are needed must exist, and nothing may wait for itself."""
    names = [service.name for service in project.services]
    parents = {BOX: table.table("box"), **dict(table.tables("sidecars"))}
    needs: dict[str, tuple[str, ...]] = {}
    for service in project.services:
        parent = parents[service.name]
        for needed in service.needs or ():
            if needed not in names:
                node = parent.get("needs") if parent else None
                raise mistake(
                    node or table.node,
                    f"`{parent.path('needs') if parent else 'needs'}` names an unknown service `{needed}`; "
                    f"expected one of {', '.join(names)}",
                )
        default = tuple(name for name in names if name != BOX) if service.name == BOX else ()
        needs[service.name] = default if service.needs is None else service.needs
    origins = {service.name: service.origin_of("needs") for service in project.services}
    refuse_cycles(needs, origins, "service")
