"""Runs `docker buildx build` for comparisons: the vertex names of a build, the files that a COPY brings."""

from __future__ import annotations

import io
import os
import subprocess
import tarfile
from collections.abc import Mapping
from pathlib import Path

from devbox.core.buildstream import StreamMessage
from devbox.engine.rawjson import RawJsonDecoder

TIMEOUT = 120


def vertex_names(
    context: Path, dockerfile: Path, env: Mapping[str, str], *, target: str | None = None,
    args: Mapping[str, str] | None = None, tag: str | None = None,
) -> set[str]:
    """The names of all vertices of one build, which gets `tag`; AssertionError with the builder's words."""
    words = ["--progress=rawjson", "-f", str(dockerfile)]
    words += ["--target", target] if target else []
    words += ["--tag", tag] if tag else []
    words += [word for name, value in (args or {}).items() for word in ("--build-arg", f"{name}={value}")]
    done = _buildx([*words, str(context)], env)
    decoder = RawJsonDecoder()
    messages = [*decoder.feed(done.stderr), *decoder.finish()]
    assert done.returncode == 0, "\n".join(message for message in messages if isinstance(message, str))
    return {vertex.name for message in messages if isinstance(message, StreamMessage) for vertex in message.vertexes}


def copied_files(context: Path, dockerfile: Path, env: Mapping[str, str]) -> set[str] | None:
    """The paths that a build exports, folders with a `/` at the end; None where the builder refuses."""
    done = _buildx(["--progress=plain", "-f", str(dockerfile), "--output", "type=tar", str(context)], env)
    if done.returncode:
        return None
    with tarfile.open(fileobj=io.BytesIO(done.stdout), encoding="utf-8", errors="surrogateescape") as archive:
        names = {f"{member.name.rstrip('/')}/" if member.isdir() else member.name for member in archive}
    return names - {"./", "/"}


def _buildx(words: list[str], env: Mapping[str, str]) -> subprocess.CompletedProcess[bytes]:
    argv = ["docker", "buildx", "build", "--builder", "default", "--network=none", *words]
    return subprocess.run(
        argv, env={**env, "PATH": env.get("PATH", os.environ["PATH"])}, capture_output=True, timeout=TIMEOUT,
        check=False, stdin=subprocess.DEVNULL,
    )
