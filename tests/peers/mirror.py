"""Toolchains to install, served on loopback in the form of their publishers: small scripts where compilers would be.

Node and io.js as nodejs.org serves them (to nvm and mise), Python as an archive that pyenv's python-build copies.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import lzma
import re
import tarfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal
from urllib.parse import urlsplit

from tests.flows.toolchain_world import PROGRAMS, SAYS

LTS = {
    "v4.9.1": "Argon", "v16.20.2": "Gallium", "v18.20.4": "Hydrogen", "v20.15.1": "Iron", "v22.3.0": "Jod",
}
NODES = (
    "v0.10.48", "v0.11.3", "v0.12.18", "v4.9.1", "v16.20.2", "v18.17.1", "v18.19.0", "v18.20.4", "v20.1.0", "v20.9.0",
    "v20.10.0", "v20.15.1", "v20.15.10", "v21.0.0", "v21.1.0", "v22.3.0", "v24.1.0",
)
IOJS = ("v1.8.4", "v2.0.0", "v3.3.1")


@contextmanager
def serve() -> Iterator[str]:
    """The mirror's address, without a slash at its end; it stops with the context. It may be asked as a proxy, too."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Mirror)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=10)


def archive(top: str, tool: str, version: str, compression: Literal["gz", "xz"]) -> bytes:
    """An archive of one installation whose programs say their version; the same bytes each time, as it has a digest."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for name in ("iojs", "node") if top.startswith("iojs") else (*PROGRAMS[tool], *_ALSO.get(tool, ())):
            script = f"#!/bin/sh\n{SAYS[tool].format(version)}\n".encode()
            entry = tarfile.TarInfo(f"{top}/bin/{name}")
            entry.size, entry.mode = len(script), 0o755
            tar.addfile(entry, io.BytesIO(script))
    plain = packed.getvalue()
    return gzip.compress(plain, mtime=0) if compression == "gz" else lzma.compress(plain)


_ALSO = {"node": ("npm",), "python": ("pip",)}


class _Mirror(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = _answer(urlsplit(self.path).path)
        if body is None:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    do_HEAD = do_GET

    def log_message(self, *args: object) -> None:
        """Nothing: a test's output is no place for it."""


def _answer(path: str) -> bytes | None:
    _, site, *rest = path.split("/")
    name = rest[-1] if rest else ""
    if site in ("node", "iojs"):
        versions = IOJS if site == "iojs" else NODES
        return _index(name, versions) if len(rest) == 1 else _release(site, rest[0], name, versions)
    match = re.fullmatch(r"python-(.+)\.tar\.gz", name)
    return archive(f"python-{match[1]}", "python", match[1], "gz") if site == "python" and match else None


def _index(name: str, versions: tuple[str, ...]) -> bytes | None:
    newest_first = sorted(versions, key=lambda version: [int(part) for part in version[1:].split(".")], reverse=True)
    if name == "index.json":
        return json.dumps(
            [
                {"version": version, "date": "2024-01-01", "files": ["linux-x64"], "lts": LTS.get(version, False)}
                for version in newest_first
            ]
        ).encode()
    if name != "index.tab":
        return None
    rows = ["version\tdate\tfiles\tnpm\tv8\tuv\tzlib\topenssl\tmodules\tlts\tsecurity"]
    for version in newest_first:
        rows.append(f"{version}\t2024-01-01\tlinux-x64\t9\t1\t1\t1\t1\t1\t{LTS.get(version, '-')}\t-")
    return "\n".join([*rows, ""]).encode()


def _release(site: str, version: str, name: str, versions: tuple[str, ...]) -> bytes | None:
    if version not in versions:
        return None
    top = f"{site}-{version}-linux-x64"
    kinds: tuple[Literal["gz", "xz"], ...] = ("gz", "xz")
    packed = {f"{top}.tar.{kind}": archive(top, "node", version[1:], kind) for kind in kinds}
    if name == "SHASUMS256.txt":
        return "".join(f"{hashlib.sha256(data).hexdigest()}  {file}\n" for file, data in packed.items()).encode()
    return packed.get(name)
