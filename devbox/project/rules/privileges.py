"""What a project asks of the machine beyond a container of its own (security.md 2.7): the words for it, whoever asks.

Names what is asked, where, and how much it weighs; decides nothing: consent is asked elsewhere. Values of secrets are
never part of it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping

from devbox.core.facts import Origin
from devbox.core.findings import Severity
from devbox.core.frozen import dataclass
from devbox.project.rules.secrets import TOKENS, is_secret_name

SOCKETS = ("docker.sock", "podman.sock", "containerd.sock", "docker_engine")
HOST_MODES = {"pid": "processes", "ipc": "shared memory", "network_mode": "network", "uts": "host name",
               "userns_mode": "users", "cgroup": "control groups"}
"""Compose's keys for what a container may share with the host."""
_STRONG = frozenset({
    "ALL", "SYS_ADMIN", "SYS_PTRACE", "SYS_MODULE", "SYS_RAWIO", "NET_ADMIN", "DAC_READ_SEARCH", "BPF", "SYS_BOOT",
})
_HEAVY = (
    "/", "/etc", "/var", "/usr", "/root", "/home", "/boot", "/proc", "/sys", "/dev", "/run", "/var/run", "/var/lib",
    "/lib", "/bin", "/opt",
)
_PRIVATE = (".ssh", ".aws", ".gnupg", ".kube", ".docker", ".config", ".netrc", ".azure", ".npmrc", ".pypirc",
            ".git-credentials")
_UNCONFINED = ("seccomp=unconfined", "seccomp:unconfined", "apparmor=unconfined", "apparmor:unconfined",
               "label=disable", "label:disable", "systempaths=unconfined")


@dataclass(frozen=True, slots=True)
class Ask:
    """One thing that is asked."""

    kind: str
    """The last part of its check: `socket`, `mount`, …"""
    subject: str
    """The service or file that asks."""
    what: str
    """In words, to stand after the subject."""
    origin: Origin
    severity: Severity = "warn"
    hint: str = "remove it if nothing needs it; devbox asks before it grants it"


@dataclass(frozen=True, slots=True)
class Around:
    """Where relative paths start, and what counts as the user's own."""

    root: str
    home: str
    variables: Mapping[str, str]


def mount(name: str, source: str, origin: Origin, around: Around, folder: str) -> Iterator[Ask]:
    """A host path in a container: nothing where it is the project's own or a named volume."""
    if any(source.rstrip("/").endswith(socket) for socket in SOCKETS):
        yield socket(name, origin)
        return
    text = source.replace("${localEnv:HOME}", around.home).replace("${HOME}", around.home).replace("$HOME", around.home)
    for inside in ("${localWorkspaceFolder}", "${PWD}", "$PWD"):
        text = text.replace(inside, around.root)
    if text == "~" or text.startswith("~/"):
        text = around.home + text[1:]
    if not text.startswith(("/", ".")):
        if "$" in text:
            yield Ask("mount", name, f"mounts {source}, which leads wherever that variable says", origin, "info")
        return
    path = os.path.normpath(os.path.join(folder, text))
    if path == around.root or path.startswith(f"{around.root.rstrip('/')}/"):
        return
    below_home = os.path.relpath(path, around.home)
    private = not below_home.startswith("..") and (below_home == "." or below_home.split("/")[0] in _PRIVATE)
    yield Ask("mount", name, f"mounts {source}, which is outside the project", origin,
              "warn" if path in _HEAVY or private else "info")


def secret(name: str, variable: str, value: str | None, origin: Origin) -> Iterator[Ask]:
    """A variable whose name or value says that it is secret; one that only passes the caller's on is none."""
    if value is None or value == "" or "${" in value or value.startswith("$"):
        return
    certain = any(pattern.search(value) for _, pattern in TOKENS)
    if certain or (is_secret_name(variable) and not value.startswith("/")):
        yield Ask("secret", name, f"has {variable} as a plain variable: who may inspect it sees the value", origin,
                  "warn" if certain else "info", f"take it from the environment: `${{{variable}}}`, or use a secret")


def privileged(name: str, origin: Origin) -> Ask:
    """All of it."""
    return Ask("privileged", name, "is privileged: it owns this machine", origin)


def socket(name: str, origin: Origin) -> Ask:
    """The engine's socket."""
    return Ask("socket", name, "gets the engine's socket: it owns this machine", origin)


def capability(name: str, word: str, origin: Origin) -> Ask:
    """One of Linux' capabilities, with `CAP_` or without."""
    plain = word.upper().removeprefix("CAP_")
    return Ask("capability", name, f"gets the capability {plain}", origin, "warn" if plain in _STRONG else "info")


def security(name: str, option: str, origin: Origin) -> Iterator[Ask]:
    """One `--security-opt`."""
    plain = option.replace(" ", "")
    if plain in _UNCONFINED:
        yield Ask("privileged", name, f"is not confined ({plain})", origin)
    elif plain in ("no-new-privileges:false", "no-new-privileges=false"):
        yield Ask("privileged", name, "may gain privileges by setuid programs", origin, "info")
