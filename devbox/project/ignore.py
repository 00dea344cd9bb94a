"""Which files of a build context .dockerignore leaves out, exactly as the builder sees it (spec/buildkit.md 4.4).

A translation of moby/patternmatcher's `compile` and `MatchesUsingParentResults`. Pure text; reads no file.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping, Sequence

from devbox.core.errors import ConfigError
from devbox.core.frozen import dataclass

_ESCAPED = frozenset(".+()|{}$")
_SPACE = "\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))
"""What Go trims."""
_ESCAPES = {
    "d": "[0-9]", "D": "[^0-9]", "s": r"[\t\n\f\r ]", "S": r"[^\t\n\f\r ]", "w": "[0-9A-Za-z_]",
    "W": "[^0-9A-Za-z_]", "b": r"(?a:\b)", "B": r"(?a:\B)", "A": r"\A", "z": r"\Z",
}
"""The builder hands `\\x` on to Go's regular expressions, so that `\\d` means a digit there."""
_CONTROLS = "afnrtv"
_WILD = {"": "", "*": "[^/]*", "**": "(?:.*/)?", "end": ".*"}
_STARS_BESIDE_A_CLASS = 3
_CLASSES = re.compile(r"\[:\^?[a-z]+:\]")
LINE_LIMIT = 10_000
"""Patterns one file may hold."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """One line: what it matches, and whether it takes back an earlier match."""

    matches: re.Pattern[str]
    again: bool
    """Starts with `!`: matching files are sent again."""
    fixed: str | None = None
    """What every match starts with, where that can be said."""


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

    def may_take_back(self, folder: str) -> bool:
        """Whether something inside this ignored folder may be sent: the builder's own reason to walk it or not."""
        again = [pattern for pattern in self.patterns if pattern.again]
        if any(pattern.fixed is None for pattern in again):
            return True
        return any(f"{pattern.fixed}/".startswith(f"{folder}/") for pattern in again)

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
        if line.startswith("#") or not (word := line.strip(_SPACE)):
            continue
        again = word.startswith("!")
        word = word[1:].strip(_SPACE) if again else word
        if number > LINE_LIMIT or not word:
            what = "`!` stands alone" if not word else f"more than {LINE_LIMIT} lines"
            raise ConfigError(f"{what}", path=path, line=number, hint="write a pattern such as `!keep/this`")
        try:
            patterns.append(_compiled(_cleaned(word), again))
        except (re.error, OverflowError, RecursionError) as error:
            raise ConfigError("this pattern can't be read", detail=str(error), path=path, line=number) from error
    return IgnoreRules(tuple(patterns))


def _cleaned(word: str) -> str:
    """As Go's filepath.Clean, leading slash dropped."""
    return posixpath.normpath(word).lstrip("/") or "/"


def _compiled(pattern: str, again: bool) -> Pattern:
    _refuse_malformed(pattern)
    kind, expression = _expression(pattern)
    if kind == "exact":
        expression = re.escape(pattern)
    elif kind == "prefix":
        expression = f"(?s:{re.escape(pattern[:-2])}.*)"
    elif kind == "suffix":
        end = pattern[2:]
        expression = f"(?s:.*{re.escape(end)})" + (f"|{re.escape(end[1:])}" if end.startswith("/") else "")
    fixed = pattern.removesuffix("/**").removesuffix("/*")
    return Pattern(re.compile(expression), again, None if any(sign in fixed for sign in "*[]?^\\") else fixed)


def _expression(pattern: str) -> tuple[str, str]:
    """How a pattern matches (exact, prefix, suffix, regexp) and its regular expression: patternmatcher's `compile`.

    Sign by sign as there, classes included, whose content is translated like everything else.
    """
    kind, position = "exact", 0
    pieces: list[tuple[str, str]] = [("", "")]
    """A wildcard and what follows it, up to the next."""
    while position < len(pattern):
        first, sign = position == 0, pattern[position]
        position += 1
        if sign == "*" and pattern.startswith("*", position):
            position += 1
            position += pattern.startswith("/", position)
            at_end = position == len(pattern)
            if at_end or pieces[-1] != ("**", ""):  # twice is once
                pieces.append(("end" if at_end else "**", ""))
            kind = "suffix" if first else "prefix" if at_end and kind == "exact" else "regexp"
            continue
        if sign == "*":
            pieces.append(("*", ""))
            kind = "regexp"
            continue
        if sign == "\\" and position < len(pattern):
            text, kind = sign + pattern[position], "regexp"
            position += 1
        else:
            text = "[^/]" if sign == "?" else f"\\{sign}" if sign in _ESCAPED or sign == "\\" else sign
            kind = "regexp" if sign in "?[]" else kind
        pieces[-1] = (pieces[-1][0], pieces[-1][1] + text)
    return kind, _for_python(_joined(pieces, "[" in pattern)) if kind == "regexp" else ""


