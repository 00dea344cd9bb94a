"""`rust-toolchain` and `rust-toolchain.toml` (spec/toolchains.md 10).

Source: `Cfg::parse_override_file` of rustup's `src/config.rs`.
"""

from __future__ import annotations

from devbox.core.errors import ConfigError
from devbox.core.frozen import dataclass
from devbox.project.toml_source import Node, parse_toml

PLAIN = "rust-toolchain"
TOML = "rust-toolchain.toml"


@dataclass(frozen=True, slots=True)
class Override:
    """What one file asks for."""

    channel: str | None = None
    path: str | None = None
    line: int | None = None
    """Of the channel or the path."""
    components: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    problem: str | None = None
    """Why rustup refuses the file, and with it every command here."""


def is_text(data: bytes) -> bool:
    """Whether rustup reads the file at all: one that is not UTF-8 is as if absent."""
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def parse(data: bytes, path: str, *, only_toml: bool) -> Override:
    """What the file says. One line is a name, unless the file may only be TOML; never raises."""
    text = data.decode("utf-8", "replace")
    lines = text.removesuffix("\n").split("\n") if text else []
    if not lines:
        return Override(problem="it is empty")
    if len(lines) == 1 and not only_toml:
        word = text.strip()
        if not word:
            return Override(problem="it is empty")
        return Override(path=word, line=1) if word.startswith("/") else Override(channel=word, line=1)
    try:
        root = parse_toml(data, path)
    except ConfigError as error:
        return Override(line=error.line, problem=error.summary)
    return _section((root.table or {}).get("toolchain"))


def _section(section: Node | None) -> Override:
    table = section.table if section else None
    if table is None:
        return Override(problem="it has no `[toolchain]` table")
    words = {key: table[key] for key in ("channel", "path", "profile") if key in table}
    lists = {key: table[key] for key in ("components", "targets") if key in table}
    if not all(isinstance(node.value, str) for node in words.values()):
        return Override(problem="a value is not a string")
    if not all(node.array is not None and all(isinstance(item.value, str) for item in node.array)
               for node in lists.values()):
        return Override(problem="`components` and `targets` are lists of strings")
    if not lists and not {"channel", "path"} & set(words):
        return Override(problem="it names neither a channel nor components")
    if "channel" in words and "path" in words:
        return Override(line=words["path"].origin.line, problem="it names both a channel and a path")
    named = words.get("channel") or words.get("path")
    names = {key: tuple(str(item.value) for item in node.array or ()) for key, node in lists.items()}
    options = bool(lists) or "profile" in words
    return Override(
        channel=str(words["channel"].value) if "channel" in words else None,
        path=str(words["path"].value) if "path" in words else None,
        line=named.origin.line if named else None,
        components=names.get("components", ()),
        targets=names.get("targets", ()),
        problem="options beside a path" if "path" in words and options else None,
    )
