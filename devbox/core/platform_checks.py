"""Is the machine what `[host]` asks for: architecture, memory, disk, locale, variables. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from devbox.core.check_list import BY_ID
from devbox.core.checks import checked
from devbox.core.doctor import Judged
from devbox.core.facts import Origin
from devbox.core.findings import CheckResult, Finding, Severity

if TYPE_CHECKING:
    from devbox.core.project import HostNeeds

LOW_DISK = 1 << 30
"""Bytes; with less free than this the next build or installation fails, whatever `[host]` says."""
ARCHITECTURES = {"amd64": "x86_64", "x64": "x86_64", "arm64": "aarch64"}

_MORE_MEMORY = "close programs or give this machine more memory, or lower `[host] min_memory`"

Facts = Mapping[str, Any]
_Check = tuple[CheckResult, tuple[Finding, ...]]


def judge(facts: Facts, needs: HostNeeds, missing_env: tuple[str, ...]) -> Judged:
    """The checks of this page; `missing_env` are the names of `[host] env` that are not set anywhere."""
    results = [
        _arch(facts, needs), _size(facts, "memory", _memory(facts), needs.min_memory, needs),
        _size(facts, "disk", facts.get("disk_free"), needs.min_disk, needs), _locale(facts), _env(needs, missing_env),
    ]
    return Judged(
        tuple(check for check, _ in results), tuple(finding for _, found in results for finding in found),
        {"platform": facts},
    )


def size_text(size: int | None) -> str:
    """`8.0 GiB`, `512 MiB`."""
    if size is None:
        return "-"
    return f"{size / 2**30:.1f} GiB" if size >= 2**30 else f"{size // 2**20} MiB"


def _memory(facts: Facts) -> int | None:
    """What this process can have: the machine's memory, or its control group's limit where that is lower."""
    sizes = [size for size in (facts.get("memory"), facts.get("memory_limit")) if size is not None]
    return min(sizes) if sizes else None


def _arch(facts: Facts, needs: HostNeeds) -> _Check:
    actual = str(ARCHITECTURES.get(facts["arch"], facts["arch"]))
    accepted = [ARCHITECTURES.get(name, name) for name in needs.arch]
    expected = " or ".join(needs.arch)
    check = checked("platform.arch", subject="architecture", expected=expected, actual=actual, origin="uname")
    if not accepted or actual in accepted:
        return check, ()
    message = f"this machine is {actual}, {_where(needs)} asks for {expected}"
    hint = f"use such a machine, or add `{actual}` to `[host] arch`"
    return check, (_finding("platform.arch", message, "error", expected, actual, needs, hint),)


def _size(facts: Facts, name: str, actual: int | None, minimum: int | None, needs: HostNeeds) -> _Check:
    id = f"platform.{name}"
    expected = f">={size_text(minimum)}" if minimum is not None else ""
    reason = facts.get(f"{name}_reason", "not known") if actual is None else None
    check = checked(id, subject=name, expected=expected, actual=size_text(actual), origin="psutil", unknown=reason)
    if actual is None:
        return check, ()
    if minimum is None or actual >= minimum:
        return check, _low_disk(actual) if name == "disk" else ()
    what = "memory is" if name == "memory" else "free disk space is"
    hint = "`docker system df` shows what the engine holds" if name == "disk" else _MORE_MEMORY
    message = f"{what} {size_text(actual)}, {_where(needs)} asks for {size_text(minimum)}"
    return check, (_finding(id, message, "error", expected, size_text(actual), needs, hint),)


def _low_disk(free: int) -> tuple[Finding, ...]:
    if free >= LOW_DISK:
        return ()
    message = f"only {size_text(free)} are free on the project's file system"
    hint = "`docker system df` shows what the engine holds, `du -xhd1 ~ | sort -h` what you do"
    return (_finding("platform.disk", message, "warn", f">={size_text(LOW_DISK)}", size_text(free), None, hint),)


def _locale(facts: Facts) -> _Check:
    locale, encoding = facts.get("locale") or "C", str(facts.get("encoding") or "")
    check = checked("platform.locale", subject="locale", actual=locale, origin="environment", evidence=encoding)
    if encoding.lower().replace("-", "") == "utf8":
        return check, ()
    message = f"the locale {locale} has the encoding {encoding}; names and logs beyond ASCII get lost"
    return check, (_finding("platform.locale", message, "warn", "UTF-8", encoding, None, "`export LANG=C.UTF-8`"),)


def _env(needs: HostNeeds, missing: tuple[str, ...]) -> _Check:
    subject = "environment" if needs.env else ""
    actual = f"{len(needs.env) - len(missing)} of {len(needs.env)} set"
    check = checked("platform.env", subject=subject, expected=", ".join(needs.env), actual=actual, origin="environment")
    return check, tuple(
        Finding(
            id=f"platform.env.{name}", check="platform.env", layer="configuration", severity="error", subject=name,
            message=f"the variable {name} is not set, {_where(needs)} asks for it", expected="set", actual="missing",
            origin=needs.origin, hint=f"`export {name}=value`, or a line in the file that `env_file` names",
        )
        for name in missing
    )


def _finding(
    id: str, message: str, severity: Severity, expected: str, actual: str, needs: HostNeeds | None, hint: str | None
) -> Finding:
    origin: Origin | None = needs.origin if needs else None
    return Finding(
        id=id, check=id, layer=BY_ID[id].layer, severity=severity, subject=BY_ID[id].id.partition(".")[2],
        message=message, expected=expected, actual=actual, origin=origin, hint=hint,
    )


def _where(needs: HostNeeds) -> str:
    return f"`{needs.origin}`" if needs.origin else "`[host]`"
