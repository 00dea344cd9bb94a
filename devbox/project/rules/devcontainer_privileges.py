"""The privileges that a devcontainer.json asks for (security.md 2.7)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from devbox.core.facts import Origin
from devbox.project.json_positions import JsonDocument
from devbox.project.rules.privileges import (
    HOST_MODES,
    Around,
    Ask,
    capability,
    mount,
    privileged,
    secret,
    security,
)

_MODES = {"--network": "network_mode", "--net": "network_mode", "--userns": "userns_mode"}


def of_devcontainer(document: JsonDocument, path: str, around: Around) -> Iterator[Ask]:
    """Everything that a devcontainer.json asks."""

    def at(*keys: str | int) -> Origin:
        return Origin(path, document.line(*keys) or document.line(keys[0]))

    name = "devcontainer"
    if document.get("initializeCommand"):
        yield Ask("host-command", name, "runs initializeCommand on this machine, not in the container",
                  at("initializeCommand"), hint="read it; devbox shows it and asks before it runs")
    if document.get("privileged") is True:
        yield privileged(name, at("privileged"))
    for number, word in enumerate(_texts(document.get("capAdd"))):
        yield capability(name, word, at("capAdd", number))
    for number, word in enumerate(_texts(document.get("securityOpt"))):
        yield from security(name, word, at("securityOpt", number))
    for key in ("mounts", "workspaceMount"):
        value = document.get(key)
        for number, one in enumerate(value if isinstance(value, list) else [value] if value else []):
            source = _mount_source(one)
            if source:
                where = at(key, number) if isinstance(value, list) else at(key)
                yield from mount(name, source, where, around, around.root)
    for key in ("containerEnv", "remoteEnv"):
        value = document.get(key)
        for variable, text in value.items() if isinstance(value, dict) else ():
            yield from secret(name, variable, text if isinstance(text, str) else None, at(key, variable))
    if document.get("appPort"):
        yield Ask("port", name, "publishes appPort on all addresses of this machine", at("appPort"), "info",
                  "write `forwardPorts` instead")
    yield from _run_args(_texts(document.get("runArgs")), name, at("runArgs"), around)


def _texts(value: object) -> tuple[str, ...]:
    return tuple(one for one in value if isinstance(one, str)) if isinstance(value, list) else ()


def _mount_source(value: object) -> str:
    if isinstance(value, dict):
        return str(value.get("source", "")) if value.get("type", "bind") == "bind" else ""
    options = dict(part.partition("=")[::2] for part in str(value).split(","))
    return options.get("source", options.get("src", "")) if options.get("type", "bind") == "bind" else ""


def _run_args(words: Sequence[str], name: str, origin: Origin, around: Around) -> Iterator[Ask]:
    """`docker run` options; `--name value` and `--name=value` are the same."""
    joined: list[str] = []
    for word in words:
        if joined and joined[-1].startswith("-") and "=" not in joined[-1] and not word.startswith("-"):
            joined[-1] += f"={word}"
        else:
            joined.append(word)
    for word in joined:
        option, _, value = word.partition("=")
        if option == "--privileged" and value != "false":
            yield privileged(name, origin)
        elif option == "--cap-add":
            yield capability(name, value, origin)
        elif option == "--security-opt":
            yield from security(name, value, origin)
        elif option in ("--pid", "--ipc", "--network", "--net", "--uts", "--userns") and value == "host":
            key = _MODES.get(option, option[2:])
            yield Ask("namespace", name, f"shares the host's {HOST_MODES[key]}", origin)
        elif option == "--device":
            yield Ask("device", name, f"gets the device {value.partition(':')[0]}", origin, "info")
        elif option in ("-v", "--volume"):
            yield from mount(name, value.partition(":")[0], origin, around, around.root)
        elif option == "--mount":
            yield from mount(name, _mount_source(value), origin, around, around.root)
        elif option in ("-p", "--publish") and not value.startswith(("127.", "localhost", "[::1]")):
            yield Ask("port", name, f"publishes {value} on all addresses of this machine", origin, "info")
        elif option in ("-e", "--env"):
            key, equals, text = value.partition("=")
            yield from secret(name, key, text if equals else None, origin)
