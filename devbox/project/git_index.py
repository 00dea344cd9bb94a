"""git's index as data: which files are tracked, without running git (gitformat-index, versions 2 to 4).

A split or sparse index, or one of a SHA-256 repository, is not read here: `parse_index` says so, and the caller asks
git itself.
"""

from __future__ import annotations

import struct

from devbox.core.git_checks import Tracked

_HEADER = struct.Struct(">4sLL")
_ENTRY = struct.Struct(">16x8xL8xL20xH")
"""Times, device and inode, mode, owner, size, SHA-1, flags."""
_CHECKSUM = 20
_EXTENDED = 0x4000
_OTHERS = {b"link": "a split index", b"sdir": "a sparse index"}


def parse_index(data: bytes) -> tuple[Tracked, ...]:
    """Every tracked file once, in the index' order. Raises ValueError with what is wrong or not read here."""
    if len(data) < _HEADER.size + _CHECKSUM:
        raise ValueError("it is cut short")
    magic, version, count = _HEADER.unpack_from(data)
    if magic != b"DIRC" or version not in (2, 3, 4):
        raise ValueError("its format is not known")
    if count > len(data) // _ENTRY.size:
        raise ValueError("it is cut short")
    found: dict[bytes, Tracked] = {}
    place, path = _HEADER.size, b""
    try:
        for _ in range(count):
            place, path, mode, size = _entry(data, place, version, path)
            if path not in found:  # a conflict has up to three entries of one path
                found[path] = Tracked(path.decode("utf-8", "surrogateescape"), mode, size)
    except (struct.error, IndexError, ValueError):
        raise ValueError("it is cut short") from None
    if place > len(data) - _CHECKSUM:
        raise ValueError("it is cut short")
    _refuse_extensions(data, place)
    return tuple(found.values())


def parse_listing(data: bytes) -> tuple[Tracked, ...]:
    """The same from `git ls-files --stage -z`."""
    found: dict[bytes, Tracked] = {}
    for record in data.split(b"\0"):
        head, tab, path = record.partition(b"\t")
        if tab and path not in found:
            found[path] = Tracked(path.decode("utf-8", "surrogateescape"), int(head[:6], 8))
    return tuple(found.values())


def _entry(data: bytes, place: int, version: int, before: bytes) -> tuple[int, bytes, int, int]:
    """Where the next entry starts, and this one's path, mode and size; `before` is the path before it."""
    mode, size, flags = _ENTRY.unpack_from(data, place)
    start = place + _ENTRY.size + (2 if flags & _EXTENDED else 0)
    if version < 4:
        end = data.index(b"\0", start)
        return place + ((end - place) // 8 + 1) * 8, data[start:end], mode, size
    cut, start = _number(data, start)
    end = data.index(b"\0", start)
    if cut > len(before):
        raise ValueError
    return end + 1, before[: len(before) - cut] + data[start:end], mode, size


def _number(data: bytes, place: int) -> tuple[int, int]:
    """git's variable-width number, as in pack files' offsets."""
    byte = data[place]
    value = byte & 0x7F
    while byte & 0x80:
        place += 1
        byte = data[place]
        value = ((value + 1) << 7) | (byte & 0x7F)
    return value, place + 1


def _refuse_extensions(data: bytes, place: int) -> None:
    """Extensions in small letters are needed to understand the index."""
    while place + 8 <= len(data) - _CHECKSUM:
        name, length = data[place : place + 4], int.from_bytes(data[place + 4 : place + 8], "big")
        if not name[:1].isupper():
            raise ValueError(f"it is {_OTHERS.get(name, 'of a kind that is not known')}")
        place += 8 + length
