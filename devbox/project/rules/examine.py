"""All rules over one Dockerfile: hits become findings, what comments switch off is left out."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from devbox.core.check_list import BY_ID
from devbox.core.facts import Origin
from devbox.core.findings import Finding, Severity
from devbox.core.team import PolicyRule
from devbox.project.rules import (
    base_image,
    commands,
    copies,
    ignore_file,
    installs,
    packages,
    secrets,
    stages,
    style,
    team,
)
from devbox.project.rules.comments import Comments, is_buildkit, read_comments
from devbox.project.rules.rule import Hit, Rule
from devbox.project.rules.view import View

ALL: dict[str, Rule] = {
    rule.id: rule
    for family in (base_image, stages, style, packages, installs, commands, secrets, copies, ignore_file)
    for rule in family.RULES
}
HIT_LIMIT = 50
"""Findings of one rule in one file."""


def examine(view: View, wanted: Iterable[str] | None = None) -> tuple[Finding, ...]:
    """The findings of these rules (all of them without), by line."""
    comments = read_comments(view.dockerfile, view.lines, view.everything)
    ids = ALL if wanted is None else [id for id in ALL if id in set(wanted)]
    found = [finding for id in ids for finding in _findings(view, ALL[id], comments)]
    return tuple(sorted(found, key=lambda finding: finding.origin.line or 0 if finding.origin else 0))


def finding_of(id: str, path: str, hit: Hit, severity: Severity, suffix: str = "") -> Finding:
    """A hit as the report has it."""
    return Finding(
        id=f"{id}.{suffix}" if suffix else id, check=id, layer=BY_ID[id].layer, severity=hit.severity or severity,
        subject=hit.subject or path, message=hit.message, expected=hit.expected, actual=hit.actual,
        origin=Origin(path, hit.line), hint=hit.hint,
    )


def _findings(view: View, rule: Rule, comments: Comments) -> Iterator[Finding]:
    aliases = BY_ID[rule.id].aliases
    strict = comments.error and any(is_buildkit(alias) for alias in aliases)
    for number, hit in enumerate(rule.find(view)):
        if number >= HIT_LIMIT:
            return
        if not comments.switched_off(rule.id, aliases, _start(view, hit.line)):
            finding = finding_of(rule.id, view.dockerfile.path, hit, rule.severity)
            yield _as_error(finding) if strict else finding


def _as_error(finding: Finding) -> Finding:
    return replace(finding, severity="error", message=f"{finding.message} (`check=error=true` fails the build)")


def team_findings(view: View, rule: PolicyRule, matching: Sequence[int]) -> Iterator[Finding]:
    """What one of the team's own rules objects to; `matching` are the numbers of `team.texts` that it matches."""
    comments = read_comments(view.dockerfile, view.lines, view.everything)
    for hit in team.hits(view, rule, matching):
        if not comments.switched_off(f"policy.rule.{rule.id}", (), _start(view, hit.line)):
            yield finding_of("policy.rule", view.dockerfile.path, hit, "warn", rule.id)


def _start(view: View, line: int) -> int:
    """The first line of the instruction that a line belongs to."""
    starts = [one.line for one in view.everything]
    at = bisect_right(starts, line)
    return starts[at - 1] if at else line
