"""Words and variables as BuildKit's Dockerfile frontend reads them (its `shell` package; spec/toolchains.md 13).

Quotes, escapes, `$X`, `${X}` and its modifiers; nothing is run and no process environment is looked at. Bounded in
nesting by `DEPTH_LIMIT`, in results by `LENGTH_LIMIT` (security.md 3.3).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from devbox.core.frozen import dataclass

DEPTH_LIMIT = 64
LENGTH_LIMIT = 64 * 1024
"""Characters that an expansion may add to its text."""
_PATTERN_LIMIT = 64
"""Characters of a pattern in `${X#pattern}`: enough for versions, too few to be slow."""
_STEP_LIMIT = 10**7
"""Steps that a pattern with several stars may take on a value."""
_SPECIAL = frozenset("@*#?-$!0")
_MODIFIERS = frozenset("+-?#%")


@dataclass(frozen=True, slots=True)
class Reading:
    """What stays as written, in BuildKit's words."""

    raw_quotes: bool = False
    raw_escapes: bool = False
    skip_unset: bool = False
    """Variables without a value stay."""
    no_quotes: bool = False
    """Quotes are ordinary characters, as in a heredoc."""


_PLAIN = Reading()
_RAW = Reading(raw_quotes=True, raw_escapes=True, skip_unset=True)
SHELL_TEXT = Reading(raw_quotes=True, skip_unset=True)
"""How a RUN is shown: the shell will see its quotes and the variables that BuildKit does not know."""
DOCUMENT = Reading(no_quotes=True)
"""How the content of a COPY heredoc is read."""


def expand(word: str, variables: Mapping[str, str], escape: str = "\\", reading: Reading = _PLAIN) -> str:
    """`word` with quotes removed and variables replaced; unset ones are empty.

    ValueError with BuildKit's reason for what it refuses: an open quote, a bad substitution, `${X:?}` unset.
    """
    if _is_plain(word, escape):
        return word
    result, _ = _Lexer(word, variables, escape, reading).read(None, reading.raw_escapes)
    return result


def unset_variables(word: str, variables: Mapping[str, str], escape: str = "\\") -> tuple[str, ...]:
    """The names without a value that `word` uses, in order; ValueError as `expand`."""
    if _is_plain(word, escape):
        return ()
    lexer = _Lexer(word, variables, escape, _PLAIN)
    lexer.read(None, False)
    return tuple(dict.fromkeys(lexer.unset))


def _is_plain(word: str, escape: str) -> bool:
    """Whether there is nothing to read: most words."""
    return not ("$" in word or "'" in word or '"' in word or escape in word)


def raw_words(line: str, escape: str = "\\") -> list[str]:
    """The words of a line with quotes, escapes and variables left in them; ValueError for an open quote."""
    _, words = _Lexer(line, {}, escape, _RAW).read(None, True)
    return words


