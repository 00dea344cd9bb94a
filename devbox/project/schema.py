"""Typed access to a table of devbox.toml: each mistake becomes one ConfigError with its place and the expectation.

Knows how to ask, not what to ask for: the keys are in the modules named `*_table`. Values of variables never appear in
a message; other short strings do, so that the reader sees what was read.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from devbox.core.errors import ConfigError
from devbox.core.facts import Origin
from devbox.core.project import Pairs
from devbox.project import notation
from devbox.project.toml_source import Node

T = TypeVar("T")
Parse = Callable[[str], T]
"""From text to a value; ValueError says what was expected."""

_SHOWN = 60
_BARE = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)


def mistake(node: Node, summary: str, *, hint: str | None = None) -> ConfigError:
    """The error for something wrong at `node`."""
    return located(node.origin, summary, hint=hint)


def located(origin: Origin | None, summary: str, *, hint: str | None = None) -> ConfigError:
    """The error for something wrong at `origin`."""
    place = origin or Origin("devbox.toml")
    return ConfigError(summary, path=place.path, line=place.line, column=place.column, hint=hint)


def shown(text: str) -> str:
    """A string of the file as a message quotes it: on one line, clipped."""
    return json.dumps(text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…", ensure_ascii=False)


def bare(text: str) -> str:
    """A path or a name of the file as a message says it: like `shown`, without the quotes."""
    return shown(text)[1:-1]


def dotted(name: str, key: str) -> str:
    """A key's path as TOML writes it: `box.env`, `sidecars."odd name"`."""
    part = key if _BARE.fullmatch(key) else shown(key)
    return f"{name}.{part}" if name else part


def kind(node: Node) -> str:
    """What a value is, in TOML's words."""
    for type_, words in (
        (bool, "a boolean"), (str, "a string"), (int, "an integer"), (float, "a float"), (dict, "a table"),
        (tuple, "an array"),
    ):
        if isinstance(node.value, type_):
            return words
    return "a date or time"


def wrong_type(node: Node, name: str, expected: str, *, hint: str | None = None) -> ConfigError:
    """The error for a value of another type than expected."""
    return mistake(node, f"`{name}` is {kind(node)}; expected {expected}", hint=hint)


def parsed(node: Node, name: str, parse: Parse[T], *, expected: str = "a string", quote: bool = True) -> T:
    """A string's value through `parse`; `quote=False` keeps what may be a secret out of the message."""
    if not isinstance(node.value, str):
        number = quote and isinstance(node.value, int | float) and not isinstance(node.value, bool)
        raise wrong_type(node, name, expected, hint=f'write it in quotes: `"{node.value}"`' if number else None)
    try:
        return parse(node.value)
    except ValueError as error:
        what = f"`{name}` is {shown(node.value)}" if quote else f"`{name}` is not usable"
        raise mistake(node, f"{what}; {error}") from None


