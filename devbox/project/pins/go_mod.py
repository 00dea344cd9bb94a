"""`go.mod` and `go.work`: the `go` and `toolchain` lines (spec/toolchains.md 9).

Two readers of cmd/go's look at them: the one that chooses a toolchain takes the first line that starts with the word,
the one that loads the module refuses what is malformed. Sources: `gover.GoModLookup`, `modfile.GoVersionRE`.
"""

from __future__ import annotations

import re

from devbox.core.frozen import dataclass

MOD = "go.mod"
WORK = "go.work"
_GO = re.compile(r"[1-9][0-9]*\.(?:0|[1-9][0-9]*)(?:\.(?:0|[1-9][0-9]*))?(?:[a-z]+[0-9]+)?", re.ASCII)
_TOOLCHAIN = re.compile(r"default|go1(?:\..*)?", re.ASCII)
_LINE = re.compile(r"[ \t]*(go|toolchain)(?:[ \t]+(.*))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Line:
    """The value of one line."""

    value: str
    line: int


@dataclass(frozen=True, slots=True)
class GoMod:
    """What one file asks for."""

    go: Line | None
    toolchain: Line | None
    problem: str | None = None
    """Why every module command refuses the file, though `go version` works."""


def parse(data: bytes) -> GoMod:
    """The first line of each kind, and what is wrong with the file; never raises."""
    problem = None
    if data.startswith(b"\xef\xbb\xbf"):
        problem = "it begins with a byte order mark"
    found: dict[str, Line] = {}
    for number, line in enumerate(data.decode("utf-8", "replace").split("\n"), start=1):
        match = _LINE.fullmatch(line.rstrip("\r"))
        if match is None:
            continue
        kind, value = match[1], (match[2] or "").partition("//")[0].strip()
        if kind in found:
            problem = problem or f"a second `{kind}` line"
        elif value or match[2] is not None:
            found[kind] = Line(value, number)
        pattern = _GO if kind == "go" else _TOOLCHAIN
        if not pattern.fullmatch(value) and value != "(":
            problem = problem or f"the `{kind}` line is not what go can read"
    return GoMod(found.get("go"), found.get("toolchain"), problem)