class _Lexer:
    """Reads characters from `text`."""

    def __init__(self, text: str, variables: Mapping[str, str], escape: str, reading: Reading) -> None:
        self.text = text
        self.at = 0
        self.depth = 0
        self.variables = variables
        self.escape = escape
        self.reading = reading
        self.limit = LENGTH_LIMIT + len(text)
        self.unset: list[str] = []

    def peek(self) -> str:
        return self.text[self.at : self.at + 1]

    def take(self) -> str:
        character = self.peek()
        self.at += 1
        return character

    def read(self, stop: str | None, raw_escapes: bool) -> tuple[str, list[str]]:
        """Up to `stop` (None: the end): the text as one, and split at spaces outside quotes."""
        self.depth += 1
        if self.depth > DEPTH_LIMIT:
            raise ValueError("substitutions nested too deeply")
        result: list[str] = []
        length = 0
        words = _Words()
        readers: dict[str, Callable[[], str]] = {"$": self._dollar}
        if not self.reading.no_quotes:
            readers |= {"'": self._single, '"': lambda: self._double(raw_escapes)}
        while character := self.peek():
            if character == stop:
                self.at += 1
                break
            if character in readers:
                piece = readers[character]()
                (words.add if character == "$" else words.keep)(piece)
            else:
                piece = self._plain(words, raw_escapes)
            result.append(piece)
            length += len(piece)
            if length > self.limit:
                raise ValueError("the result is too long")
        else:
            if stop is not None:
                raise ValueError(f"syntax error: missing '{stop}'")
        self.depth -= 1
        return "".join(result), words.all()

    def _plain(self, words: _Words, raw_escapes: bool) -> str:
        character = self.take()
        if character != self.escape:
            words.add(character)
            return character
        escaped = self.take()
        piece = (character if raw_escapes else "") + escaped
        words.keep(piece)
        return piece

    def _single(self) -> str:
        end = self.text.find("'", self.at + 1)
        if end < 0:
            raise ValueError("unexpected end of statement while looking for matching single-quote")
        start, self.at = self.at, end + 1
        return self.text[start : end + 1] if self.reading.raw_quotes else self.text[start + 1 : end]

    def _double(self, raw_escapes: bool) -> str:
        opening = self.take()
        quote = opening if self.reading.raw_quotes else ""
        result = [quote]
        while character := self.peek():
            if character == '"':
                self.at += 1
                return "".join((*result, quote))
            if character == "$":
                result.append(self._dollar())
                continue
            self.at += 1
            if character == self.escape:
                if raw_escapes:
                    result.append(character)
                following = self.peek()
                if not following:
                    continue
                if following in ('"', "$", self.escape):
                    character = self.take()
            result.append(character)
        raise ValueError("unexpected end of statement while looking for matching double-quote")

    def _dollar(self) -> str:
        self.at += 1
        if self.peek() != "{":
            name = self._name()
            value = self._value(name) if name else "$"
            return f"${name}" if value is None else value
        self.at += 1
        if not self.peek():
            raise ValueError("syntax error: missing '}'")
        if self.peek() in "{}:":
            raise ValueError("syntax error: bad substitution")
        return self._modified(self._name())

    def _value(self, name: str) -> str | None:
        """A variable's value; where it has none, nothing, or None if it stays as written."""
        value = self.variables.get(name)
        if value is None:
            self.unset.append(name)
        return "" if value is None and not self.reading.skip_unset else value

    def _modified(self, name: str) -> str:
        """What follows the name in `${name…}`, up to the closing brace."""
        modifier = self.take()
        if modifier == "}":
            value = self._value(name)
            return f"${{{name}}}" if value is None else value
        if modifier == "/":
            return self._replaced(name)
        sign, empty_is_unset = modifier, modifier == ":"
        if empty_is_unset:
            modifier = self.take()
            sign += modifier
        if not modifier or modifier not in _MODIFIERS:
            raise ValueError("unsupported modifier in substitution")
        word, _ = self.read("}", modifier in "#%")
        value = self.variables.get(name)
        if value is None and self.reading.skip_unset:
            return f"${{{name}{sign}{word}}}"
        missing = value is None or (empty_is_unset and not value)
        if modifier == "+":
            return "" if missing else word
        if modifier == "-":
            return word if missing else value or ""
        if modifier == "?":
            if missing:
                raise ValueError(f"{name} is not set")
            return value or ""
        return _trimmed(value or "", word, modifier)

    def _replaced(self, name: str) -> str:
        every = self.peek() == "/"
        self.at += every
        pattern, _ = self.read("/", True)
        replacement, _ = self.read("}", True)
        value = self.variables.get(name)
        if value is None and self.reading.skip_unset:
            return f"${{{name}/{pattern}/{replacement}}}"
        _refuse_slow(pattern, value or "", 1)
        return _regex(pattern, greedy=True).sub(lambda _: replacement, value or "", count=0 if every else 1)

    def _name(self) -> str:
        start = self.at
        if self.peek().isdigit():
            while self.peek().isdigit():
                self.at += 1
        elif self.peek() and self.peek() in _SPECIAL:
            self.at += 1
        else:
            while (character := self.peek()) and (character.isalnum() or character == "_"):
                self.at += 1
        return self.text[start : self.at]


class _Words:
    """Collects words: `add` splits at spaces, `keep` does not."""

    def __init__(self) -> None:
        self.words: list[str] = []
        self.current: list[str] = []

    def add(self, text: str) -> None:
        for character in text:
            if not character.isspace():
                self.current.append(character)
            elif self.current:
                self.words.append("".join(self.current))
                self.current = []

    def keep(self, text: str) -> None:
        if text:
            self.current.append(text)

    def all(self) -> list[str]:
        return [*self.words, "".join(self.current)] if self.current else self.words


def _trimmed(value: str, word: str, modifier: str) -> str:
    """`${X#word}` and `${X%word}`, doubled for the longest match."""
    greedy = word.startswith(modifier)
    pattern = word[1:] if greedy else word
    _refuse_slow(pattern, value, modifier == "%")
    if modifier == "#":
        match = _regex(pattern, greedy).match(value)
        return value[match.end() :] if match else value
    starts = range(len(value) + 1) if greedy else range(len(value), -1, -1)
    whole = _regex(pattern, greedy=True)
    return next((value[:start] for start in starts if whole.fullmatch(value, start)), value)


def _refuse_slow(pattern: str, value: str, more: int) -> None:
    """Each star may try every place of the value; `more` is what else does."""
    if max(len(value), 1) ** (pattern.count("*") + more) > _STEP_LIMIT:
        raise ValueError("the value is too long for a pattern with so many stars")


def _regex(pattern: str, greedy: bool) -> re.Pattern[str]:
    if len(pattern) > _PATTERN_LIMIT or pattern.count("*") > 4:
        raise ValueError("pattern in substitution is too long")
    parts, escaped = [], False
    for character in pattern:
        if escaped or character not in "*?\\":
            parts.append(re.escape(character))
            escaped = False
        elif character == "\\":
            escaped = True
        else:
            parts.append("." if character == "?" else ".*" if greedy else ".*?")
    return re.compile("".join(parts), re.DOTALL)
