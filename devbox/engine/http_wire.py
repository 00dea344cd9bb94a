"""HTTP/1.1 as the Engine API needs it, over a `Wire`: one request, one reply, chunked or not, or a hijacked connection.

Own code of a hundred lines instead of `http.client`, because that costs 20 ms of import (email.parser), has no deadline
over a whole call, no limit on a reply and no half-close. No redirects, cookies or compression: the engine uses none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from devbox.core.errors import EngineError
from devbox.core.frozen import dataclass
from devbox.engine.deadline import Deadline
from devbox.engine.wire import Wire

_LINE = 1 << 16
_HEADERS = 200
_BLOCK = 1 << 16


@dataclass(frozen=True, slots=True)
class Reply:
    """Status and headers (names in lower case) of a reply whose body is still on the wire."""

    status: int
    headers: Mapping[str, str]
    wire: Wire

    @property
    def reusable(self) -> bool:
        """Whether the connection can carry another request once the body is read."""
        return "close" not in self.headers.get("connection", "").lower() and (
            "content-length" in self.headers or self.chunked or self.status in (204, 304)
        )

    @property
    def chunked(self) -> bool:
        """Whether the body comes in chunks."""
        return self.headers.get("transfer-encoding", "").lower() == "chunked"

    def blocks(self, deadline: Deadline) -> Iterator[bytes]:
        """The body as it arrives, pieces of any size. Raises ConnectionError when it ends too early."""
        if self.status in (204, 304):
            return
        if self.chunked:
            yield from self._chunks(deadline)
        elif "content-length" in self.headers:
            yield from self._counted(_count(self.headers["content-length"], 10), deadline)
        else:
            while block := self.wire.read_some(_BLOCK, deadline):
                yield block

    def body(self, limit: int, deadline: Deadline) -> bytes:
        """The whole body; raises EngineError past `limit` bytes."""
        whole = bytearray()
        for block in self.blocks(deadline):
            whole += block
            if len(whole) > limit:
                raise self.wire.too_much()
        return bytes(whole)

    def _chunks(self, deadline: Deadline) -> Iterator[bytes]:
        while size := _count(self.wire.read_line(_LINE, deadline).split(b";")[0].decode("ascii", "replace"), 16):
            yield from self._counted(size, deadline)
            self.wire.read_line(2, deadline)
        while self.wire.read_line(_LINE, deadline):
            pass

    def _counted(self, count: int, deadline: Deadline) -> Iterator[bytes]:
        while count:
            block = self.wire.read_some(min(count, _BLOCK), deadline)
            if not block:
                raise ConnectionError("the reply ended too early")
            count -= len(block)
            yield block


def send(wire: Wire, method: str, target: str, headers: Mapping[str, str], body: bytes, deadline: Deadline) -> None:
    """One request. The target is already quoted."""
    length = {"Content-Length": str(len(body))} if body or method in ("POST", "PUT") else {}
    wire.write(_head(method, target, {**headers, **length}) + body, deadline)


def send_blocks(
    wire: Wire, method: str, target: str, headers: Mapping[str, str], blocks: Iterable[bytes], stall: float
) -> None:
    """One request whose body is made while it is sent; no block of it may take more than `stall` seconds."""
    wire.write(_head(method, target, {**headers, "Transfer-Encoding": "chunked"}), Deadline.after(stall))
    for chunk in chunked(blocks):
        wire.write(chunk, Deadline.after(stall))


def chunked(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """A body in chunks: whoever reads it knows a body that was cut from one that ended."""
    for block in blocks:
        if block:
            yield b"%x\r\n%b\r\n" % (len(block), block)
    yield b"0\r\n\r\n"


def receive(wire: Wire, deadline: Deadline) -> Reply:
    """Status line and headers of the reply. Raises ConnectionError at the end of the stream, EngineError for anything
    but HTTP."""
    while True:
        status = _status(wire.read_line(_LINE, deadline), wire)
        headers = _read_headers(wire, deadline)
        if status >= 101:
            return Reply(status, headers, wire)


def _head(method: str, target: str, headers: Mapping[str, str]) -> bytes:
    lines = [f"{method} {target} HTTP/1.1", "Host: docker", "User-Agent: devbox"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode("ascii") + b"\r\n\r\n"


def _status(line: bytes, wire: Wire) -> int:
    words = line.split(b" ", 2)
    if not (words[0].startswith(b"HTTP/1.") and len(words) >= 2 and len(words[1]) == 3 and words[1].isdigit()):
        raise _not_http(wire)
    return int(words[1])


def _read_headers(wire: Wire, deadline: Deadline) -> dict[str, str]:
    headers: dict[str, str] = {}
    for _ in range(_HEADERS):
        line = wire.read_line(_LINE, deadline)
        if not line:
            return headers
        name, colon, value = line.decode("latin-1").partition(":")
        if not colon:
            raise _not_http(wire)
        headers[name.strip().lower()] = value.strip()
    raise _not_http(wire)


def _count(text: str, base: int) -> int:
    try:
        count = int(text.strip(), base)
    except ValueError:
        count = -1
    if not 0 <= count < 1 << 48:
        raise EngineError("the engine sent a reply with no valid length")
    return count


def _not_http(wire: Wire) -> EngineError:
    return EngineError(
        f"what answers at {wire.url} is not a Docker Engine: it does not speak HTTP",
        hint="`devbox --engine URL` chooses another engine",
    )
