"""What a new container is given before it first starts: an account for the caller and volumes they can write.

`user = "host"` runs the box under the caller's uid:gid, which the image does not know: passwd and group get an entry,
and a home is made. The image's own files keep their owners (security.md 6.4). Changes nothing itself: it makes a tar.
"""

from __future__ import annotations

import io
import re

from devbox.core.desired import DesiredContainer
from devbox.core.frozen import dataclass

_ACCOUNT = re.compile(r"[a-z_][a-z0-9_.-]{0,30}", re.ASCII)
_SHELL = "/bin/sh"


@dataclass(frozen=True, slots=True)
class Entry:
    """A file (with content) or a folder (without) to put into the container."""

    path: str
    """Absolute."""
    content: bytes | None
    uid: int = 0
    gid: int = 0
    mode: int = 0o644


@dataclass(frozen=True, slots=True)
class Account:
    """The caller inside the container."""

    entries: tuple[Entry, ...]
    home: str | None
    """The home that was made; None where the image knows the uid and has one."""


def account_name(caller: str) -> str:
    """The caller's name, if it is one in a passwd file, else `dev`."""
    return caller if _ACCOUNT.fullmatch(caller) else "dev"


def account(name: str, uid: int, gid: int, passwd: bytes | None, group: bytes | None) -> Account:
    """Entries that make uid and gid known, appended so that no name of the image changes its meaning."""
    entries: list[Entry] = []
    home = None
    if not _has_id(passwd, uid):
        home = f"/home/{name}"
        line = f"{name}:x:{uid}:{gid}:{name}:{home}:{_SHELL}"
        entries.append(Entry("/etc/passwd", _append(passwd, line)))
        entries.append(Entry(home, None, uid, gid, 0o755))
    if not _has_id(group, gid):
        entries.append(Entry("/etc/group", _append(group, f"{name}:x:{gid}:")))
    return Account(tuple(entries), home)


def volume_roots(wanted: DesiredContainer, uid: int, gid: int) -> tuple[Entry, ...]:
    """The mount points of volumes that only this service uses, owned by the caller: the engine makes them root's."""
    return tuple(
        Entry(target, None, uid, gid, 0o755) for declared, _, target in wanted.volumes if declared in wanted.own_volumes
    )


def pack(entries: tuple[Entry, ...]) -> bytes:
    """A plain tar, to be unpacked at `/`."""
    buffer = io.BytesIO()
    # Deferred: only where a container is made.
    import tarfile

    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for entry in entries:
            member = tarfile.TarInfo(entry.path.strip("/"))
            member.uid, member.gid, member.mode = entry.uid, entry.gid, entry.mode
            if entry.content is None:
                member.type = tarfile.DIRTYPE
                tar.addfile(member)
            else:
                member.size = len(entry.content)
                tar.addfile(member, io.BytesIO(entry.content))
    return buffer.getvalue()


def _has_id(database: bytes | None, number: int) -> bool:
    """Whether a passwd or group file has this id (its third field in both)."""
    wanted = str(number).encode()
    return any(line.split(b":")[2:3] == [wanted] for line in (database or b"").split(b"\n"))


def _append(database: bytes | None, line: str) -> bytes:
    text = database or b""
    if text and not text.endswith(b"\n"):
        text += b"\n"
    return text + line.encode() + b"\n"
