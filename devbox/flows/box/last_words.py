"""What a container said before it ended: for errors, status and the logs kept of removed containers."""

from __future__ import annotations

import contextlib
from collections import deque

from devbox.core.errors import DevboxError, EngineError
from devbox.core.text import LineSplitter, clean_block
from devbox.engine.port import ContainerInfo, EngineReader
from devbox.flows.secrets import container_masker
from devbox.flows.workspace import Workspace
from devbox.store.container_logs import save_container_log

SAVED_BYTES = 10 << 20
"""How much of a removed container's log is kept (contract.md, Files)."""
SAVED_LINES = 100_000
SHOWN_LINES = 20


def last_lines(engine: EngineReader, id: str, count: int = SHOWN_LINES) -> tuple[bytes, ...]:
    """The end of a container's output, raw; empty when the engine has none."""
    splitter, lines = LineSplitter(), deque[bytes](maxlen=count)
    with contextlib.suppress(EngineError):
        stream = engine.logs(id, tail=count)
        with contextlib.closing(stream):
            for chunk in stream:
                lines.extend(splitter.feed(chunk.data))
    lines.extend(splitter.flush())
    return tuple(lines)


def masked_last_lines(workspace: Workspace, info: ContainerInfo) -> tuple[bytes, ...]:
    """The same without secrets."""
    masker = container_masker(workspace, info)
    return tuple(masker.mask(line) for line in last_lines(workspace.engine, info.id))


def last_words(workspace: Workspace, id: str) -> str | None:
    """The same as text for an error's detail; None when there is nothing."""
    info = workspace.engine.container(id)
    lines = b"\n".join(last_lines(workspace.engine, id))
    return clean_block(container_masker(workspace, info).mask(lines)) if lines else None


def save_log(workspace: Workspace, info: ContainerInfo) -> None:
    """Keep the end of a container's output, masked and cleaned, before the container goes.

    Best effort: a log that can't be read or written must never keep a container from being removed.
    """
    with contextlib.suppress(DevboxError):
        text = _cleaned_tail(workspace, info)
        if text:
            save_container_log(workspace.state, info.name, text)


def _cleaned_tail(workspace: Workspace, info: ContainerInfo) -> bytes:
    kept, size = deque[bytes](), 0
    splitter, masker = LineSplitter(), container_masker(workspace, info)

    def keep(lines: list[bytes]) -> None:
        nonlocal size
        for line in lines:
            kept.append(line)
            size += len(line) + 1
        while size > SAVED_BYTES:
            size -= len(kept.popleft()) + 1

    stream = workspace.engine.logs(info.id, tail=SAVED_LINES, timestamps=True)
    with contextlib.closing(stream):
        for chunk in stream:
            keep(splitter.feed(chunk.data))
    keep(splitter.flush())
    return b"".join(clean_block(masker.mask(line)).encode() + b"\n" for line in kept)
