"""What a Dockerfile instruction says once its variables are replaced: words, flags, key=value pairs, mounts.

Follows moby/buildkit's `instructions` package (v0.13 to v0.24). Data only.
"""

from __future__ import annotations

import csv
import json
import posixpath
import re
from collections.abc import Mapping

from devbox.project.dockerfile import Instruction
from devbox.project.dockerfile_lines import is_exec_form
from devbox.project.shell_words import expand, raw_words

_NAME_EQUALS = re.compile(r"[^\s=]+=")
_HEREDOC_WORD = re.compile(r"\d*<<-?\s*(.+)", re.DOTALL)


def exec_words(arguments: str) -> tuple[str, ...] | None:
    """The JSON array of an exec form; None for the shell form."""
    return tuple(json.loads(arguments)) if is_exec_form(arguments) else None


def words(instruction: Instruction, escape: str) -> tuple[str, ...]:
    """The unexpanded words of COPY, ADD and the like: a JSON array, or split at blanks."""
    return exec_words(instruction.arguments) or tuple(instruction.arguments.split())


def pairs(instruction: Instruction, escape: str) -> tuple[tuple[str, str], ...]:
    """`ENV A=1 B=2`, and its old form `ENV A 1`: names and unexpanded values."""
    text = instruction.arguments
    if not _NAME_EQUALS.match(text):
        name, _, value = text.partition(" ")
        return ((name, value.strip()),)
    return tuple((word.partition("=")[0], word.partition("=")[2]) for word in raw_words(text, escape))


def arguments(instruction: Instruction, escape: str) -> tuple[tuple[str, str | None], ...]:
    """`ARG A=1 B`: names and unexpanded defaults; None without one."""
    found = []
    for word in raw_words(instruction.arguments, escape):
        name, equals, default = word.partition("=")
        found.append((name, default if equals else None))
    return tuple(found)


def mount_fields(flag: str) -> dict[str, str]:
    """`--mount=type=cache,target=/x,ro` as names and values; a bare name has `true`."""
    text = flag.partition("=")[2]
    fields: dict[str, str] = {}
    for item in next(csv.reader([text]), []):
        name, equals, value = item.partition("=")
        fields[name.strip().lower()] = value if equals else "true"
    return fields


def absolute(path: str, folder: str) -> str:
    """The path below a working directory, cleaned; a trailing slash is gone."""
    cleaned = posixpath.normpath(posixpath.join("/", folder, path))
    return "/" + cleaned.lstrip("/")


def destination(path: str, folder: str) -> str:
    """Where COPY and ADD put things: a trailing slash says that it is a folder."""
    whole = absolute(path, folder)
    as_folder = path in ("", ".") or path.endswith("/")
    return f"{whole.rstrip('/')}/" if as_folder else whole


def is_heredoc(word: str) -> bool:
    """Whether a source of COPY or ADD is an inline document."""
    return re.match(r"\d*<<-?", word) is not None


def quoted_heredoc(word: str) -> bool:
    """Whether the document's word is quoted, so that variables in it stay."""
    match = _HEREDOC_WORD.fullmatch(word)
    return match is not None and any(sign in match[1] for sign in "'\"")


def document(content: str, variables: Mapping[str, str], escape: str) -> str:
    """An unquoted inline document with its variables replaced; quotes in it are text."""
    guarded = content.replace("'", f"{escape}'").replace('"', f'{escape}"')
    try:
        return expand(guarded, variables, escape)
    except ValueError:
        return content
