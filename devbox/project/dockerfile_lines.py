"""A Dockerfile's physical lines joined into instructions: directives, continuations, comments, heredocs.

Agrees with moby/buildkit's `parser` package (v0.24; spec/toolchains.md 13) on where each instruction starts and ends.
Knows which keywords can carry a heredoc, and nothing else of what instructions mean.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from itertools import pairwise

from devbox.core.errors import ConfigError
from devbox.core.frozen import dataclass
from devbox.project.shell_words import Reading, expand, raw_words

_DIRECTIVE = re.compile(r"#\s*([A-Za-z][A-Za-z0-9]*)\s*=\s*(\S(?:.*\S)?)\s*", re.DOTALL)
_DIRECTIVES = ("syntax", "escape", "check")
_BLANKS = re.compile(r"[\t\v\f\r ]+")
_HEREDOC = re.compile(r"(\d*)<<(-?)([^<]*)", re.ASCII)
_HEREDOC_SIGN = re.compile(r"\d*<<-?", re.ASCII)
_KEEP_UNSET = Reading(skip_unset=True)
_HEREDOC_KEYWORDS = ("ADD", "COPY", "RUN")


@dataclass(frozen=True, slots=True)
class Heredoc:
    """A document that follows an instruction."""

    name: str
    content: str
    chomp: bool = False
    """`<<-`: leading tabs of each line are cut."""
    expand: bool = True
    """No quote in its word: COPY and ADD replace variables in it."""


@dataclass(frozen=True, slots=True)
class Line:
    """One instruction, joined; `line` to `end_line` are its physical lines, heredocs included, 1-based."""

    text: str
    """Without continuations and comments, not trimmed at the end."""
    line: int
    end_line: int
    last_line: int
    """Where the instruction itself ends and its heredocs begin."""
    heredocs: tuple[Heredoc, ...] = ()


@dataclass(frozen=True, slots=True)
class Directive:
    """A parser directive: `# syntax=…`, `# escape=…`, `# check=…`."""

    name: str
    value: str
    line: int


def join_lines(text: str, path: str) -> tuple[tuple[Line, ...], tuple[Directive, ...]]:
    """The instructions and directives of a Dockerfile.

    Raises ConfigError for a repeated or impossible directive and for a heredoc without its end.
    """
    return _Joiner(text, path).join()


def split_instruction(text: str) -> tuple[str, str]:
    """An instruction's keyword, upper-case, and the rest with its flags."""
    keyword, *rest = _BLANKS.split(text.strip(), maxsplit=1)
    return keyword.upper(), rest[0].strip() if rest else ""


def split_flags(rest: str) -> tuple[tuple[str, ...], str]:
    """The leading `--flag` words, quotes removed, and what follows them."""
    flags: list[str] = []
    at = 0
    while True:
        at += len(rest) - at - len(rest[at:].lstrip())
        if not rest.startswith("--", at):
            return tuple(flags), rest[at:].strip()
        word, at = _flag_word(rest, at)
        if word == "--":
            return tuple(flags), rest[at:].strip()
        flags.append(word)


def _flag_word(text: str, at: int) -> tuple[str, int]:
    word: list[str] = []
    quote = ""
    while at < len(text) and (quote or not text[at].isspace()):
        character = text[at]
        if character == "\\":
            word.append(text[at + 1 : at + 2])
            at += 1
        elif quote and character == quote:
            quote = ""
        elif not quote and character in "'\"":
            quote = character
        else:
            word.append(character)
        at += 1
    return "".join(word), at


def is_exec_form(arguments: str) -> bool:
    """Whether the arguments are a JSON array of strings."""
    if not arguments.startswith("["):
        return False
    try:
        value = json.loads(arguments)
    except (ValueError, RecursionError):
        return False
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


