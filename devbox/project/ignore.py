"""Which files of a build context .dockerignore leaves out, exactly as the builder sees it (spec/buildkit.md 4.4).

A translation of moby/patternmatcher's `compile` and `MatchesUsingParentResults`. Pure text; reads no file.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence
from dataclasses import dataclass

from devbox.core.errors import ConfigError

_ESCAPED = frozenset(".+()|{}$^")
LINE_LIMIT = 10_000
"""Patterns one file may hold."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """One line: what it matches, and whether it takes back an earlier match."""

    matches: re.Pattern[str]
    again: bool
    """Starts with `!`: matching files are sent again."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the patterns say of one path, and what its children inherit."""

    ignored: bool
    matched: tuple[bool, ...] = ()


@dataclass(frozen=True, slots=True)
class IgnoreRules:
    """All patterns of one ignore file, in order; the last match wins."""

    patterns: tuple[Pattern, ...] = ()

    @property
    def takes_back(self) -> bool:
        """Whether something inside an ignored folder may be sent all the same, so that it must be walked."""
        return any(pattern.again for pattern in self.patterns)

    def judge(self, path: str, above: Verdict) -> Verdict:
        """The verdict on `path` (relative, with `/`), given that on its folder (of the root: `Verdict(False)`)."""
        ignored = False
        matched = [False] * len(self.patterns)
        for number, pattern in enumerate(self.patterns):
            hit = bool(above.matched) and above.matched[number]
            if not hit:
                if pattern.again != ignored:
                    continue
                hit = pattern.matches.fullmatch(path) is not None
            matched[number] = hit
            if hit:
                ignored = not pattern.again
        return Verdict(ignored, tuple(matched))

    def and_always(self, paths: Sequence[str]) -> IgnoreRules:
        """The same rules, which send these paths in any case: a builder can't do without its Dockerfile."""
        extra = tuple(Pattern(re.compile(re.escape(path)), True) for path in paths)
        return IgnoreRules((*self.patterns, *extra))


def parse_ignore(text: str, path: str = ".dockerignore") -> IgnoreRules:
    """The rules of an ignore file. Raises ConfigError with its line for a pattern that can't be read."""
    patterns = []
    for number, line in enumerate(text.removeprefix("\ufeff").split("\n"), start=1):
        if line.startswith("#") or not (word := line.strip()):
            continue
        again = word.startswith("!")
        word = word[1:].strip() if again else word
        if number > LINE_LIMIT or not word:
            what = "`!` stands alone" if not word else f"more than {LINE_LIMIT} lines"
            raise ConfigError(f"{what}", path=path, line=number, hint="write a pattern such as `!keep/this`")
        try:
            patterns.append(Pattern(re.compile(_expression(_cleaned(word)), re.DOTALL), again))
        except (re.error, OverflowError, RecursionError) as error:
            raise ConfigError("this pattern can't be read", detail=str(error), path=path, line=number) from error
    return IgnoreRules(tuple(patterns))


def _cleaned(word: str) -> str:
    """As Go's filepath.Clean, leading slash dropped."""
    return posixpath.normpath(word).lstrip("/") or "."


def _expression(pattern: str) -> str:
    """The regular expression of one pattern."""
    plain = pattern.removeprefix("**")
    if plain != pattern and not any(sign in plain for sign in "*?[]\\"):
        # `**name` means every path that ends so, `**/name` also the name alone.
        return f".*{re.escape(plain)}" + (f"|{re.escape(plain[1:])}" if plain.startswith("/") else "")
    parts: list[str] = []
    position = 0
    while position < len(pattern):
        sign = pattern[position]
        position += 1
        if sign == "*" and pattern.startswith("*", position):
            position += 1
            if pattern.startswith("/", position):
                position += 1
            parts.append(".*" if position == len(pattern) else "(?:.*/)?")
        elif sign == "*":
            parts.append("[^/]*")
        elif sign == "?":
            parts.append("[^/]")
        elif sign == "[":
            end = _class_end(pattern, position)
            parts.append("[" + pattern[position:end].replace("[", "\\[") + "]")
            position = end + 1
        elif sign == "\\" and position < len(pattern):
            parts.append(re.escape(pattern[position]))
            position += 1
        else:
            parts.append(re.escape(sign) if sign in _ESCAPED or not sign.isalnum() else sign)
    return "".join(parts)


def _class_end(pattern: str, start: int) -> int:
    """Where a character class closes; a `]` right at its start is one of its characters."""
    first = start + 1 if pattern.startswith("^", start) else start
    end = pattern.find("]", first + 1)
    if end < 0:
        raise re.error("character class without an end")
    return end
