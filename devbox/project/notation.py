"""The small notations inside devbox.toml's strings: names, ports, mounts, users, URLs (contract.md, security.md 3.5).

Pure: from text to a value, or a ValueError that says what was expected. Nothing here looks at a file.
"""

from __future__ import annotations

import ipaddress
import posixpath
import re
from typing import Literal, NamedTuple
from urllib.parse import urlsplit

_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]{0,62}", re.ASCII)
_ENV_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_ACCOUNT = r"(?:[a-z_][a-z0-9_-]{0,31}|[0-9]{1,10})"
_USER = re.compile(rf"{_ACCOUNT}(?::{_ACCOUNT})?", re.ASCII)
_VERSION = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,9}){0,3}", re.ASCII)
_REGEX_LIMIT = 1000
"""Characters of a pattern."""


class PortParts(NamedTuple):
    """A published port: `[address:]host:container[/protocol]`."""

    address: str
    host: int
    container: int
    protocol: Literal["tcp", "udp"]


class MountParts(NamedTuple):
    """A live mount as written: the source is not looked at."""

    source: str
    target: str
    read_only: bool


def name(text: str) -> str:
    """The name of a project, service, volume, task or mode."""
    if not _NAME.fullmatch(text):
        raise ValueError("expected lower-case letters, digits, `_`, `.` and `-`, a letter or digit first, at most 63")
    return text


def env_name(text: str) -> str:
    """The name of an environment variable or build argument."""
    if not _ENV_NAME.fullmatch(text):
        raise ValueError("expected a variable's name: letters, digits and `_`, not starting with a digit")
    return text


def env_value(text: str) -> str:
    """The value of an environment variable: one line."""
    if any(character in text for character in "\0\n\r"):
        raise ValueError("expected a value of one line without NUL")
    return text


def plain(text: str) -> str:
    """Text that is handed on as it is: not empty, no NUL."""
    if not text.strip() or "\0" in text:
        raise ValueError("expected text that is not empty")
    return text


def image_ref(text: str) -> str:
    """An image reference, as far as the engine's answer to it can't be misleading: one word, no leading `-`."""
    if not text or text.startswith("-") or not text.isprintable() or any(character.isspace() for character in text):
        raise ValueError("expected an image reference such as debian:bookworm-slim")
    return text


def user(text: str) -> str:
    """`host`, a user name, or `uid[:gid]`."""
    if not _USER.fullmatch(text):
        raise ValueError("expected `host`, a user's name, or uid:gid")
    return text


def version(text: str) -> str:
    """A dotted number: a driver's version, a compute capability."""
    if not _VERSION.fullmatch(text):
        raise ValueError("expected a version such as 6.0 or 525.60")
    return text


def container_path(text: str) -> str:
    """A path inside a container: absolute, made canonical, not `/` itself."""
    path = posixpath.normpath(text) if text else ""
    if not path.startswith("/") or "\0" in path or "\n" in path:
        raise ValueError("expected an absolute path inside the container, such as /app")
    path = "/" + path.lstrip("/")
    if path == "/":
        raise ValueError("expected a folder below / as the target, such as /app")
    return path


def workdir(text: str) -> str:
    """A working directory inside a container; `/` is fine."""
    return "/" if text and posixpath.normpath(text) in ("/", "//") else container_path(text)


def mount(text: str) -> MountParts:
    """`source:target[:ro|:rw]`."""
    parts = text.split(":")
    if len(parts) not in (2, 3) or not all(parts) or parts[2:] not in ([], ["ro"], ["rw"]):
        raise ValueError('expected "source:target" or "source:target:ro", such as ".:/app"')
    return MountParts(parts[0], container_path(parts[1]), parts[2:] == ["ro"])


def volume(text: str) -> tuple[str, str]:
    """`name:/target` → (name, target)."""
    parts = text.split(":")
    if len(parts) != 2 or not all(parts):
        raise ValueError('expected "name:/target", such as "venv:/opt/venv"')
    if parts[0].startswith((".", "/", "~")):
        raise ValueError("expected a volume's name before the colon; a folder of this machine belongs into `mounts`")
    return name(parts[0]), container_path(parts[1])


def port(text: str) -> PortParts:
    """`[address:]host:container[/udp]`; without an address 127.0.0.1."""
    rest, slash, protocol = text.partition("/")
    match = re.fullmatch(r"(?:(\[[^\]]+\]|[^:\[\]]+):)?([0-9]{1,5}):([0-9]{1,5})", rest, re.ASCII)
    if not match or (slash and protocol not in ("tcp", "udp")):
        raise ValueError('expected "host:container", such as "8000:8000", "127.0.0.1:8000:80" or "5353:53/udp"')
    address = _address((match[1] or "127.0.0.1").strip("[]"))
    return PortParts(address, port_number(match[2]), port_number(match[3]), "udp" if protocol == "udp" else "tcp")


def port_number(text: str | int) -> int:
    """A port from 1 to 65535."""
    number = int(text)
    if not 1 <= number <= 65535:
        raise ValueError("expected a port from 1 to 65535")
    return number


def _address(text: str) -> str:
    if text == "localhost":
        return "127.0.0.1"
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        raise ValueError("expected an IP address before the ports, such as 127.0.0.1") from None


def is_loopback(address: str) -> bool:
    """Whether only this machine can reach the address."""
    return ipaddress.ip_address(address).is_loopback


def http_url(text: str) -> str:
    """An http or https URL with a host."""
    try:
        parts = urlsplit(text)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        usable = False
    if not usable or not text.isprintable() or " " in text:
        raise ValueError("expected a URL such as http://127.0.0.1:8000/health")
    return text


def pattern(text: str) -> str:
    """A regular expression."""
    if len(text) > _REGEX_LIMIT:
        raise ValueError(f"expected a regular expression of at most {_REGEX_LIMIT} characters")
    try:
        re.compile(text)
    except (re.error, OverflowError, RecursionError) as error:
        raise ValueError(f"expected a regular expression ({error})") from None
    return text


def glob(text: str) -> str:
    """A glob relative to the project."""
    if not text or text.startswith(("/", "~")) or "\0" in text or ".." in text.split("/"):
        raise ValueError("expected a glob relative to the project, such as src/**")
    return text
