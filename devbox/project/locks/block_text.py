"""Indented lock files (pnpm's, yarn's of both generations) as nested mappings of strings.

These tools write a small, regular part of YAML, yarn 1 a dialect of its own without colons. That part is read here line
by line, because a YAML parser needs a second for a lock of 1500 packages. Anything else is an `UnusualLine`.
"""

from __future__ import annotations

import json
import re
from typing import Any

from devbox.project.json_positions import NESTING_LIMIT

Block = dict[str, Any]
"""Keys to strings, further blocks, or tuples of strings."""

_QUOTED = r"\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\n]|'')*'"
_PLAIN_KEY = r"[^\s\"'#?&*!|>%@`{}\[\],:-](?:[^\n:#]|:(?![ \n])|(?<! )#)*"
_LINE = re.compile(
    rf"(?P<indent> *)(?:(?P<item>- (?P<text>[^\n]+))|(?:\? (?P<long>{_QUOTED}|{_PLAIN_KEY})\n(?P=indent))?"
    rf"(?P<key>{_QUOTED}|{_PLAIN_KEY})?:(?: (?P<value>[^\n]+))?|(?P<blank>(?:#[^\n]*)?)) *\n"
)
_V1_LINE = re.compile(
    rf"(?P<indent> *)(?:(?P<keys>(?:{_QUOTED}|[^\s\"#:,][^\s\"#,]*)(?:, (?:{_QUOTED}|[^\s\"#,]+))*):"
    rf"|(?P<key>{_QUOTED}|[^\s\"#:]+) (?P<value>{_QUOTED}|[^\s\"#]+)|(?P<blank>(?:#[^\n]*)?)) *\n"
)
_FLOW = re.compile(rf"\s*(?:({_QUOTED})|([^\s\"'{{}}\[\],:&*!|>%@`#](?:[^,{{}}\[\]\n:]|:(?! ))*)|([\[\]{{}},:]))\s*")


class UnusualLine(Exception):
    """Not what the tool writes; `line` is 1-based."""

    def __init__(self, line: int) -> None:
        super().__init__(line)
        self.line = line


def read_blocks(text: str) -> Block:
    """The document of pnpm or yarn 2 and later; raises UnusualLine."""
    return _Reader(text).blocks()


def read_yarn1(text: str) -> Block:
    """The document of yarn 1, each key of an entry's line by itself; raises UnusualLine."""
    return _Reader(text).yarn1()


class _Reader:
    """One pass; a stack of open blocks, each with its indentation."""

    def __init__(self, text: str) -> None:
        self.text = text if text.endswith("\n") else f"{text}\n"
        self.at = 0
        self.root: Block = {}
        self.open: list[tuple[int, Block]] = [(0, self.root)]
        self.waiting: tuple[int, Block, str] | None = None
        """The last key that had no value yet: its indentation, its block, itself."""

    def blocks(self) -> Block:
        match = re.compile(r"---\n").match(self.text)
        self.at = match.end() if match else 0
        for line in self._lines(_LINE):
            indent = len(line["indent"])
            if line["item"] is not None:
                self._item(indent, line["text"])
                continue
            key = line["long"] if line["long"] is not None else line["key"]
            if key is None or (line["long"] is not None and line["key"] is not None):
                raise self._unusual()
            self._put(indent, _unquote(key), line["value"])
        return self._closed()

    def yarn1(self) -> Block:
        for line in self._lines(_V1_LINE):
            indent = len(line["indent"])
            if line["keys"] is not None:
                names = [_unquote(name) for name in re.findall(rf"{_QUOTED}|[^\s,]+", line["keys"])]
                block = self._block(indent)
                if any(name in block for name in names):
                    raise self._unusual()
                entry: Block = {}
                block.update(dict.fromkeys(names, entry))
                self.open.append((indent + 2, entry))
            else:
                block = self._block(indent)
                if indent == 0 or line["key"] in block:
                    raise self._unusual()
                block[_unquote(line["key"])] = _unquote(line["value"])
        return self.root

    def _lines(self, pattern: re.Pattern[str]) -> Any:
        while self.at < len(self.text):
            match = pattern.match(self.text, self.at)
            if match is None or match.end() == self.at:
                raise self._unusual()
            if match["blank"] is None:
                yield match
            self.at = max(self.at, match.end())

    def _block(self, indent: int) -> Block:
        """The open block at this indentation; deeper ones are done."""
        self._settle_waiting(indent)
        while len(self.open) > 1 and self.open[-1][0] > indent:
            self.open.pop()
        if self.open[-1][0] != indent:
            raise self._unusual()
        return self.open[-1][1]

    def _settle_waiting(self, indent: int) -> None:
        if self.waiting is None:
            return
        above, block, key = self.waiting
        self.waiting = None
        if indent > above:
            if block[key] != "":  # a list's items, then a key below them
                raise self._unusual()
            inner: Block = {}
            block[key] = inner
            self.open.append((indent, inner))
            if len(self.open) > NESTING_LIMIT:
                raise self._unusual()

    def _put(self, indent: int, key: str, value: str | None) -> None:
        block = self._block(indent)
        if key in block:
            raise self._unusual()
        if value is None:
            block[key] = ""
            self.waiting = (indent, block, key)
        elif _BLOCK.fullmatch(value):
            block[key] = ""
            self._skip_deeper(indent)
        else:
            try:
                block[key] = _value(value)
            except ValueError:
                raise self._unusual() from None

    def _item(self, indent: int, text: str) -> None:
        if self.waiting is None or indent < self.waiting[0]:
            raise self._unusual()
        _, block, key = self.waiting
        try:
            block[key] = (*(block[key] or ()), _value(text))
        except ValueError:
            raise self._unusual() from None

    def _skip_deeper(self, indent: int) -> None:
        """Past a block scalar: every line that is empty or indented deeper."""
        line_end = self.text.index("\n", self.at) + 1
        deeper = re.compile(rf"(?: {{{indent + 1},}}[^\n]*\n|[ ]*\n)*")
        match = deeper.match(self.text, line_end)
        self.at = match.end() if match else line_end

    def _closed(self) -> Block:
        self._settle_waiting(0)
        return self.root

    def _unusual(self) -> UnusualLine:
        return UnusualLine(self.text.count("\n", 0, self.at) + 1)


