"""Every check that `devbox doctor` knows, and which of them a run was asked for.

Pure data. A check that is not listed here does not exist; `--list-checks`, `--only` and `--skip` read this table.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, replace

from devbox.core.errors import UsageError
from devbox.core.findings import CheckResult, CheckStatus, Finding, Layer


@dataclass(frozen=True, slots=True)
class Check:
    """One check: its id, the layer it speaks about, and what it looks at."""

    id: str
    layer: Layer
    title: str


CHECKS: tuple[Check, ...] = (
    Check("toolchain", "runtime", "what runs satisfies what version files pin, under each manager's own rules"),
    Check("toolchain.conflict", "runtime", "no two sources pin versions that exclude each other"),
    Check("toolchain.path", "configuration", "PATH has no entry that is empty, relative or inside the project"),
    Check("images", "configuration", "every FROM names an image that can be named"),
    Check("project.config", "configuration", "devbox.toml can be read"),
    Check("project.files", "code", "version files are regular, readable files inside the project"),
    Check("platform.arch", "hardware", "the processor's architecture is one that [host] names"),
    Check("platform.memory", "hardware", "memory reaches [host] min_memory"),
    Check("platform.disk", "hardware", "free disk space at the project reaches [host] min_disk"),
    Check("platform.os", "os", "the operating system, its kernel, and whether it is WSL or a container"),
    Check("platform.release", "os_version", "the release of the operating system"),
    Check("platform.inotify", "os", "inotify allows enough watches for a project's files"),
    Check("platform.files", "os", "a process may open enough files"),
    Check("platform.locale", "configuration", "the locale's encoding is UTF-8"),
    Check("platform.env", "configuration", "the variables that [host] env names are set"),
    Check("gpu.driver", "hardware", "the NVIDIA driver answers and reaches [gpu] min_driver"),
    Check("gpu.memory", "hardware", "each GPU's memory reaches [gpu] min_memory"),
    Check("gpu.compute", "hardware", "each GPU reaches [gpu] min_compute_capability"),
    Check("engine.reachable", "system_packages", "a Docker Engine answers"),
)

BY_ID = {check.id: check for check in CHECKS}


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

    def any_of(self, *ids: str) -> bool:
        """Whether one of these checks runs."""
        return any(self.check(id) for id in ids)


def wanted(only: Iterable[str], skip: Iterable[str]) -> Wanted:
    """The selection of a command line; UsageError for a word that no check begins with."""
    chosen = Wanted(tuple(only), tuple(skip))
    for selector in (*chosen.only, *chosen.skip):
        if not any(_related(check.id, selector) for check in CHECKS):
            near = difflib.get_close_matches(selector, BY_ID, n=1, cutoff=0.5)
            hint = f"`devbox doctor --list-checks`{f' (did you mean `{near[0]}`?)' if near else ''}"
            raise UsageError(f"no check is called `{selector}`", hint=hint)
    return chosen


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
