"""What a project declares for its team: the image that leaves the machine, the shared build cache, rules of its own.

Pure values like `devbox.core.project`, which holds them; field meaning: contract.md, "devbox.toml".
"""

from __future__ import annotations

from devbox.core.facts import Origin
from devbox.core.frozen import dataclass


@dataclass(frozen=True, slots=True)
class PolicyRule:
    """One `[[policy.rule]]`: a team's own pattern over Dockerfiles."""

    id: str
    match: str
    """A regular expression."""
    message: str
    max: int = 0
    """How many matches are fine."""
    origin: Origin | None = None


@dataclass(frozen=True, slots=True)
class Share:
    """`[share]`: the image that leaves this machine."""

    target: str
    tag: str | None = None
    """A reference; `{git_sha}` stands for the commit."""
    check: str | None = None
    """A shell command, run in the gate."""
    origin: Origin | None = None


@dataclass(frozen=True, slots=True)
class Cache:
    """`[cache]`: where a build's cache comes from and goes to, in buildx's words."""

    sources: tuple[str, ...] = ()
    """`from`"""
    destinations: tuple[str, ...] = ()
    """`to`"""
    origin: Origin | None = None
