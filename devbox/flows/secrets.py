"""The values of a project's declared secrets, for hiding them wherever they turn up (security.md 7.2)."""

from __future__ import annotations

from collections.abc import Iterator

from devbox.core.errors import DevboxError
from devbox.core.masking import Masker, secret_name
from devbox.core.project import Secret, Service
from devbox.engine.port import ContainerInfo
from devbox.flows.workspace import Workspace
from devbox.project.reading import read_outside_file


def secret_masker(workspace: Workspace, service: Service) -> Masker:
    """Hides the service's build secrets, wherever a step prints them."""
    return Masker(_values(workspace, service.build.secrets if service.build else ()))


def container_masker(workspace: Workspace, info: ContainerInfo | None) -> Masker:
    """Hides what a container may print: settings whose names look secret, and every declared secret of the project.

    A project that can't be read any more declares none: logs must be readable then, too.
    """
    settings = (each.partition("=") for each in (info.env if info else ()))
    values = [value for name, _, value in settings if secret_name(name)]
    try:
        services = workspace.project.services
    except DevboxError:
        services = ()
    for service in services:
        values += _values(workspace, (*service.secrets, *(service.build.secrets if service.build else ())))
    return Masker(values)


def _values(workspace: Workspace, secrets: tuple[Secret, ...]) -> Iterator[str]:
    for secret in secrets:
        if secret.env is not None and (value := workspace.env.get(secret.env)):
            yield value
        elif secret.file is not None and isinstance(content := read_outside_file(secret.file), bytes):
            yield content.decode("utf-8", "surrogateescape").strip()
