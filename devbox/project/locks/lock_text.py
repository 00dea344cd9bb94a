"""Indented lock files from bytes to blocks: the fast reader first, and one kind of error for what is none of them."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from devbox.core.errors import ConfigError
from devbox.project.locks.block_text import Block, UnusualLine, read_blocks

if TYPE_CHECKING:
    from devbox.project.yaml_source import Node

_CONFLICT = re.compile(r"^(?:<{7} |>{7} )", re.MULTILINE)


def decoded(data: bytes, path: str) -> str:
    """The text of a lock file; raises ConfigError where it is none, and for an unresolved merge conflict."""
    try:
        text = data.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ConfigError("not UTF-8 text; expected a file saved as UTF-8", path=path, line=line) from None
    conflict = _CONFLICT.search(text)
    if conflict is not None:
        raise ConfigError(
            "an unresolved merge conflict; expected the file as it is after the merge", path=path,
            line=text.count("\n", 0, conflict.start()) + 1, hint="`git status` shows the files in conflict",
        )
    nul = text.find("\0")
    if nul >= 0:
        raise ConfigError("a NUL byte; expected a text file", path=path, line=text.count("\n", 0, nul) + 1)
    return text


def is_berry(text: str) -> bool:
    """Whether yarn 2 or later wrote this yarn.lock."""
    return text.startswith("__metadata:") or "\n__metadata:" in text


def read_yaml(text: str, path: str) -> Block:
    """The document of pnpm or of yarn 2 and later; raises ConfigError.

    What no tool writes and still is YAML (a comment behind a value, an anchor) is read by the real parser, with its
    bounds.
    """
    try:
        return read_blocks(text)
    except UnusualLine:
        # Deferred: PyYAML is needed only for files that no tool wrote.
        from devbox.project.yaml_source import parse_yaml

        blocks = _block(parse_yaml(text.encode(), path))
        if not isinstance(blocks, dict):
            raise ConfigError("not a mapping; expected a lock file", path=path, line=1) from None
        return blocks


def _block(node: Node) -> Any:
    if isinstance(node.value, dict):
        return {key: _block(item) for key, item in node.value.items()}
    if isinstance(node.value, tuple):
        return tuple(_block(item) for item in node.value)
    return node.text


def refuse(reader: Callable[[str], Block], text: str, path: str, relock: str | None) -> Block:
    """What a reader makes of the text; its refusal as a ConfigError with the line."""
    try:
        return reader(text)
    except UnusualLine as error:
        raise ConfigError(
            "not a line that the tool of this lock file writes; expected a generated file", path=path, line=error.line,
            hint=f"`{relock}`" if relock else None,
        ) from None
