"""git itself, for the few questions that its files do not answer (security.md 5.4).

Every call of git is made here, only `ls-files` and `check-ignore`; nothing lets filters, hooks, helpers or a file
system monitor run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

TIMEOUT = 2.0
"""Seconds."""
_LISTING_LIMIT = 64 << 20
"""Bytes: some hundred thousand files."""
_SAFE = ("-c", "core.fsmonitor=false", "-c", "safe.bareRepository=explicit")
_ENV = {"GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0"}


class GitFailed(Exception):
    """git did not answer; the text is why."""


def staged_files(git: str, checkout: str) -> bytes:
    """The output of `git ls-files --stage -z` in a checkout. Raises GitFailed."""
    return ask(git, checkout, ("ls-files", "--stage", "-z"), limit=_LISTING_LIMIT)


def ignored(git: str, checkout: str, paths: Sequence[str]) -> tuple[str, ...]:
    """Those of the paths (relative to the checkout) that the repository's ignore files exclude. Raises GitFailed."""
    out = ask(git, checkout, ("check-ignore", "-z", "--", *paths), fine=(0, 1), limit=1 << 20)
    return tuple(part.decode("utf-8", "surrogateescape") for part in out.split(b"\0") if part)


def ask(
    git: str, checkout: str, words: Sequence[str], *, limit: int, fine: Sequence[int] = (0,),
    env: Mapping[str, str] | None = None,
) -> bytes:
    """What git prints, at most `limit` bytes; `env` adds to its clean environment. Raises GitFailed."""
    # Deferred: subprocess costs 12 ms, and most checkouts answer by their files.
    from devbox.host.process import clean_environment, run

    argv = (git, *_SAFE, "-C", checkout, *words)
    output = run(argv, env=clean_environment({**_ENV, **(env or {})}), timeout=TIMEOUT, limit=limit)
    if output.problem:
        raise GitFailed(f"`git {words[0]}`: {output.problem}")
    if output.exit_code not in fine:
        said = output.stderr.decode("utf-8", "replace").strip().partition("\n")[0]
        raise GitFailed(f"`git {words[0]}`: {said or f'exit code {output.exit_code}'}")
    return output.stdout
