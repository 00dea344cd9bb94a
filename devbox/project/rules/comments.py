"""What comments of a Dockerfile switch off: BuildKit's `check=`, hadolint's `ignore=`, and devbox's own.

`# check=skip=A,B;error=true` at the top, or above an instruction; `# hadolint ignore=DL3006` and `# devbox ignore=ID`
on the line above, `# hadolint global ignore=` and `# devbox global ignore=` anywhere. Ids or dotted prefixes, and every
alias of the check list.
"""

from __future__ import annotations

import re

from devbox.core.checks import canonical
from devbox.core.frozen import dataclass
from devbox.project.dockerfile import Dockerfile, Instruction

_IGNORE = re.compile(
    r"#\s*(?:hadolint|devbox)\s+(?P<everywhere>global\s+)?ignore\s*=\s*(?P<names>[\w.,\s-]+?)\s*(?:#.*)?"
)
_LINE_LIMIT = 1_000
"""Characters; nobody switches off so much."""
_CHECK = re.compile(r"#\s*check\s*=\s*(?P<value>.+?)\s*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Comments:
    """What one Dockerfile's comments say of its checks."""

    everywhere: frozenset[str]
    at: dict[int, frozenset[str]]
    """First line of an instruction → what its comments switch off there."""
    all_of_buildkit: bool = False
    """`skip=all`"""
    error: bool = False
    """`error=true`: BuildKit fails the build where one of its checks objects."""

    def switched_off(self, id: str, aliases: tuple[str, ...], line: int) -> bool:
        """Whether a hit of this check, in the instruction that starts on `line`, is not wanted."""
        if self.all_of_buildkit and any(is_buildkit(alias) for alias in aliases):
            return True
        names = self.everywhere | self.at.get(line, frozenset())
        return any(id == name or id.startswith(f"{name}.") for name in names)


def is_buildkit(alias: str) -> bool:
    """Whether an alias is a name of BuildKit's: a word, not a number."""
    return not re.fullmatch(r"(?:DL|SC)\d+", alias)


def read_comments(dockerfile: Dockerfile, lines: tuple[str, ...], instructions: tuple[Instruction, ...]) -> Comments:
    """Looks at comment lines only; heredocs and continued instructions hold none."""
    everywhere: set[str] = set()
    at: dict[int, frozenset[str]] = {}
    skip_all = error = False
    options = _options(dockerfile.directive("check") or "")
    everywhere |= options.skipped
    skip_all, error = options.all, options.error
    inside = {number for one in instructions for number in range(one.line, one.end_line + 1)}
    for number, line in enumerate(lines, 1):
        possible = "ignore" in line and len(line) <= _LINE_LIMIT and number not in inside
        match = _IGNORE.fullmatch(line.strip()) if possible else None
        if match and match["everywhere"]:
            everywhere |= _names(match["names"])
    for one in instructions:
        found = _above(lines, one.line)
        if found:
            at[one.line] = found
    return Comments(frozenset(everywhere), at, skip_all, error)


def _above(lines: tuple[str, ...], line: int) -> frozenset[str]:
    """What the comments right above an instruction switch off."""
    found: set[str] = set()
    number = line - 2
    while 0 <= number < len(lines) and lines[number].strip().startswith("#"):
        text = lines[number].strip()[:_LINE_LIMIT]
        ignored, check = _IGNORE.fullmatch(text), _CHECK.fullmatch(text)
        if ignored and not ignored["everywhere"]:
            found |= _names(ignored["names"])
        elif check:
            found |= _options(check["value"]).skipped
        number -= 1
    return frozenset(found)


@dataclass(frozen=True, slots=True)
class _Options:
    skipped: frozenset[str] = frozenset()
    all: bool = False
    error: bool = False


def _options(value: str) -> _Options:
    parts = dict(part.strip().partition("=")[::2] for part in value.partition(" ")[0].split(";") if part.strip())
    skip = parts.get("skip", "").strip()
    return _Options(
        frozenset() if skip == "all" else _names(skip), skip == "all",
        parts.get("error", "").strip().lower() in ("true", "1", "t"),
    )


def _names(text: str) -> frozenset[str]:
    return frozenset(canonical(word) for word in re.split(r"[,\s]+", text.strip()) if word)
