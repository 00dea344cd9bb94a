"""From the bytes of a YAML file to values that remember where they were written, and how.

PyYAML only splits the text into events, which cannot run or build anything; what they mean is decided here by YAML
1.2's core types. Bounded while it reads (security.md 3.3): levels, nodes, what aliases expand to. Tags, duplicate keys,
several documents and keys that are collections are errors. Every mistake is one ConfigError with its place and never
quotes the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Protocol

from devbox.core.errors import ConfigError
from devbox.core.facts import Origin
from devbox.core.frozen import dataclass
from devbox.project.toml_source import decode_utf8

NESTING_LIMIT = 64
NODE_LIMIT = 50_000
"""Keys, values and items of one file."""
EXPANDED_LIMIT = 10_000
"""Nodes that aliases and merge keys may add."""

_NULL = re.compile(r"(?:null|Null|NULL|~|)")
_BOOL = re.compile(r"(?:true|True|TRUE|false|False|FALSE)")
_INT = re.compile(r"[-+]?[0-9]{1,400}|0o[0-7]{1,400}|0x[0-9a-fA-F]{1,400}", re.ASCII)
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]{1,400}|[0-9]{1,400}(?:\.[0-9]{0,400})?)(?:[eE][-+]?[0-9]{1,4})?", re.ASCII)
_SPECIAL = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_MERGE = "<<"

Scalar = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Node:
    """A YAML value and where it was written."""

    value: Scalar | dict[str, Node] | tuple[Node, ...]
    origin: Origin
    text: str = ""
    """A scalar as it was written, without its quotes: `3.10` where the value is the number 3.1."""
    quoted: bool = False
    """Whether it had quotes or was a block, so that it is a string whatever it looks like."""
    size: int = 1
    """Nodes in it, aliases expanded."""

    @property
    def table(self) -> dict[str, Node]:
        """Its keys; none where it is no mapping."""
        return self.value if isinstance(self.value, dict) else {}

    @property
    def items(self) -> tuple[Node, ...]:
        """Its items; none where it is no sequence."""
        return self.value if isinstance(self.value, tuple) else ()

    def get(self, *path: str) -> Node | None:
        """The value below these keys."""
        node: Node | None = self
        for key in path:
            node = node.table.get(key) if node else None
        return node

    @property
    def words(self) -> str | None:
        """A scalar turned into a string as programs do it: `3.10` is `3.1`, nothing is empty; None for a collection."""
        if isinstance(self.value, (dict, tuple)):
            return None
        if self.value is None:
            return ""
        if isinstance(self.value, bool):
            return str(self.value).lower()
        return f"{self.value:.15g}" if isinstance(self.value, float) else str(self.value)


class _Event(Protocol):
    """What PyYAML's parser yields; only these parts are used."""

    start_mark: Any


@dataclass(slots=True)
class _Open:
    """A collection whose end has not come."""

    kind: str
    origin: Origin
    anchor: str | None
    key: Node | None = None
    pairs: list[tuple[Node, Node]] | None = None
    items: list[Node] | None = None

    def add(self, node: Node) -> None:
        if self.items is not None:
            self.items.append(node)
        elif self.key is None:
            self.key = node
        elif self.pairs is not None:
            self.pairs.append((self.key, node))
            self.key = None


def parse_yaml(data: bytes, path: str) -> Node:
    """The document's root; an empty file is a null. Raises ConfigError for everything else that is no one document."""
    return _Reader(path).read(decode_utf8(data, path))


