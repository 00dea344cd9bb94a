"""`.sdkmanrc` as `sdk env` reads it (spec/toolchains.md 8). Source: `__sdkman_env_each_candidate` of sdkman-env.sh."""

from __future__ import annotations

import re

from devbox.core.frozen import dataclass

NAME = ".sdkmanrc"
_SPACE = re.compile(r"[ \t\n\v\f\r\u1680\u2000-\u2006\u2008-\u200a\u2028\u2029\u205f\u3000]+")
_BROKEN = re.compile(r"[\udc80-\udcff]")
_ECHO_OPTION = re.compile(r"-[neE]+")


@dataclass(frozen=True, slots=True)
class Candidate:
    """One line: a candidate and its exact version."""

    name: str
    version: str
    line: int


@dataclass(frozen=True, slots=True)
class Sdkmanrc:
    """The lines up to the first that stops `sdk env`."""

    candidates: tuple[Candidate, ...]
    stops_at: int | None = None
    """The line that is no `candidate=version`."""
    unreached: tuple[str, ...] = ()
    """Candidates that only later lines name."""


def parse(data: bytes) -> Sdkmanrc:
    """Every line: cut at `#`, without any white space; a line that is then no candidate ends the reading."""
    candidates: list[Candidate] = []
    stops_at = None
    unreached: list[str] = []
    text = data.replace(b"\0", b"").decode("utf-8", "surrogateescape")
    for number, line in enumerate(text.split("\n"), start=1):
        content = _SPACE.sub("", line.partition("#")[0])
        if not content or _ECHO_OPTION.fullmatch(content):
            continue
        if not _is_candidate(content):
            stops_at = stops_at or number
        elif stops_at is None:
            candidates.append(Candidate(content.rpartition("=")[0], content.partition("=")[2], number))
        else:
            unreached.append(content.rpartition("=")[0])
    return Sdkmanrc(tuple(candidates), stops_at, tuple(unreached))


def _is_candidate(content: str) -> bool:
    """`^[[:lower:]]+\\=.+$`; no byte outside UTF-8 matches a dot."""
    name, _, version = content.partition("=")
    return bool(version) and all(letter.islower() for letter in name) and name != "" and not _BROKEN.search(content)
