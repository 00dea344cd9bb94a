"""The files of a checkout as git sees them: what is tracked, and what is there and not ignored (security.md 5.4)."""

from __future__ import annotations

from devbox.host.git_program import GitFailed, ask

LIMIT = 128 << 20
"""Bytes of names: a million files."""
_WORDS = ("ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", ".")


def visible_files(git: str, folder: str, home: str) -> list[bytes] | str:
    """Names relative to `folder`, each once, or why git does not tell; `git` is an absolute path.

    HOME is given because the user's own ignore file counts; folders of other repositories end in `/`.
    """
    try:
        names = ask(git, folder, _WORDS, limit=LIMIT, env={"HOME": home})
    except GitFailed as error:
        return str(error)
    return list(dict.fromkeys(names.split(b"\0")[:-1]))
