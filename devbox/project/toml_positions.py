"""Where each key of a TOML document is written: line and column, which tomllib does not tell.

tomllib decides what a document means; this scanner only walks text that tomllib accepted and remembers places, so it
checks nothing. The property tests compare its key paths with tomllib's for generated documents.
"""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_right
from collections.abc import Mapping

KeyPath = tuple[str | int, ...]
"""Table keys and array indexes from the document's root: `("box", "watch", 0, "path")`."""
Position = tuple[int, int]
"""Line and column in characters, both from 1."""

# Possessive, so that text which is no string costs one pass and not one per way to split it.
BASIC = r'"(?:[^"\\\n]++|\\.)*+"'
LITERAL = r"'[^'\n]*+'"
# Up to two quotes may stand before the closing three: `"""say "hi"""""`.
BASIC_BLOCK = r'"""(?:[^"\\]++|\\[\s\S]|"{1,2}+(?!"))*+"{3,5}'
LITERAL_BLOCK = r"'''(?:[^']++|'{1,2}+(?!'))*+'{3,5}"
_STRING = re.compile("|".join((BASIC_BLOCK, LITERAL_BLOCK, BASIC, LITERAL)))
_KEY = re.compile("|".join((BASIC, LITERAL, r"[^\s.=\]\"']+")))
_BARE_VALUE = re.compile(r"[^,\]}#\n]*")
_BLANK = re.compile(r"(?:[ \t\n]|#[^\n]*)*")
_SPACE = re.compile(r"[ \t]*")


def positions(text: str) -> Mapping[KeyPath, Position]:
    """The place of every key and array item of a document that tomllib accepts.

    A table's place is its header where it has one, else its first mention. `\\r\\n` counts as one line end, as in
    tomllib; nesting must have been bounded before.
    """
    return _Scanner(text.replace("\r\n", "\n")).document()


class _Scanner:
    """One pass over the text; `at` is the next character to read."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.lines = [0, *(match.end() for match in re.finditer("\n", text))]
        self.found: dict[KeyPath, Position] = {}
        self.counts: dict[KeyPath, int] = {}
        """How many elements each array of tables has so far."""

    def document(self) -> dict[KeyPath, Position]:
        table: KeyPath = ()
        while self._skip(_BLANK) < len(self.text):
            if self.text.startswith("[", self.at):
                table = self._header()
            else:
                self._pair(table)
        return self.found

    def _header(self) -> KeyPath:
        start = self.at
        is_array = self.text.startswith("[[", start)
        self.at += 2 if is_array else 1
        keys = self._keys()
        path: KeyPath = ()
        for number, (key, position) in enumerate(keys, 1):
            path = (*path, key)
            if number == len(keys):
                break
            self.found.setdefault(path, position)
            if path in self.counts:
                path = (*path, self.counts[path] - 1)
        last = keys[-1][1]
        if is_array:
            self.found.setdefault(path, last)
            self.counts[path] = self.counts.get(path, 0) + 1
            path = (*path, self.counts[path] - 1)
        self.found[path] = last
        self.at += 2 if is_array else 1
        return path

    def _pair(self, table: KeyPath) -> None:
        path = table
        for key, position in self._keys():
            path = (*path, key)
            self.found.setdefault(path, position)
        self.at += 1  # the equals sign
        self._skip(_SPACE)
        self._value(path)

    def _keys(self) -> list[tuple[str, Position]]:
        """A dotted key, up to what follows it."""
        keys = []
        while True:
            self._skip(_SPACE)
            match = _KEY.match(self.text, self.at)
            assert match is not None, "tomllib accepted a key here"
            keys.append((_decoded(match.group()), self._position(self.at)))
            self.at = match.end()
            self._skip(_SPACE)
            if not self.text.startswith(".", self.at):
                return keys
            self.at += 1

    def _value(self, path: KeyPath) -> None:
        first = self.text[self.at]
        if first == "[":
            self._array(path)
        elif first == "{":
            self._inline_table(path)
        else:
            match = _STRING.match(self.text, self.at) or _BARE_VALUE.match(self.text, self.at)
            assert match is not None, "the bare form matches anything"
            self.at = match.end()

    def _array(self, path: KeyPath) -> None:
        self.at += 1
        index = 0
        while self.text[self._skip(_BLANK)] != "]":
            self.found[(*path, index)] = self._position(self.at)
            self._value((*path, index))
            index += 1
            self._comma()
        self.at += 1

    def _inline_table(self, path: KeyPath) -> None:
        self.at += 1
        while self.text[self._skip(_BLANK)] != "}":
            self._pair(path)
            self._comma()
        self.at += 1

    def _comma(self) -> None:
        if self.text[self._skip(_BLANK)] == ",":
            self.at += 1

    def _skip(self, pattern: re.Pattern[str]) -> int:
        match = pattern.match(self.text, self.at)
        assert match is not None, "these patterns match the empty string"
        self.at = match.end()
        return self.at

    def _position(self, offset: int) -> Position:
        line = bisect_right(self.lines, offset)
        return line, offset - self.lines[line - 1] + 1


def _decoded(key: str) -> str:
    """A key without its quotes and escapes, as tomllib reads it."""
    if key[0] == "'":
        return key[1:-1]
    if key[0] == '"':
        return str(tomllib.loads(f"key = {key}")["key"])
    return key
