"""A server that answers as a test says, byte for byte: for engines that are old, hung, broken or no engine at all."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator

PING = "GET /_ping"
Handler = Callable[[socket.socket, str], bytes | None]
"""Gets the connection and the request's first line; returns the reply, or None after doing all itself."""


def reply(body: bytes = b"", status: str = "200 OK", **headers: str) -> bytes:
    """A whole HTTP reply."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def pong(version: str = "1.41") -> bytes:
    """What a Docker Engine answers to a ping."""
    return reply(b"OK", Api_Version=version, Server="Docker/20.10.24 (linux)")


class ScriptedServer:
    """Serves connections, each in a thread; remembers what was asked and how often it was called."""

    def __init__(self, listener: socket.socket, handler: Handler, context: ssl.SSLContext | None = None) -> None:
        self.requests: list[str] = []
        self.connections = 0
        self._listener = listener
        self._handler = handler
        self._context = context
        self._open: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Stop listening and cut every connection."""
        self._listener.close()
        for sock in self._open:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            sock.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                sock, _ = self._listener.accept()
                self.connections += 1
                self._open.append(sock)
                threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock: socket.socket) -> None:
        with contextlib.suppress(OSError, ValueError):
            if self._context is not None:
                sock = self._context.wrap_socket(sock, server_side=True)
                self._open.append(sock)
            with sock:
                while request := read_request(sock):
                    self.requests.append(request)
                    own = request.startswith(PING) and not self._handles_ping
                    answer = pong() if own else self._handler(sock, request)
                    if answer is None:
                        return
                    sock.sendall(answer)

    _handles_ping = False


class RawServer(ScriptedServer):
    """Like `ScriptedServer`, but pings too are the handler's."""

    _handles_ping = True


def read_request(sock: socket.socket) -> str:
    """The first line of a request, read to the end of its body; empty when the client is gone."""
    data = b""
    while b"\r\n\r\n" not in data:
        block = sock.recv(65536)
        if not block:
            return ""
        data += block
    head, _, body = data.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    if any(line.lower() == "transfer-encoding: chunked" for line in lines):
        while not body.endswith(b"0\r\n\r\n"):
            if not (block := sock.recv(65536)):
                return ""
            body = body[-5:] + block
        return lines[0].removesuffix(" HTTP/1.1")
    length = next((int(line.split(":")[1]) for line in lines if line.lower().startswith("content-length:")), 0)
    while len(body) < length:
        body += sock.recv(65536)
    return lines[0].removesuffix(" HTTP/1.1")


@contextlib.contextmanager
def unix_server(path: str, handler: Handler, kind: type[ScriptedServer] = ScriptedServer) -> Iterator[ScriptedServer]:
    """A server on a UNIX socket."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen()
    server = kind(listener, handler)
    try:
        yield server
    finally:
        server.close()
