"""Libraries and compilers of this machine, told by the layout of system folders where that suffices."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator

_LIBRARY_FOLDERS = ("/usr/lib", "/usr/lib64", "/lib", "/lib64", "/usr/local/lib")
_MAC_FOLDERS = ("/opt/homebrew/lib", "/usr/local/lib")
_LIBSSL = re.compile(r"libssl\.(?:so\.)?(\d+(?:\.\d+)*)(?:\.dylib)?")
_TRIPLET = re.compile(r"[a-z0-9_]+-linux-[a-z0-9]+")
_VERSION = re.compile(r"\d+(?:\.\d+)+")
TIMEOUT = 2.0
"""Seconds a compiler may take to say its version."""


def openssl_versions() -> tuple[str, ...] | None:
    """The versions that shared OpenSSL libraries carry in their names, newest first: `3`, `1.1`; None where their
    folders may not be listed."""
    listed = [_listed(folder) for folder in _folders()]
    names = [name for folder in listed for name in folder or ()]
    if not names and None in listed:
        return None
    found = {match[1] for name in names if (match := _LIBSSL.fullmatch(name))}
    return tuple(sorted(found, key=lambda version: [int(part) for part in version.split(".")], reverse=True))


def compiler_version(path: str) -> tuple[str | None, str | None]:
    """What a compiler says of its version, or None and why. Only for programs that may be run."""
    if sys.platform == "darwin" and path.startswith("/usr/bin/") and not _developer_tools():
        return None, "Apple's command line tools are not installed"  # asking would open a window
    # Deferred: subprocess costs 12 ms, and only projects that compile ask.
    from devbox.host.process import clean_environment, run

    output = run((path, "--version"), env=clean_environment(), timeout=TIMEOUT)
    if output.problem:
        return None, output.problem
    first = output.stdout.decode("utf-8", "replace").partition("\n")[0]
    versions = _VERSION.findall(re.sub(r"\([^)]*\)", "", first)) or _VERSION.findall(first)
    return (versions[-1], None) if versions else (None, f"`{path} --version` did not say one")


def _folders() -> Iterator[str]:
    if sys.platform == "darwin":
        yield from _MAC_FOLDERS
        return
    yield from _LIBRARY_FOLDERS
    for name in _listed("/usr/lib") or ():
        if _TRIPLET.fullmatch(name):
            yield f"/usr/lib/{name}"


def _listed(folder: str) -> list[str] | None:
    """Its names, none where there is no such folder; None where it may not be listed."""
    try:
        return os.listdir(folder)
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError:
        return None


def _developer_tools() -> bool:
    return os.path.isdir("/Library/Developer/CommandLineTools") or os.path.isdir("/Applications/Xcode.app")
