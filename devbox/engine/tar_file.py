"""One file out of a container's archive: links followed inside the container, size checked before anything is read.

The archive comes from an image or a container and is not believed (security.md 8.5): nothing is unpacked to disk.
"""

from __future__ import annotations

import io
import posixpath
import tarfile
from collections.abc import Callable, Iterator
from contextlib import suppress

from devbox.engine.port import NotFound

_HOPS = 8
_SLACK = 64 << 10
"""Bytes of tar around the one file: headers, long names, padding."""


class FileReader:
    """Reads files through `fetch`, which gives the archive of a path or raises NotFound."""

    def __init__(self, fetch: Callable[[str], Iterator[bytes]]) -> None:
        self._fetch = fetch

    def read(self, path: str, limit: int) -> bytes | None:
        """The content, or None: missing, no regular file, a loop of links, or longer than `limit` bytes."""
        for _ in range(_HOPS):
            found = self._member(path, limit)
            if not isinstance(found, str):
                return found
            path = posixpath.normpath(posixpath.join(posixpath.dirname(path), found))
        return None

    def _member(self, path: str, limit: int) -> bytes | str | None:
        """The file's content, the target of a link, or None."""
        try:
            archive = _Prefix(self._fetch(path), limit + _SLACK)
        except NotFound:
            return None
        with suppress(tarfile.TarError, EOFError, ValueError), tarfile.open(fileobj=archive, mode="r|") as tar:
            member = tar.next()
            if member is not None and member.issym():
                return member.linkname
            if member is not None and member.isfile() and member.size <= limit:
                content = tar.extractfile(member)
                return content.read() if content else None
        return None


class _Prefix(io.RawIOBase):
    """The first bytes of an archive as a file; what comes after `limit` is never read."""

    def __init__(self, blocks: Iterator[bytes], limit: int) -> None:
        self._blocks = blocks
        self._left = limit
        self._buffer = b""

    def read(self, size: int = -1) -> bytes:
        """As files do; `b""` at the end or at the limit."""
        while len(self._buffer) < size and self._left > 0:
            block = next(self._blocks, b"")
            if not block:
                break
            self._left -= len(block)
            self._buffer += block
        data, self._buffer = self._buffer[:size], self._buffer[size:]
        return data
