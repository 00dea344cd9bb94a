"""The two values that every judgement makes: a check that ran, and what it found. Pure.

They fill in what `core/check_list.py` knows already, so that a check's layer is written down once.
"""

from __future__ import annotations

import re

from devbox.core.check_list import BY_ID
from devbox.core.checks import checked
from devbox.core.doctor import Judged
from devbox.core.facts import Origin
from devbox.core.findings import CheckResult, Finding, Severity

_PLAIN = re.compile(r"[A-Za-z0-9_@%+=:,./][A-Za-z0-9_@%+=:,./-]*", re.ASCII)

Verdict = tuple[CheckResult, tuple[Finding, ...]]
"""A check and its findings."""


def look(
    id: str, evidence: str = "", *, line: str = "", expected: str = "", actual: str = "", origin: str = "",
    unknown: str | None = None,
) -> CheckResult:
    """A check that ran. `line` is what its line in the table is called; without one it has a line only when unknown,
    because what could not be checked must be seen."""
    subject = line or (id if unknown is not None else "")
    return checked(
        id, subject=subject, expected=expected, actual=actual, origin=origin, evidence=evidence, unknown=unknown
    )


def found(
    check: str, severity: Severity, message: str, *, hint: str | None, name: str = "", subject: str = "",
    expected: str | None = None, actual: str | None = None, origin: Origin | None = None,
) -> Finding:
    """Something to act on. `name` tells findings of one check apart and becomes the last part of the id."""
    return Finding(
        id=f"{check}.{name}" if name else check, check=check, layer=BY_ID[check].layer, severity=severity,
        subject=subject or name or check.rpartition(".")[2], message=message, expected=expected, actual=actual,
        origin=origin, hint=hint,
    )


def collect(verdicts: list[Verdict]) -> Judged:
    """Several checks as what their group came to."""
    return Judged(tuple(check for check, _ in verdicts), tuple(one for _, several in verdicts for one in several))


def quoted(word: str) -> str:
    """A file name or value as a shell takes it, so that a hint can be pasted whatever the project calls its files."""
    if _PLAIN.fullmatch(word):
        return word
    word = f"./{word}" if word.startswith("-") else word
    return "'" + word.replace("'", "'\\''") + "'"


def some(names: tuple[str, ...], limit: int = 3) -> str:
    """`a, b, c and 4 more`."""
    shown = ", ".join(names[:limit])
    return f"{shown} and {len(names) - limit} more" if len(names) > limit else shown