def _joined(pieces: list[tuple[str, str]], classes: bool) -> str:
    """The pieces as one expression. Go matches in linear time; here the first fit of a piece is final where a later one
    can't help, so that no name makes a pattern slow. Beside a class that can't be told, and few stars are taken."""
    if classes:
        if len(pieces) > _STARS_BESIDE_A_CLASS + 1:
            raise re.error(f"more than {_STARS_BESIDE_A_CLASS} stars beside a character class")
        return "".join(_WILD[wild] + text for wild, text in pieces)
    found, loose = [pieces[0][1]], 0
    group: list[str] = []
    """From a `**` to the next."""
    for number, (wild, text) in enumerate(pieces[1:], 1):
        following = pieces[number + 1][0] if number + 1 < len(pieces) else None
        final = wild == "*" and (following == "*" or (following == "**" and text.endswith("/")))
        group.append(f"(?>[^/]*?{text})" if final else _WILD[wild] + text)
        if following == "**" or following is None:
            whole = "".join(group)
            if wild != "end" and following == "**" and text.endswith("/") and group[0].startswith(_WILD["**"]):
                whole = f"(?>(?:.*?/)??{whole.removeprefix(_WILD['**'])})"
            elif following == "**" and group[0].startswith(_WILD["**"]):
                loose += 1
            found.append(whole)
            group = []
    if loose > 1:
        raise re.error("more than one `**` that is glued to a name")
    return "".join(found)


def _for_python(expression: str) -> str:
    """A regular expression of Go's in Python's words. re.error for what means nothing there or is not read here."""
    found, position = [], 0
    while position < len(expression):
        sign = expression[position]
        if sign == "\\":
            found.append(_escaped(expression[position + 1 : position + 2], _ESCAPES))
            position += 2
        elif sign == "[":
            end = _class_end(expression, position + 1)
            found.append(f"[{_class(expression[position + 1 : end])}]")
            position = end + 1
        else:
            found.append("\\]" if sign == "]" else sign)
            position += 1
    return "".join(found)


def _escaped(character: str, meanings: Mapping[str, str]) -> str:
    if character in meanings:
        return meanings[character]
    if not character.isascii() or (character.isalnum() and character not in _CONTROLS):
        raise re.error(f"\\{character} means nothing")
    return f"\\{character}" if character in _CONTROLS else re.escape(character)


def _class(content: str) -> str:
    """What stands between the brackets of a class."""
    if _CLASSES.search(content):
        raise re.error("classes such as [:alpha:] are not read")
    negated = content.startswith("^")
    found, position = ["^" if negated else ""], int(negated)
    while position < len(content):
        sign = content[position]
        if sign == "\\":
            position += 1
            inside = {name: _ESCAPES[name][1:-1] for name in "dsw"}
            found.append(_escaped(content[position : position + 1], inside))
        else:
            found.append(sign if sign == "-" or sign.isalnum() else re.escape(sign))
        position += 1
    return "".join(found)


def _class_end(expression: str, start: int) -> int:
    """Where a character class closes; a `]` right at its start is one of its characters."""
    position = start + expression.startswith("^", start)
    position += expression.startswith("]", position)
    while position < len(expression) and expression[position] != "]":
        position += 2 if expression[position] == "\\" else 1
    if position >= len(expression):
        raise re.error("character class without an end")
    return position


def _refuse_malformed(pattern: str) -> None:
    """What Go's filepath.Match calls a bad pattern: the builder asks it of every one. Stricter than the classes of
    regular expressions."""
    position = 0

    def one() -> None:
        nonlocal position
        if pattern[position : position + 1] in ("", "-", "]"):
            raise re.error("character class that is empty, or with a bare - or ]")
        position += 2 if pattern[position] == "\\" else 1
        if position >= len(pattern):
            raise re.error("character class without an end")

    while position < len(pattern):
        sign = pattern[position]
        position += 2 if sign == "\\" else 1
        if position > len(pattern):
            raise re.error("a backslash at the end")
        if sign == "[":
            position += pattern.startswith("^", position)
            one()
            while True:
                if pattern.startswith("-", position):
                    position += 1
                    one()
                if pattern.startswith("]", position):
                    position += 1
                    break
                one()
