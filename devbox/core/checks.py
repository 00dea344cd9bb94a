"""Which checks a run was asked for, and what becomes of one that ran. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from devbox.core.check_list import BY_ALIAS, BY_ID, CHECKS
from devbox.core.errors import UsageError
from devbox.core.findings import CheckResult, CheckStatus, Finding
from devbox.core.frozen import dataclass


@dataclass(frozen=True, slots=True)
class Wanted:
    """The checks of one run: `--only` and `--skip` take ids or dotted prefixes."""

    only: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()

    def check(self, id: str) -> bool:
        """Whether this check runs."""
        chosen = not self.only or any(_related(id, selector) for selector in self.only)
        return chosen and not any(_under(id, selector) for selector in self.skip)

    def finding(self, finding: Finding) -> bool:
        """Whether this finding is reported."""
        chosen = not self.only or any(
            _under(finding.id, selector) or _under(finding.check, selector) for selector in self.only
        )
        return chosen and not any(_under(finding.id, word) or _under(finding.check, word) for word in self.skip)

    def subject(self, prefix: str) -> bool:
        """Whether findings whose ids begin so may be wanted: `toolchain.python` for `--only toolchain.python.missing`,
        but not for `--only toolchain.node`."""
        chosen = not self.only or any(
            _under(prefix, selector) or _under(selector, prefix) or selector == "toolchain.conflict"
            for selector in self.only
        )
        return chosen and not any(_under(prefix, selector) for selector in self.skip)

    def any_of(self, *ids: str) -> bool:
        """Whether one of these checks runs."""
        return any(self.check(id) for id in ids)


def wanted(only: Iterable[str], skip: Iterable[str]) -> Wanted:
    """The selection of a command line; UsageError for a word that no check begins with."""
    chosen = Wanted(tuple(map(canonical, only)), tuple(map(canonical, skip)))
    if any(not word for word in (*chosen.only, *chosen.skip)):
        raise UsageError("a check is named by an empty word", hint="`devbox doctor --list-checks`")
    for selector in (*chosen.only, *chosen.skip):
        if not any(_related(check.id, selector) for check in CHECKS):
            # Deferred: 2 ms that only a mistyped check costs.
            from difflib import get_close_matches

            near = get_close_matches(selector, (*BY_ID, *BY_ALIAS), n=1, cutoff=0.5)
            hint = f"`devbox doctor --list-checks`{f' (did you mean `{near[0]}`?)' if near else ''}"
            raise UsageError(f"no check is called `{selector}`", hint=hint)
    nothing = all(any(_under(word, skipped) for skipped in chosen.skip) for word in chosen.only)
    if chosen.only and (nothing or not chosen.any_of(*BY_ID)):
        raise UsageError("`--only` and `--skip` leave no check", hint="leave one of them out")
    return chosen


def canonical(selector: str) -> str:
    """devbox's own id for a name of BuildKit's or hadolint's; anything else as it is."""
    return BY_ALIAS.get(selector.lower(), selector)


def settle(checked: CheckResult, findings: Iterable[Finding]) -> CheckResult:
    """A check's status from the findings that remain: drift with an error or warning, unknown with a reason"""
    drift = any(finding.check == checked.id and finding.severity != "info" for finding in findings)
    status: CheckStatus = "drift" if drift else "unknown" if checked.reason is not None else "ok"
    return replace(checked, status=status, reason=None if drift else checked.reason)


def checked(
    id: str, *, subject: str = "", expected: str = "", actual: str = "", origin: str = "", evidence: str = "",
    unknown: str | None = None,
) -> CheckResult:
    """A check that ran, its status still to be settled; `unknown` is why it could not be decided."""
    return CheckResult(
        id, BY_ID[id].layer, "ok", evidence, unknown, subject=subject, expected=expected, actual=actual, origin=origin
    )


def _under(id: str, selector: str) -> bool:
    return id == selector or id.startswith(f"{selector}.")


def _related(id: str, selector: str) -> bool:
    """A check runs for its own id, for a prefix of it, and for the id of one of its findings (`toolchain.python`)."""
    if any(_under(other, selector) for other in BY_ID):
        return _under(id, selector)
    return _under(selector, id)