class _Joiner:
    """One pass over the physical lines."""

    def __init__(self, text: str, path: str) -> None:
        self.path = path
        self.lines = text.removeprefix("\ufeff").split("\n")
        self.number = 0
        """Lines read so far; also the 1-based number of the last one read."""
        self.escape = "\\"
        self.directives: list[Directive] = []
        self.last_at: dict[str, int] = {}
        """Where each line stands last, once somebody asked."""
        self.looking = True
        """Directives stand before everything else."""

    def join(self) -> tuple[tuple[Line, ...], tuple[Directive, ...]]:
        found = []
        while self.number < len(self.lines):
            text = self._next().lstrip()
            self._directive(text)
            text, ended = self._continued("" if text.startswith("#") else text)
            if ended and not text:
                continue
            start = self.number
            pieces = [text]
            while not ended and self.number < len(self.lines):
                text = self._next()
                if text.lstrip().startswith("#") or not text.strip():
                    continue
                text, ended = self._continued(text)
                pieces.append(text)
            joined, last = "".join(pieces), self.number
            heredocs = self._heredocs(joined, start)
            found.append(Line(joined, start, self.number, last, heredocs))
        return tuple(found), tuple(self.directives)

    def _next(self) -> str:
        self.number += 1
        return self.lines[self.number - 1].rstrip("\r")

    def _continued(self, text: str) -> tuple[str, bool]:
        """The line without its continuation character, and whether the instruction ends here. A doubled escape
        character is text."""
        bare = text.rstrip(" \t")
        if not bare.endswith(self.escape) or bare.endswith(self.escape * 2):
            return text, True
        return bare[:-1], False

    def _directive(self, text: str) -> None:
        match = _DIRECTIVE.fullmatch(text) if self.looking else None
        name = match[1].lower() if match else ""
        if match is None or name not in _DIRECTIVES:
            self.looking = False
            return
        if any(directive.name == name for directive in self.directives):
            raise self._error(f"the directive {name} twice; expected it once")
        if name == "escape":
            if match[2] not in ("\\", "`"):
                raise self._error("an impossible escape character; expected \\ or `")
            self.escape = match[2]
        self.directives.append(Directive(name, match[2], self.number))

    def _heredocs(self, text: str, start: int) -> tuple[Heredoc, ...]:
        found = []
        for name, chomp, expand_it in _announced(text, self._stands_below):
            content: list[str] = []
            while True:
                if self.number >= len(self.lines):
                    raise self._error("a heredoc without its end; expected its word on a line of its own", start)
                self.number += 1
                line = self.lines[self.number - 1]
                end = line.rstrip("\r")
                if (end.lstrip("\t") if chomp else end) == name:
                    break
                content.append(line + "\n")
            found.append(Heredoc(name, "".join(content), chomp, expand_it))
        return tuple(found)

    def _stands_below(self, word: str) -> bool:
        if not self.last_at:
            self.last_at = {line.rstrip("\r"): number for number, line in enumerate(self.lines)}
        return self.last_at.get(word, -1) >= self.number

    def _error(self, summary: str, line: int | None = None) -> ConfigError:
        return ConfigError(summary, path=self.path, line=line or self.number, column=1)


def _announced(text: str, stands_below: Callable[[str], bool]) -> list[tuple[str, bool, bool]]:
    """The heredocs an instruction announces: (word, whether leading tabs are cut, whether variables are replaced)."""
    if "<<" not in text:
        return []
    keyword, rest = split_instruction(text)
    if keyword == "ONBUILD":
        keyword, rest = split_instruction(rest)
    if keyword not in _HEREDOC_KEYWORDS or is_exec_form(split_flags(rest)[1]):
        return []
    try:
        words = raw_words(text)
    except ValueError:  # BuildKit looks no further either: the shell will complain
        return []
    if keyword == "RUN":
        words = _with_apart(words, stands_below)
    matches = [match for match in map(_HEREDOC.fullmatch, words) if match and match[3]]
    return [
        (name, match[2] == "-", "'" not in match[3] and '"' not in match[3])
        for match in matches
        if (name := _unquoted(match[3]))
    ]


def _with_apart(words: list[str], stands_below: Callable[[str], bool]) -> list[str]:
    """`<< EOF` joined: a heredoc since Dockerfile 1.16. Older frontends see none, so its end decides."""
    joined = list(words)
    for sign, word in pairwise(words):
        if _HEREDOC_SIGN.fullmatch(sign) and "<" not in word and stands_below(_unquoted(word)):
            joined.append(sign + word)
    return joined


def heredoc_word(word: str) -> str | None:
    """The name of the heredoc that a whole word announces, or None where it announces none."""
    match = _HEREDOC.fullmatch(word)
    if match is None or not match[3]:
        return None
    try:
        return _unquoted(match[3]) if len(raw_words(match[3])) == 1 else None
    except ValueError:
        return None


def _unquoted(word: str) -> str:
    try:
        return expand(word, {}, reading=_KEEP_UNSET)
    except ValueError:
        return ""
