"""Machine-written TOML lock files, read fast: tables as uv, poetry and PEP 751 tools write them.

A lock of 1500 packages is megabytes, most of it artefacts (`wheels`, `files`) that nobody here asks for, and tomllib
needs seconds for it. So the shape that the tools write is read line by line, artefacts matched by one pattern and
dropped. Whatever is not exactly of that shape goes to tomllib, which decides (style.md, Imports).
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from devbox.core.errors import ConfigError
from devbox.project.reading import MIB

if TYPE_CHECKING:
    from devbox.project.toml_source import Node

SLOW_LIMIT = 8 * MIB
"""Bytes of a file in an unusual shape that tomllib still gets."""
_NESTING = 8

Table = dict[str, Any]

_SCALAR = r'"(?:[^"\\\n\x00-\x08\x0b-\x1f\x7f]|\\["\\nt])*"|true|false|[0-9][0-9A-Za-z:.+-]*'
_INLINE = r'\{(?:[^"\n]*+"[^"\\\n]*+")++[^"\n}]*+\}?[ ]?\}'
"""An artefact: braces, closed strings, no line break; what it says of itself is not looked at."""
_TEXT = r'"[^"\\\n]*+"'
ARTEFACTS = ("wheels", "files", "sdist", "archive", "hashes", "attestation-identities")
_ARTEFACTS = re.compile(
    rf"({'|'.join(ARTEFACTS)}) = (?:\[\n(?:    (?:{_INLINE}|{_TEXT}),\n)*+\]"
    rf"|\[(?:{_INLINE}(?:, {_INLINE})*+)?\]|{_INLINE})\n"
)
_HEADER = re.compile(r"\[(\[?)([A-Za-z0-9_-]+(?:\.(?:[A-Za-z0-9_-]+|\"[A-Za-z0-9._-]+\"))*)(\]?)\]\n")
_KEY = re.compile(r'(?:([A-Za-z0-9_-]+)|"([A-Za-z0-9._@/-]+)") = ')
_VALUE_END = re.compile(r"[^\n]*\n")
_LIST = re.compile(r"\[\n((?:    [^\n]*,\n)*)\]\n")
_SKIP = re.compile(r"(?:[ \t]*(?:#[^\n\x00-\x08\x0b-\x1f\x7f]*)?\n)+")
_TOKEN = re.compile(rf'({_SCALAR})|([A-Za-z0-9_-]+) ?= ?|([\[\]{{}},])|[ ]+')


class _Unusual(Exception):
    """Not the shape that the tools write; tomllib decides."""


def read_tables(data: bytes, path: str) -> Table:
    """The document; of its packages' artefacts only that there are some (an empty tuple).

    Raises ConfigError with the place for what is not TOML, and for an unusual file too large for tomllib.
    """
    try:
        return _Scanner(data.decode("utf-8").replace("\r\n", "\n")).document()
    except (_Unusual, UnicodeDecodeError):
        pass
    if len(data) > SLOW_LIMIT:
        raise ConfigError(
            f"not in the shape that its tool writes, and larger than {SLOW_LIMIT // MIB} MiB; expected a generated "
            "file", path=path,
        )
    # Deferred: needed for files that no tool wrote.
    from devbox.project.toml_source import parse_toml

    document: Table = plain(parse_toml(data, path))
    return document


def plain(node: Node) -> Any:
    """A located value without its places."""
    if node.table is not None:
        return {key: plain(item) for key, item in node.table.items()}
    if node.array is not None:
        return [plain(item) for item in node.array]
    return node.value


class _Scanner:
    """One pass over the text; `at` is where it stands."""

    def __init__(self, text: str) -> None:
        self.text, self.at = text if text.endswith("\n") else text + "\n", 0
        self.root: Table = {}
        self.defined: set[tuple[int, str]] = set()
        self.values: dict[str, Any] = {}
        """Lines seen before: most dependencies are written many times, always alike."""

    def document(self) -> Table:
        table = self.root
        while self.at < len(self.text):
            if self._match(_SKIP):
                continue
            if header := self._match(_HEADER):
                if bool(header[1]) != bool(header[3]):
                    raise _Unusual
                table = self._open(header[2], bool(header[1]))
            elif artefacts := self._match(_ARTEFACTS):
                if artefacts[1] in table:
                    raise _Unusual
                table[artefacts[1]] = ()
            else:
                self._pair(table)
        return self.root

    def _match(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        match = pattern.match(self.text, self.at)
        if match is not None:
            self.at = match.end()
        return match

    def _open(self, name: str, array: bool) -> Table:
        *parents, last = [part.strip('"') for part in _parts(name)]
        table = self.root
        for part in parents:
            inner = table.setdefault(part, {})
            table = inner[-1] if isinstance(inner, list) and inner else inner
            if not isinstance(table, dict):
                raise _Unusual
        opened: Table = {}
        if array:
            rows = table.setdefault(last, [])
            if not isinstance(rows, list) or (rows and (id(table), last) not in self.defined):
                raise _Unusual
            self.defined.add((id(table), last))
            rows.append(opened)
        elif last in table:
            raise _Unusual
        else:
            table[last] = opened
        return opened

    def _pair(self, table: Table) -> None:
        key = self._match(_KEY)
        if key is None:
            raise _Unusual
        name = key[1] or key[2]
        if name in table:
            raise _Unusual
        if block := self._match(_LIST):
            rows = [self._value(line.strip().removesuffix(",")) for line in block[1].split("\n") if line]
            table[name] = () if name in ARTEFACTS else rows
            return
        end = self._match(_VALUE_END)
        if end is None:
            raise _Unusual
        value = self._value(end[0][:-1])
        table[name] = () if name in ARTEFACTS else value

    def _value(self, text: str) -> Any:
        if text not in self.values:
            self.values[text] = _Value(text).whole()
        return self.values[text]


def _parts(name: str) -> list[str]:
    return re.findall(r'"[^"]*"|[^.]+', name) if '"' in name else name.split(".")


class _Value:
    """One value on one line."""

    def __init__(self, text: str) -> None:
        self.tokens: list[tuple[str, str]] = []
        at = 0
        while at < len(text):
            match = _TOKEN.match(text, at)
            if match is None:
                raise _Unusual
            if match.lastindex is not None:
                self.tokens.append((("", "scalar", "key", "mark")[match.lastindex], match[match.lastindex]))
            at = match.end()
        self.next = 0

    def whole(self) -> Any:
        value = self._any(0)
        if self.next != len(self.tokens):
            raise _Unusual
        return value

    def _take(self) -> tuple[str, str]:
        if self.next >= len(self.tokens):
            raise _Unusual
        self.next += 1
        return self.tokens[self.next - 1]

    def _any(self, depth: int) -> Any:
        kind, text = self._take()
        if kind == "scalar":
            return _scalar(text)
        if kind == "mark" and text in "[{" and depth < _NESTING:
            return self._array(depth) if text == "[" else self._table(depth)
        raise _Unusual

    def _array(self, depth: int) -> list[Any]:
        items: list[Any] = []
        if self._closes("]"):
            return items
        while True:
            items.append(self._any(depth + 1))
            if self._ends("]"):
                return items

    def _table(self, depth: int) -> Table:
        table: Table = {}
        if self._closes("}"):
            return table
        while True:
            kind, key = self._take()
            if kind != "key" or key in table:
                raise _Unusual
            table[key] = self._any(depth + 1)
            if self._ends("}"):
                return table

    def _closes(self, mark: str) -> bool:
        if self.next < len(self.tokens) and self.tokens[self.next] == ("mark", mark):
            self.next += 1
            return True
        return False

    def _ends(self, mark: str) -> bool:
        kind, text = self._take()
        if kind != "mark" or text not in (mark, ","):
            raise _Unusual
        return text == mark


def _scalar(text: str) -> Any:
    if text.startswith('"'):
        return json.loads(text, strict=False) if "\\" in text else text[1:-1]
    if text in ("true", "false"):
        return text == "true"
    if re.fullmatch(r"0|[1-9][0-9]{0,17}", text):
        return int(text)
    raise _Unusual  # dates, floats: only artefacts have them
