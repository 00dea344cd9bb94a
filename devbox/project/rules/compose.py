"""Compose files as data, one by one, unmerged: services, builds, published ports (spec: compose-spec `spec.md`).

Values with variables are read with the caller's environment and `.env`, as compose reads them, and stay None where one
is not set.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping

from devbox.core.errors import ConfigError
from devbox.core.facts import Origin
from devbox.core.frozen import dataclass
from devbox.project.discovery import COMPOSE_FILES
from devbox.project.env_file import parse_env_file
from devbox.project.pins.files import VersionFiles
from devbox.project.rules.builds import NamedBuild
from devbox.project.shell_words import Reading, expand, unset_variables
from devbox.project.yaml_source import Node, parse_yaml

_OVERRIDES = (
    "compose.override.yaml", "compose.override.yml", "docker-compose.override.yml", "docker-compose.override.yaml",
)
_REMOTE = ("http://", "https://", "git://", "git@", "ssh://", "oci://", "docker-image://", "github.com/")
_NO_ESCAPE = "\0"


@dataclass(frozen=True, slots=True)
class ComposeFile:
    """One file."""

    path: str
    """As reports show it."""
    folder: str
    """Absolute: what its paths are relative to."""
    root: Node
    override: bool = False

    @property
    def services(self) -> Mapping[str, Node]:
        """By name."""
        node = self.root.get("services")
        return node.table if node else {}


@dataclass(frozen=True, slots=True)
class Published:
    """One port of a service that is reachable from outside its network."""

    service: str
    text: str
    address: str
    """Empty: all addresses."""
    origin: Origin

    @property
    def wide(self) -> bool:
        """Whether other machines reach it."""
        return not (self.address.startswith("127.") or self.address in ("localhost", "::1", "[::1]"))


def read_compose(files: VersionFiles, root: str) -> tuple[tuple[ComposeFile, ...], tuple[ConfigError, ...]]:
    """The project's compose file and its override file, and what can't be read."""
    found, problems = [], []
    main = next((name for name in COMPOSE_FILES if files.is_file(os.path.join(root, name))), None)
    names = [name for name in _OVERRIDES if main and files.is_file(os.path.join(root, name))]
    for name in ([main] if main else []) + names:
        data = files.read(os.path.join(root, name))
        if data is None:
            continue
        try:
            found.append(ComposeFile(name, root, parse_yaml(data, name), name in _OVERRIDES))
        except ConfigError as error:
            problems.append(error)
    return tuple(found), tuple(problems)


def variables(files: VersionFiles, root: str, env: Mapping[str, str]) -> dict[str, str]:
    """What interpolation sees: the caller's variables over `.env`."""
    data = files.read(os.path.join(root, ".env"))
    try:
        pairs = parse_env_file(data, ".env") if data else ()
    except ConfigError:
        pairs = ()
    return {**dict(pairs), **env}


def interpolated(node: Node | None, known: Mapping[str, str]) -> str | None:
    """A scalar after interpolation; None where there is none or a variable in it has no value."""
    text = node.words if node else None
    if not text or "$" not in text:
        return text
    marked = text.replace("$$", "\1")
    try:
        if unset_variables(marked, known, _NO_ESCAPE):
            return None
        return expand(marked, known, _NO_ESCAPE, Reading(no_quotes=True)).replace("\1", "$")
    except ValueError:
        return None


def is_remote(text: str) -> bool:
    """Whether a context or include lies elsewhere."""
    return text.startswith(_REMOTE)


def builds(file: ComposeFile, known: Mapping[str, str]) -> Iterator[NamedBuild]:
    """The local builds that a file asks for."""
    for service in file.services.values():
        node = service.get("build")
        if node is None:
            continue
        context = interpolated(node.get("context") if node.table else node, known) or "."
        if is_remote(context) or node.get("dockerfile_inline"):
            continue
        dockerfile_node = node.get("dockerfile")
        dockerfile = interpolated(dockerfile_node, known) if dockerfile_node else "Dockerfile"
        folder = os.path.normpath(os.path.join(file.folder, context))
        if dockerfile is None:
            continue
        target = interpolated(node.get("target"), known)
        args = dict(_pairs(node.get("args"), known))
        yield NamedBuild(
            os.path.join(folder, dockerfile), folder, target or None, args, (dockerfile_node or node).origin
        )


def missing_env_files(file: ComposeFile, known: Mapping[str, str]) -> Iterator[tuple[str, str, Origin]]:
    """Service, path as written, and origin of each `env_file` that is not there and not `required: false`: compose
    then refuses the whole file (compose-spec, `env_file`)."""
    for name, service in file.services.items():
        node = service.get("env_file")
        for item in (node.items or (node,)) if node else ():
            required = item.get("required") if item.table else None
            path = interpolated(item.get("path") if item.table else item, known)
            optional = required is not None and required.words == "false"
            if path and not optional and not os.path.exists(os.path.join(file.folder, path)):
                yield name, path, item.origin


def unresolved(file: ComposeFile, known: Mapping[str, str]) -> Iterator[tuple[str, Node]]:
    """Services whose `dockerfile:` has a variable without a value."""
    for name, service in file.services.items():
        node = service.get("build", "dockerfile")
        if node is not None and node.words and interpolated(node, known) is None:
            yield name, node


def _pairs(node: Node | None, known: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    if node is None:
        return
    for name, value in node.table.items():
        text = interpolated(value, known)
        if text is not None:
            yield name, text
    for item in node.items:
        name, equals, _ = (item.words or "").partition("=")
        text = interpolated(item, known)
        if equals and text is not None:
            yield name, text.partition("=")[2]


def box_of(files: tuple[ComposeFile, ...]) -> str | None:
    """The service that is the dev container where nothing names it: the only one with a build, else the only one that
    mounts the project (contract.md, "Files")."""
    services = {name: node for file in files for name, node in file.services.items()}
    built = [name for name, node in services.items() if node.get("build")]
    if len(built) == 1:
        return built[0]
    mounting = [
        name for name, node in services.items()
        if any((item.words or "").startswith((".:", "./:", "$PWD:", "${PWD}:")) for item in _items(node, "volumes"))
    ]
    return mounting[0] if len(mounting) == 1 and not built else None


def _items(node: Node, key: str) -> tuple[Node, ...]:
    found = node.get(key)
    return found.items if found else ()


def published(file: ComposeFile, known: Mapping[str, str]) -> Iterator[Published]:
    """Every port of every service that is published."""
    for name, service in file.services.items():
        for item in _items(service, "ports"):
            if item.table:
                address = interpolated(item.get("host_ip"), known) or ""
                target = interpolated(item.get("target"), known) or "?"
                host = interpolated(item.get("published"), known)
                yield Published(name, f"{host}:{target}" if host else target, address, item.origin)
            elif item.words:
                text = interpolated(item, known) or item.words
                address = text.rsplit(":", 2)[0] if text.count(":") >= 2 and "${" not in text else ""
                yield Published(name, text, address.strip("[]"), item.origin)
