"""The privileges that a compose file asks for (security.md 2.7)."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping

from devbox.core.facts import Origin
from devbox.project.rules.compose import ComposeFile, interpolated, is_remote, published
from devbox.project.rules.privileges import (
    HOST_MODES,
    Around,
    Ask,
    capability,
    mount,
    privileged,
    secret,
    security,
    socket,
)
from devbox.project.yaml_source import Node


def of_compose(file: ComposeFile, around: Around, box: str | None) -> Iterator[Ask]:
    """Everything that one compose file asks."""
    if file.override:
        yield Ask("override", file.path, "is merged over the project's compose file on this machine",
                  Origin(file.path, 1), "info", "check that teammates have it too, or that it is git-ignored")
    yield from _included(file)
    for name, service in file.services.items():
        yield from _service(file, name, service, around)
    for port in published(file, around.variables):
        if port.service == box and port.wide:
            yield Ask("port", port.service, f"publishes {port.text} on all addresses of this machine", port.origin,
                      "info", f"write it with an address: `127.0.0.1:{port.text}`")


def _included(file: ComposeFile) -> Iterator[Ask]:
    node = file.root.get("include")
    for item in node.items if node else ():
        path = item.get("path") or item
        for place in (path, *path.items):
            if is_remote(place.words or ""):
                yield Ask("remote", file.path, "includes a file from elsewhere", place.origin,
                          hint="copy it into the project")


def _service(file: ComposeFile, name: str, service: Node, around: Around) -> Iterator[Ask]:
    known = around.variables
    for key, what in HOST_MODES.items():
        node = service.get(key)
        if node is not None and node.words == "host":
            yield Ask("namespace", name, f"shares the host's {what}", node.origin)
    for key in ("privileged", "use_api_socket"):
        node = service.get(key)
        if node is not None and node.value is True:
            yield privileged(name, node.origin) if key == "privileged" else socket(name, node.origin)
    for node in _list(service, "cap_add"):
        yield capability(name, node.words or "", node.origin)
    for node in (*_list(service, "devices"), *_list(service, "device_cgroup_rules")):
        device = (node.words or "that is named here").partition(":")[0]
        yield Ask("device", name, f"gets the device {device}", node.origin, "info")
    for node in _list(service, "security_opt"):
        yield from security(name, node.words or "", node.origin)
    for node in _list(service, "volumes"):
        kind, source = node.get("type"), node.get("source")
        text = interpolated(source, known) if source else _volume(node, known)
        if text and (kind is None or kind.words == "bind"):
            yield from mount(name, text, node.origin, around, file.folder)
    yield from _environment(name, service)
    yield from _build(file, name, service, around)


def _volume(node: Node, known: Mapping[str, str]) -> str:
    """The source of the short form; empty where it names no host path."""
    text = interpolated(node, known) or node.words or ""
    if ":" not in text:
        return ""
    return text.partition(":")[0] if not text.startswith("${") else text.partition("}")[0] + "}"


def _list(service: Node, key: str) -> tuple[Node, ...]:
    node = service.get(key)
    return node.items if node else ()


def _environment(name: str, service: Node) -> Iterator[Ask]:
    node = service.get("environment")
    if node is None:
        return
    for key, value in node.table.items():
        yield from secret(name, key, value.words, value.origin)
    for item in node.items:
        key, equals, text = (item.words or "").partition("=")
        yield from secret(name, key, text if equals else None, item.origin)


def _build(file: ComposeFile, name: str, service: Node, around: Around) -> Iterator[Ask]:
    node, known = service.get("build"), around.variables
    if node is None:
        return
    context = interpolated(node.get("context") if node.table else node, known)
    contexts = node.get("additional_contexts")
    others = [value.words or "" for value in contexts.table.values()] if contexts else []
    others += [(item.words or "").partition("=")[2] for item in contexts.items] if contexts else []
    for text in (context or "", *others):
        if is_remote(text) and not text.startswith("docker-image://"):
            yield Ask("remote", name, "is built from a context that lies elsewhere", node.origin,
                      hint="pin it to a commit, or copy it into the project")
    local = os.path.normpath(os.path.join(file.folder, context or "."))
    if not is_remote(context or "") and not f"{local}/".startswith(f"{around.root.rstrip('/')}/"):
        yield Ask("remote", name, "is built from a folder outside the project", node.origin, "info",
                  "open the folder that holds both as the project")
    for key in ("privileged", "entitlements"):
        flag = node.get(key)
        if flag is not None and flag.value not in (False, None):
            yield Ask("privileged", name, "is built with more than an ordinary build gets", flag.origin)