class _Reader:
    """One pass over the events, without recursion."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.open: list[_Open] = []
        self.anchors: dict[str, Node] = {}
        self.root: Node | None = None
        self.nodes = 0
        self.expanded = 0
        self.documents = 0

    def read(self, text: str) -> Node:
        for event in self._events(text):
            name = type(event).__name__
            if name == "DocumentStartEvent":
                self.documents += 1
                if self.documents > 1:
                    raise self._error("a second document; expected one", event)
            elif name in ("MappingStartEvent", "SequenceStartEvent"):
                self._start(event, name)
            elif name in ("MappingEndEvent", "SequenceEndEvent"):
                self._place(*self._end())
            elif name == "ScalarEvent":
                self._count(event)
                node, anchor = self._scalar(event)
                self._place(node, anchor)
            elif name == "AliasEvent":
                self._place(self._alias(event), None)
        return self.root or Node(None, Origin(self.path, 1, 1))

    def _events(self, text: str) -> Iterator[_Event]:
        # Deferred: yaml costs 15 ms, and many projects have no file of this kind.
        import yaml

        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        try:
            yield from yaml.parse(text, Loader=loader)
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
            line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
            raise ConfigError(
                "not valid YAML; expected a mapping of keys to values", path=self.path, line=line, column=column
            ) from None
        except (ValueError, RecursionError, OverflowError):  # a lone surrogate, a number of an escape out of range
            raise ConfigError("not valid YAML; expected text", path=self.path, line=1, column=1) from None

    def _start(self, event: Any, name: str) -> None:
        self._count(event)
        if len(self.open) >= NESTING_LIMIT:
            raise self._error(f"nested too deeply; expected at most {NESTING_LIMIT} levels", event)
        opened = _Open(name, self._origin(event), event.anchor)
        if name == "MappingStartEvent":
            opened.pairs = []
        else:
            opened.items = []
        self.open.append(opened)

    def _end(self) -> tuple[Node, str | None]:
        closed = self.open.pop()
        if closed.items is not None:
            size = 1 + sum(item.size for item in closed.items)
            return Node(tuple(closed.items), closed.origin, size=size), closed.anchor
        table = self._table(closed.pairs or [])
        return Node(table, closed.origin, size=1 + sum(node.size for node in table.values())), closed.anchor

    def _table(self, pairs: list[tuple[Node, Node]]) -> dict[str, Node]:
        table: dict[str, Node] = {}
        merged: dict[str, Node] = {}
        for key, value in pairs:
            if key.text == _MERGE and not key.quoted:
                for source in value.items or (value,):
                    self._grow(source.size, key.origin)
                    merged = {**source.table, **merged}
                continue
            if isinstance(key.value, (dict, tuple)):
                raise self._at("a key that is a collection; expected a word", key.origin)
            if key.text in table:
                raise self._at("a key is there twice", key.origin)
            table[key.text] = value
        return {**merged, **table}

    def _place(self, node: Node, anchor: str | None) -> None:
        if anchor:
            self.anchors[anchor] = node
        if self.open:
            self.open[-1].add(node)
        else:
            self.root = node

    def _alias(self, event: Any) -> Node:
        node = self.anchors.get(event.anchor)
        if node is None:  # PyYAML refuses an unknown one only when it builds, and one inside itself is not finished
            raise self._error("an alias of something that is not written before it", event)
        self._grow(node.size, self._origin(event))
        return node

    def _scalar(self, event: Any) -> tuple[Node, str | None]:
        self._no_tag(event)
        quoted = bool(event.style)  # plain: None in Python, empty in C
        value = event.value if quoted else _plain(event.value)
        return Node(value, self._origin(event), event.value, quoted), event.anchor

    def _count(self, event: Any) -> None:
        self._no_tag(event)
        self.nodes += 1
        if self.nodes > NODE_LIMIT:
            raise self._error(f"too many values; expected at most {NODE_LIMIT}", event)

    def _grow(self, size: int, origin: Origin) -> None:
        self.expanded += size
        if self.expanded > EXPANDED_LIMIT:
            raise self._at(f"aliases expand to too much; expected at most {EXPANDED_LIMIT} values", origin)

    def _no_tag(self, event: Any) -> None:
        if event.tag is not None:
            raise self._error("a tag; expected plain values", event)

    def _origin(self, event: Any) -> Origin:
        return Origin(self.path, event.start_mark.line + 1, event.start_mark.column + 1)

    def _error(self, summary: str, event: Any) -> ConfigError:
        return self._at(summary, self._origin(event))

    def _at(self, summary: str, origin: Origin) -> ConfigError:
        return ConfigError(summary, path=self.path, line=origin.line, column=origin.column)


def _plain(text: str) -> Scalar:
    """A plain scalar by YAML 1.2's core schema: `yes` is a word, `3.10` a number, `0777` decimal."""
    if _NULL.fullmatch(text):
        return None
    if _BOOL.fullmatch(text):
        return text.lower() == "true"
    if _INT.fullmatch(text):
        base = {"0o": 8, "0x": 16}.get(text[:2], 10)
        return int(text[2:] if base != 10 else text, base)
    if _SPECIAL.fullmatch(text) or _FLOAT.fullmatch(text):
        return float(text.replace(".inf", "inf").replace(".nan", "nan").replace(".Inf", "inf").replace(".NaN", "nan")
                     .replace(".INF", "inf").replace(".NAN", "nan"))
    return text
