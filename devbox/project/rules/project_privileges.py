"""The privileges that devbox.toml and Dockerfiles ask for (security.md 2.7)."""

from __future__ import annotations

from collections.abc import Iterator

from devbox.core.facts import Origin
from devbox.core.project import Project, Service
from devbox.project.dockerfile import Dockerfile
from devbox.project.dockerfile_values import json_words, sources
from devbox.project.rules.compose import is_remote
from devbox.project.rules.privileges import Around, Ask, mount, secret

_OFFICIAL_FRONTENDS = ("docker/dockerfile", "docker.io/docker/dockerfile", "docker/dockerfile-upstream",
                       "docker.io/docker/dockerfile-upstream")


def of_project(project: Project, around: Around) -> Iterator[Ask]:
    """Everything that devbox.toml asks, in all modes."""
    services = dict.fromkeys((*project.services, *(mode.box for mode in project.variants)))
    for service in services:
        yield from _declared(service, around)
    for task in project.tasks:
        if task.executor == "host":
            yield Ask("host-command", f"tasks.{task.name}", "runs on this machine, not in a container",
                      task.origin or Origin(project.source), hint="write `executor = \"container\"`")


def _declared(service: Service, around: Around) -> Iterator[Ask]:
    here = service.origin or Origin("devbox.toml")
    for one in service.mounts:
        yield from mount(service.name, one.source, one.origin or here, around, around.root)
    for port in service.ports:
        if not port.address.startswith("127.") and port.address != "::1":
            yield Ask("port", service.name, f"publishes {port.container_port} on {port.address}: others reach it",
                      port.origin or here, hint="remove the address: devbox then publishes on 127.0.0.1")
    if service.sudo:
        yield Ask("privileged", service.name, "may gain privileges by sudo", service.origin_of("sudo") or here, "info")
    for name, value in service.env:
        yield from secret(service.name, name, value, service.origin_of("env") or here)


def of_dockerfile(dockerfile: Dockerfile) -> Iterator[Ask]:
    """What a Dockerfile asks of the builder."""
    path = dockerfile.path
    for directive in dockerfile.directives:
        frontend = directive.value.split()[0].partition("@")[0].partition(":")[0]
        if directive.name == "syntax" and frontend not in _OFFICIAL_FRONTENDS:
            yield Ask("syntax", path, f"is read by the program {frontend}, which may do anything a build may",
                      Origin(path, directive.line), hint="write `# syntax=docker/dockerfile:1`, or remove the line")
    for stage in dockerfile.stages:
        for one in stage.instructions:
            if one.flag("security") == "insecure":
                yield Ask("privileged", path, "has a step that runs privileged", Origin(path, one.line))
            if one.keyword == "RUN" and one.flag("network") == "host":
                yield Ask("namespace", path, "has a step in the host's network", Origin(path, one.line), "info")
            if one.keyword == "ADD" and json_words(one.arguments) is None:
                try:
                    remote = [word for word in sources(one).paths if is_remote(word) and ".git" in word]
                except ValueError:
                    remote = []
                if remote and "#" not in remote[0]:
                    yield Ask("remote", path, "adds a repository from elsewhere, whatever its newest commit is",
                              Origin(path, one.line), "info", "add `#` and a commit to the address")
