"""What doctor says of installed packages and their lock files: at most one finding a check and ecosystem."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from devbox.core.doctor import Judged
from devbox.core.facts import Origin
from devbox.core.findings import Finding, Severity
from devbox.core.judging import Verdict, collect, found, look, some

if TYPE_CHECKING:  # so that a project without dependencies pays for none of it
    from devbox.core.dependencies.model import Difference, Ecosystem, Examined, Problem, ProblemKind

COMPETING = "dependencies.lock.competing"
_SEVERITIES: dict[ProblemKind, Severity] = {
    "syntax": "error", "hashes": "error", "stale": "warn", "unsupported": "info", "missing": "info",
    "unpinned": "info", "unhashed": "info",
}
"""The kind of problem → how bad; the first of them that there is gets told."""
_WORDS: dict[Ecosystem, str] = {"python": "Python", "node": "Node"}



def judge(examined: Iterable[Examined]) -> Judged:
    """Every check of this area, for every ecosystem that was looked at."""
    every = {one.ecosystem: one for one in examined}
    verdicts: list[Verdict] = []
    for ecosystem in _WORDS:
        one = every.get(ecosystem)
        if one is None or not one.present:
            nothing = f"nothing here declares {_WORDS[ecosystem]} dependencies"
            verdicts += [(look(f"dependencies.{ecosystem}.{what}", nothing), ()) for what in ("installed", "lock")]
        else:
            verdicts += [_installed(one), _lock(one)]
    return collect([*verdicts, _competing(every.values())])


def _installed(one: Examined) -> Verdict:
    id, line = f"dependencies.{one.ecosystem}.installed", f"{one.ecosystem} packages"
    if one.lock is None:
        return look(id, line=line, unknown=f"{one.manifest} has no lock file to compare with"), ()
    difference = one.difference
    if difference is None:
        reason = one.installed.reason or "not looked at"
        check = look(id, line=line, expected=one.lock, actual="-", unknown=reason)
        return check, (_absent(id, one, reason),) if one.installed.absent else ()
    reasons = tuple(dict.fromkeys(difference.undecided))
    check = look(
        id, _evidence(one, difference), line=line, expected=one.lock, actual=_actual(difference),
        origin=one.installed.place, unknown=some(reasons) or None,
    )
    if not difference.clean:
        return check, (_drift(id, one, difference),)
    remark = _remark(id, one, difference)
    return check, (remark,) if remark else ()


def _absent(id: str, one: Examined, reason: str) -> Finding:
    return found(
        id, "info", f"what {one.lock} locks is not installed here: {reason}", hint=one.installed.hint, name="absent",
        subject=one.ecosystem, expected="installed packages", actual="none", origin=Origin(one.lock or ""),
    )


def _actual(difference: Difference) -> str:
    if difference.clean:
        return f"{difference.compared - len(difference.absent_dev) - difference.absent_optional} as locked"
    counts = ((len(difference.missing), "missing"), (len(difference.other), "of another version"))
    return ", ".join(f"{count} {word}" for count, word in counts if count)


def _evidence(one: Examined, difference: Difference) -> str:
    rows = [f"{difference.compared} packages of {one.lock} compared with {one.installed.place}"]
    if difference.absent_optional:
        rows.append(f"{difference.absent_optional} optional ones absent, as they may be")
    if difference.absent_dev:
        rows.append(f"{len(difference.absent_dev)} development ones absent: none of them is installed")
    if difference.extra:
        rows.append(f"{len(difference.extra)} installed that the lock does not name: {some(difference.extra)}")
    return "; ".join(rows)


def _drift(id: str, one: Examined, difference: Difference) -> Finding:
    """The one finding of a tree that differs: what is missing and what has another version."""
    parts = []
    if difference.missing:
        names = some(tuple(package.name for package in difference.missing))
        parts.append(f"{len(difference.missing)} missing ({names})")
    if difference.other:
        told = tuple(f"{it.locked.name} {it.actual} instead of {it.locked.expected}" for it in difference.other)
        parts.append(f"{len(difference.other)} of another version ({some(told)})")
    first = difference.other[0].locked if difference.other else difference.missing[0]
    return found(
        id, "error", f"{one.installed.place} is not what {one.lock} says: {', '.join(parts)}", hint=f"`{one.sync}`",
        name="drift", subject=one.ecosystem, expected=f"{first.name} {first.expected}",
        actual=f"{first.name} {difference.other[0].actual if difference.other else 'missing'}",
        origin=Origin(first.path or one.lock or "", first.line),
    )


def _remark(id: str, one: Examined, difference: Difference) -> Finding | None:
    """What is no drift and still good to know; one of them at most."""
    place = one.installed.place
    if difference.absent_dev:
        count, few = len(difference.absent_dev), some(tuple(package.name for package in difference.absent_dev))
        message, name = f"{place} has none of the {count} development packages of {one.lock} ({few})", "dev"
    elif difference.extra:
        count, few = len(difference.extra), some(difference.extra)
        noun = "a package" if count == 1 else f"{count} packages"
        message, name = f"{place} has {noun} that {one.lock} does not name ({few})", "extra"
    else:
        return None
    return found(
        id, "info", message, hint=f"`{one.sync}`", name=name, subject=one.ecosystem, origin=Origin(one.lock or "")
    )


def _lock(one: Examined) -> Verdict:
    id = f"dependencies.{one.ecosystem}.lock"
    problems = sorted(one.problems, key=lambda problem: list(_SEVERITIES).index(problem.kind))
    worst = problems[0] if problems else None
    unknown = worst.message if worst is not None and worst.kind == "unsupported" else one.unread
    check = look(
        id, "; ".join(problem.message for problem in problems), line=f"{one.ecosystem} lock file",
        expected=one.manifest or "", actual=one.lock or "none", unknown=unknown,
    )
    return check, (_problem(id, one.ecosystem, worst),) if worst is not None and unknown is None else ()


def _problem(id: str, ecosystem: Ecosystem, problem: Problem) -> Finding:
    return found(
        id, _SEVERITIES[problem.kind], problem.message, hint=problem.hint, name=problem.kind, subject=ecosystem,
        expected=problem.expected, actual=problem.actual, origin=Origin(problem.path, problem.line),
    )


def _competing(examined: Iterable[Examined]) -> Verdict:
    """Two tools' lock files for one manifest: whoever uses the other one installs other versions."""
    findings = []
    for one in examined:
        if len(one.locks) < 2:
            continue
        keep = one.keep or one.lock or one.locks[0]
        others = " ".join(name for name in one.locks if name != keep)
        why = "" if one.keep is None else f"; {keep} belongs to the tool that the project names"
        findings.append(found(
            COMPETING, "warn", f"{' and '.join(one.locks)} lock the same dependencies, each for another tool{why}",
            hint=f"`git rm {others}`, if your team uses {keep}", subject=one.ecosystem, expected="one lock file",
            actual=str(len(one.locks)), origin=Origin(one.locks[0]),
        ))
    return look(COMPETING, "" if findings else "no two tools' lock files side by side"), tuple(findings)
