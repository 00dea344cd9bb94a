"""The files of a checkout as git sees them: what is tracked, and what is there and not ignored (security.md 5.4)."""

from __future__ import annotations

from collections.abc import Mapping

TIMEOUT = 2.0
"""Seconds."""
LIMIT = 128 << 20
"""Bytes of names: a million files."""
_SAFE = ("-c", "core.fsmonitor=false", "-c", "safe.bareRepository=explicit")
"""Nothing that the repository's configuration names is run."""
_WORDS = ("ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", ".")


def visible_files(git: str, folder: str, home: str) -> list[bytes] | str:
    """Names relative to `folder`, each once, or why git does not tell; `git` is an absolute path.

    HOME is given because the user's own ignore file counts; folders of other repositories end in `/`.
    """
    # Deferred: subprocess costs 12 ms, and only a recursive run asks.
    from devbox.host.process import clean_environment, run

    env: Mapping[str, str] = {"HOME": home, "GIT_OPTIONAL_LOCKS": "0"}
    output = run((git, *_SAFE, "-C", folder, *_WORDS), env=clean_environment(env), timeout=TIMEOUT, limit=LIMIT)
    if output.problem:
        return f"`git ls-files`: {output.problem}"
    if output.exit_code != 0:
        said = output.stderr.decode("utf-8", "replace").strip().partition("\n")[0]
        return f"`git ls-files`: {said or f'exit code {output.exit_code}'}"
    return list(dict.fromkeys(output.stdout.split(b"\0")[:-1]))
