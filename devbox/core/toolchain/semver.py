"""Exact versions as the crate `node_semver` takes them, for Volta and fnm (spec/toolchains.md 4.3 and 4.4). Pure."""

from __future__ import annotations

import re

from devbox.core.frozen import dataclass

_WORDS = r"[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*"
_VERSION = re.compile(rf"v?[ \t\r\n]*([0-9]+)\.([0-9]+)\.([0-9]+)(?:-?({_WORDS}))?(?:\+({_WORDS}))?")
_LENGTH_LIMIT = 256
_NUMBER_LIMIT = 2**53 - 1


@dataclass(frozen=True, slots=True)
class Semver:
    """A full version."""

    numbers: tuple[int, int, int]
    pre_release: tuple[str, ...] = ()
    build: tuple[str, ...] = ()

    def __str__(self) -> str:
        text = ".".join(map(str, self.numbers))
        text += f"-{'.'.join(self.pre_release)}" if self.pre_release else ""
        return text + (f"+{'.'.join(self.build)}" if self.build else "")

    @property
    def order(self) -> tuple[object, ...]:
        """For sorting: a pre-release stands before its release, numbers before words; the build does not count."""
        parts = tuple((0, int(part), "") if part.isdigit() else (1, 0, part) for part in self.pre_release)
        return (self.numbers, not self.pre_release, parts)


def parse(text: str) -> Semver | None:
    """The version that this text is, an optional `v` before it; None for partial ones, ranges and words."""
    match = _VERSION.fullmatch(text) if len(text) <= _LENGTH_LIMIT and text.isascii() else None
    if match is None or any(len(match[part]) > 16 or int(match[part]) > _NUMBER_LIMIT for part in (1, 2, 3)):
        return None
    pre_release = tuple(match[4].split(".")) if match[4] else ()
    build = tuple(match[5].split(".")) if match[5] else ()
    return Semver((int(match[1]), int(match[2]), int(match[3])), pre_release, build)
