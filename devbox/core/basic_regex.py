"""Basic regular expressions as `grep -e` reads them, matched in linear time.

Only what can be matched without looking back: characters, `.`, `[…]`, `*`, `\\+`, `\\?`, `^` and `$`. Patterns come
from the project, names from the machine; a pattern with groups, bounds or back references is not taken.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from devbox.core.frozen import dataclass

_LENGTH_LIMIT = 256
_CLASSES: dict[str, Callable[[str], bool]] = {
    "digit": lambda letter: "0" <= letter <= "9",
    "alpha": str.isalpha,
    "alnum": str.isalnum,
    "lower": str.islower,
    "upper": str.isupper,
    "space": str.isspace,
    "blank": lambda letter: letter in " \t",
    "punct": lambda letter: letter.isascii() and letter.isprintable() and not letter.isalnum() and letter != " ",
}
_ESCAPES: dict[str, Callable[[str], bool]] = {
    "w": lambda letter: letter.isalnum() or letter == "_",
    "W": lambda letter: not (letter.isalnum() or letter == "_"),
    "s": str.isspace,
    "S": lambda letter: not letter.isspace(),
}


@dataclass(frozen=True, slots=True)
class _Item:
    """One character to match, and how often: `repeat` any number of times, `optional` also not at all."""

    matches: Callable[[str], bool]
    repeat: bool = False
    optional: bool = False


@dataclass(frozen=True, slots=True)
class BasicRegex:
    """A pattern that was taken."""

    items: tuple[_Item, ...]
    at_start: bool
    at_end: bool

    def search(self, text: str) -> bool:
        """Whether the pattern is found in the text."""
        states = self._closed({0})
        for letter in text:
            if len(self.items) in states and not self.at_end:
                return True
            following = set() if self.at_start else {0}
            for state in states:
                if state < len(self.items) and self.items[state].matches(letter):
                    following.add(state + 1)
                    if self.items[state].repeat:
                        following.add(state)
            states = self._closed(following)
        return len(self.items) in states

    def _closed(self, states: set[int]) -> set[int]:
        """With every state that is reached by leaving out what is optional."""
        closed = set(states)
        for state in sorted(states):
            while state < len(self.items) and self.items[state].optional:
                state += 1
                closed.add(state)
        return closed


def compile_basic(pattern: str) -> BasicRegex | None:
    """The pattern; None where it is malformed, too long or more than this module takes."""
    if len(pattern) > _LENGTH_LIMIT or "\n" in pattern:
        return None
    at_start = pattern.startswith("^")
    body = pattern[1:] if at_start else pattern
    at_end = body.endswith("$") and not _is_escaped(body)
    body = body[:-1] if at_end else body
    try:
        return BasicRegex(tuple(_items(body)), at_start, at_end)
    except ValueError:
        return None


def _is_escaped(body: str) -> bool:
    """Whether the last character has an odd number of backslashes before it."""
    before = body[:-1]
    return (len(before) - len(before.rstrip("\\"))) % 2 == 1


def _items(body: str) -> Iterator[_Item]:
    position = 0
    while position < len(body):
        matches, position = _atom(body, position)
        repeat = optional = False
        while (quantifier := _quantifier(body, position)) is not None:
            repeat = repeat or quantifier in ("*", "\\+")
            optional = optional or quantifier in ("*", "\\?")
            position += len(quantifier)
        # `x+` is one x and then any number of them, so that leaving out and repeating stay apart.
        if repeat and not optional:
            yield _Item(matches)
        yield _Item(matches, repeat, repeat or optional)


def _quantifier(body: str, position: int) -> str | None:
    return next((mark for mark in ("*", "\\+", "\\?") if body.startswith(mark, position)), None)


def _atom(body: str, position: int) -> tuple[Callable[[str], bool], int]:
    letter = body[position]
    if letter == ".":
        return (lambda _: True), position + 1
    if letter == "[":
        return _bracket(body, position + 1)
    if letter != "\\":
        return _only(letter), position + 1
    escaped = body[position + 1 : position + 2]
    if escaped in _ESCAPES:
        return _ESCAPES[escaped], position + 2
    if not escaped or escaped.isalnum() or escaped in "(){}|<>`'+?":
        raise ValueError(escaped)
    return _only(escaped), position + 2


def _only(letter: str) -> Callable[[str], bool]:
    return lambda other: other == letter


def _bracket(body: str, position: int) -> tuple[Callable[[str], bool], int]:
    negated = body.startswith("^", position)
    position += negated
    tests: list[Callable[[str], bool]] = []
    first = True
    while first or not body.startswith("]", position):
        first = False
        if body.startswith(("[.", "[="), position) or position >= len(body):
            raise ValueError(body)
        if body.startswith("[:", position):
            name, closed, _ = body[position + 2 :].partition(":]")
            if not closed or name not in _CLASSES:
                raise ValueError(name)
            tests.append(_CLASSES[name])
            position += len(name) + 4
            continue
        low = high = body[position]
        position += 1
        if body.startswith("-", position) and position + 1 < len(body) and body[position + 1] != "]":
            high = body[position + 1]
            position += 2
        if high < low:
            raise ValueError(low)
        tests.append(_between(low, high))
    return (lambda letter: any(test(letter) for test in tests) != negated), position + 1


def _between(low: str, high: str) -> Callable[[str], bool]:
    return lambda letter: low <= letter <= high
