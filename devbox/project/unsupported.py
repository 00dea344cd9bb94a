"""What devbox.toml may say and this version can't do: refused by name when something is launched, never ignored.

Two reasons: the feature is not there yet, or it reaches past the project and needs a consent that this version can't
ask for (security.md 2.2, 6.2). Commands that only look are not hindered.
"""

from __future__ import annotations

from collections.abc import Iterator

from devbox.core.facts import Origin
from devbox.core.project import Mode, Project, Service
from devbox.project.folder import ProjectFolder
from devbox.project.notation import is_loopback
from devbox.project.schema import bare, located


def refuse_unsupported(project: Project, folder: ProjectFolder) -> None:
    """ConfigError for the first thing that launching this project would have to ignore."""
    for origin, what, hint in _findings(project, folder):
        raise located(origin, f"{what} is not supported by this version of devbox", hint=hint)


Finding = tuple[Origin | None, str, str]


def _findings(project: Project, folder: ProjectFolder) -> Iterator[Finding]:
    if project.cache is not None:
        yield project.cache.origin, "`[cache]`", "remove the table: builds then use the engine's own cache"
    for mode in project.variants:
        if mode.name == project.mode:
            yield from _of_mode(mode)
    for service in project.services:
        yield from _of_box(service)
        yield from _reaching_out(service, folder)


def _of_mode(mode: Mode) -> Iterator[Finding]:
    for key, value in (("probe", mode.probe), ("warn_after", mode.warn_after)):
        if value is not None:
            yield mode.origin, f"`modes.{mode.name}.{key}`", f"remove `{key}`; `--mode {mode.name}` then works"


def _of_box(service: Service) -> Iterator[Finding]:
    if service.ssh_agent:
        yield service.origin_of("ssh_agent"), "`box.ssh_agent`", "remove it, and give builds tokens by `secrets`"
    if service.git_identity:
        yield service.origin_of("git_identity"), "`box.git_identity`", "set GIT_AUTHOR_NAME and the like in `env`"
    if service.sync_back:
        yield service.origin_of("sync_back"), "`box.sync_back`", "remove it; live mounts need no sync on a local engine"


def _reaching_out(service: Service, folder: ProjectFolder) -> Iterator[Finding]:
    """What needs consent to its exact content, which this version can't record."""
    for port in service.ports:
        if not is_loopback(port.address):
            yield port.origin, f"publishing on {port.address}", "write the port without an address: 127.0.0.1 is meant"
    for mount in service.mounts:
        if not folder.holds(mount.source):
            yield mount.origin, f"a mount from outside the project ({bare(mount.declared)})", (
                "copy what is needed into the project, or use a named volume"
            )
    for secret in service.secrets:
        if secret.file is not None and not folder.holds(secret.file):
            yield secret.origin, f"the secret `{secret.id}` from a file outside the project", (
                "name a variable instead: `{ env = \"TOKEN\" }`"
            )
