"""Paths and inline documents of a Dockerfile as the builder takes them once variables are replaced. Data only.

Follows moby/buildkit's `instructions` package (v0.13 to v0.24); `dockerfile_values` takes instructions apart.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping

from devbox.project.shell_words import expand

_HEREDOC_WORD = re.compile(r"\d*<<-?\s*(.+)", re.DOTALL)


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