def _unquote(text: str) -> str:
    if text.startswith('"'):
        try:
            return str(json.loads(text)) if "\\" in text else text[1:-1]
        except ValueError:
            return text[1:-1]
    return text[1:-1].replace("''", "'") if text.startswith("'") else text.strip()


_INTEGRITY = re.compile(r"\{integrity: ([A-Za-z0-9][A-Za-z0-9+/=.-]+)\}")
_BLOCK = re.compile(r"[|>][+-]?[1-9]?[+-]? *")
_NO_PLAIN = re.compile(r"^[,\]}?#&*!|>%@`]|^-(?: |$)|: | #|:$")
"""Where an unquoted scalar would be something else."""
_WHOLE = re.compile(rf"(?:{_QUOTED})")


def _value(text: str) -> Any:
    """A scalar as its text, a flow collection as a tuple or block; ValueError where it is neither."""
    text = text.strip()
    if text[0] in "'\"":
        if not _WHOLE.fullmatch(text):
            raise ValueError
        return _unquote(text)
    if text[0] not in "[{":
        if _NO_PLAIN.search(text):
            raise ValueError
        return text
    if integrity := _INTEGRITY.fullmatch(text):  # by far the most frequent one
        return {"integrity": integrity[1]}
    tokens, at = [], 0
    while at < len(text):
        match = _FLOW.match(text, at)
        if match is None or match.lastindex is None:
            raise ValueError
        tokens.append((match.lastindex == 3, _unquote(match[match.lastindex])))
        at = match.end()
    value, used = _flow(tokens, 0, 0)
    if used != len(tokens):
        raise ValueError
    return value


def _flow(tokens: list[tuple[bool, str]], at: int, depth: int) -> tuple[Any, int]:
    """A flow collection or scalar at token `at`, and where it ends."""
    if at >= len(tokens) or depth > 8:
        raise ValueError
    mark, text = tokens[at]
    if not mark:
        return text, at + 1
    if text not in "[{":
        raise ValueError
    items: list[Any] = []
    block: Block = {}
    closing = "]" if text == "[" else "}"
    at += 1
    while tokens[at : at + 1] != [(True, closing)]:
        value, at = _flow(tokens, at, depth + 1)
        if closing == "}":
            if tokens[at : at + 1] != [(True, ":")] or not isinstance(value, str) or value in block:
                raise ValueError
            block[value], at = _flow(tokens, at + 1, depth + 1)
        else:
            items.append(value)
        if tokens[at : at + 1] == [(True, ",")]:
            at += 1
        elif tokens[at : at + 1] != [(True, closing)]:
            raise ValueError
    return (tuple(items) if closing == "]" else block), at + 1
