"""The simple commands of a shell text, as far as rules need them: words, what stands before a pipe, `sh -c` opened.

No shell: nothing is expanded or run, substitutions stay as they are written. Linear in the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from devbox.core.frozen import dataclass

_KEYWORDS = frozenset({
    "if", "then", "elif", "else", "fi", "while", "until", "do", "done", "case", "esac", "in", "function", "{", "}", "!",
})
_WRAPPERS = frozenset({"sudo", "env", "exec", "command", "nice", "nohup", "time", "eatmydata"})
_SHELLS = frozenset({"sh", "bash", "ash", "dash", "zsh"})
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=", re.ASCII)
_OPERATORS = ("&&", "||", "|&", ";;", ";", "|", "&", "\n", "(", ")")
_DEPTH = 4
_COMMAND_LIMIT = 2_000
"""Commands of one text."""


@dataclass(frozen=True, slots=True)
class Command:
    """One simple command."""

    words: tuple[str, ...]
    """Quotes removed; wrappers such as sudo and assignments dropped."""
    piped: bool = False
    """Its output goes into the next command."""
    sudo: bool = False

    @property
    def name(self) -> str:
        """The program, without its folder."""
        return self.words[0].rpartition("/")[2] if self.words else ""

    @property
    def options(self) -> tuple[str, ...]:
        """Words that begin with a dash."""
        return tuple(word for word in self.words[1:] if word.startswith("-"))

    def has(self, *options: str) -> bool:
        """Whether one of these options is given, alone, with `=value`, or (one letter) in a bundle."""
        for word in self.options:
            if word.partition("=")[0] in options:
                return True
            if not word.startswith("--") and any(len(one) == 2 and one[1] in word[1:] for one in options):
                return True
        return False

    def operands(self, *with_value: str) -> tuple[str, ...]:
        """The words after the program that are no options; `with_value` are the options that take the next word."""
        found, skip = [], False
        for word in self.words[1:]:
            if skip:
                skip = False
            elif word.startswith("-") and len(word) > 1:
                skip = word in with_value
            else:
                found.append(word)
        return tuple(found)


def commands(text: str, depth: int = 0) -> tuple[Command, ...]:
    """The commands in order. Never raises."""
    found: list[Command] = []
    for words, operator in _simple(text):
        if len(found) >= _COMMAND_LIMIT:
            break
        command = _command(words, operator in ("|", "|&"))
        if command is None:
            continue
        inner = _inner(command) if depth < _DEPTH else None
        found.extend(commands(inner, depth + 1) if inner is not None else (command,))
    return tuple(found)


def _inner(command: Command) -> str | None:
    """What `sh -c` runs."""
    if command.name not in _SHELLS:
        return None
    for word, following in pairwise(command.words[1:]):
        if re.fullmatch(r"-[a-z]*c", word):
            return following
    return None


def _command(words: list[str], piped: bool) -> Command | None:
    sudo, at = False, 0
    while at < len(words):
        word = words[at]
        if word in _WRAPPERS:
            sudo = sudo or word == "sudo"
            at += 1
            while at < len(words) and words[at].startswith("-"):
                at += 2 if words[at] in ("-u", "-n", "-g") else 1
        elif word in _KEYWORDS or _ASSIGNMENT.match(word):
            at += 1
        else:
            return Command(tuple(words[at:]), piped, sudo)
    return None


def _simple(text: str) -> Iterator[tuple[list[str], str]]:
    """Words up to each operator, and that operator."""
    words: list[str] = []
    word: list[str] | None = None
    at = 0
    while at < len(text):
        character = text[at]
        operator = next((one for one in _OPERATORS if text.startswith(one, at)), "") if character in "&|;\n()" else ""
        if operator and not _is_redirection(text, at):
            words += ["".join(word)] if word is not None else []
            yield words, operator
            words, word, at = [], None, at + len(operator)
        elif character in " \t\r":
            words += ["".join(word)] if word is not None else []
            word, at = None, at + 1
        elif text.startswith("\\\n", at):
            at += 2
        elif character == "#" and word is None:
            end = text.find("\n", at)
            at = len(text) if end < 0 else end
        else:
            piece, at = _piece(text, at)
            word = [] if word is None else word
            word.append(piece)
    words += ["".join(word)] if word is not None else []
    yield words, ""


def _is_redirection(text: str, at: int) -> bool:
    """`2>&1`, `&>file`."""
    return text[at] == "&" and (text[at - 1 : at] in (">", "<") or text[at + 1 : at + 2] == ">")


def _piece(text: str, at: int) -> tuple[str, int]:
    """A quoted or escaped stretch, a substitution, or one character."""
    character = text[at]
    if character in "'\"":
        end = _closing(text, at)
        return text[at + 1 : end], end + 1
    if character == "\\":
        return text[at + 1 : at + 2], at + 2
    if text.startswith("$(", at):
        end = _balanced(text, at + 1)
        return text[at:end], end
    return character, at + 1


def _closing(text: str, at: int) -> int:
    quote, position = text[at], at + 1
    while position < len(text) and text[position] != quote:
        position += 2 if quote == '"' and text[position] == "\\" else 1
    return min(position, len(text))


def _balanced(text: str, at: int) -> int:
    level = 0
    for position in range(at, len(text)):
        level += {"(": 1, ")": -1}.get(text[position], 0)
        if level == 0:
            return position + 1
    return len(text)