class Table:
    """One table being read. `name` is its dotted path, empty for the document."""

    def __init__(self, node: Node, name: str = "") -> None:
        if node.table is None:
            raise wrong_type(node, name, "a table")
        self.node = node
        self.name = name
        self.items: dict[str, Node] = node.table

    @property
    def origin(self) -> Origin:
        """Where it starts."""
        return self.node.origin

    @property
    def origins(self) -> tuple[tuple[str, Origin], ...]:
        """Where each of its keys was written."""
        return tuple((key, node.origin) for key, node in self.items.items())

    def path(self, key: str) -> str:
        """A key's dotted path."""
        return dotted(self.name, key)

    def get(self, key: str) -> Node | None:
        """The value of a key, if written."""
        return self.items.get(key)

    def only(self, known: Sequence[str], *, elsewhere: Callable[[str], str | None] = lambda key: None) -> None:
        """Refuse the first key that is not in `known`; `elsewhere` may tell where a key belongs."""
        for key, node in self.items.items():
            if key not in known:
                # Deferred: difflib costs 4 ms, and only a mistake needs it.
                from difflib import get_close_matches

                nearest = get_close_matches(key, known, 1, 0.0)
                words = f"; the nearest known key is `{self.path(nearest[0])}`" if nearest else ""
                place = f"`[{self.name}]`" if self.name else "the top level"
                hint = elsewhere(key) or f"{place} knows " + ", ".join(f"`{name}`" for name in known)
                raise mistake(node, f"unknown key `{self.path(key)}`{words}", hint=hint)

    def need(self, key: str) -> Node:
        """The value of a key that must be written."""
        node = self.items.get(key)
        if node is None:
            raise mistake(self.node, f"`[{self.name}]` has no `{key}`; expected one")
        return node

    def parsed(self, key: str, parse: Parse[T], *, quote: bool = True) -> T | None:
        """A string through `parse`, or None where the key is not written."""
        node = self.items.get(key)
        return None if node is None else parsed(node, self.path(key), parse, quote=quote)

    def text(self, key: str) -> str | None:
        """A string that is not empty."""
        return self.parsed(key, notation.plain)

    def flag(self, key: str, default: bool = False) -> bool:
        """A boolean."""
        node = self.items.get(key)
        if node is None:
            return default
        if not isinstance(node.value, bool):
            raise wrong_type(node, self.path(key), "true or false")
        return node.value

    def integer(self, key: str, lowest: int) -> int | None:
        """A whole number of at least `lowest`."""
        node = self.items.get(key)
        if node is None:
            return None
        if isinstance(node.value, bool) or not isinstance(node.value, int):
            raise wrong_type(node, self.path(key), "an integer")
        if not lowest <= node.value < 1 << 31:
            raise mistake(node, f"`{self.path(key)}` is out of range; expected an integer from {lowest} up")
        return node.value

    def choice(self, key: str, options: Sequence[str]) -> str | None:
        """One of a few words."""

        def pick(text: str) -> str:
            if text not in options:
                raise ValueError("expected one of " + ", ".join(options))
            return text

        return self.parsed(key, pick)

    def entries(self, key: str) -> Iterator[tuple[Node, str]]:
        """The items of an array with their dotted paths; nothing where the key is not written."""
        node = self.items.get(key)
        if node is None:
            return
        if node.array is None:
            raise wrong_type(node, self.path(key), "an array", hint="put it in brackets")
        for index, item in enumerate(node.array):
            yield item, f"{self.path(key)}[{index}]"

    def texts(self, key: str, parse: Parse[T]) -> tuple[T, ...]:
        """An array of strings, each through `parse`."""
        return tuple(parsed(item, path, parse) for item, path in self.entries(key))

    def table(self, key: str) -> Table | None:
        """A table below this one, if written."""
        node = self.items.get(key)
        return None if node is None else Table(node, self.path(key))

    def tables(self, key: str) -> Iterator[tuple[str, Table]]:
        """The tables `[key.NAME]` with their names, which must be names."""
        parent = self.table(key)
        for name, node in (parent.items if parent else {}).items():
            try:
                notation.name(name)
            except ValueError as error:
                raise mistake(node, f"`{dotted(self.path(key), name)}` is not a possible name; {error}") from None
            yield name, Table(node, dotted(self.path(key), name))

    def rows(self, key: str) -> Iterator[Table]:
        """The tables of `[[key]]`."""
        for item, path in self.entries(key):
            yield Table(item, path)

    def variables(self, key: str) -> Pairs:
        """A table of variables: names checked, values strings of one line that no message shows."""
        table = self.table(key)
        pairs = []
        for name, node in (table.items if table else {}).items():
            try:
                notation.env_name(name)
            except ValueError as error:
                raise mistake(node, f"`{dotted(self.path(key), name)}` is not a possible name; {error}") from None
            pairs.append((name, parsed(node, dotted(self.path(key), name), notation.env_value, quote=False)))
        return tuple(pairs)
