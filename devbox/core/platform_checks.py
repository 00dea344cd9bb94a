"""Is the machine what `[host]` asks for, and fit for development at all: platform facts → checks and findings. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from devbox.core.check_list import BY_ID
from devbox.core.checks import checked
from devbox.core.doctor import Judged
from devbox.core.facts import Origin
from devbox.core.findings import CheckResult, Finding, Severity
from devbox.core.project import HostNeeds

WATCHES = 65_536
"""inotify watches below which watching an ordinary project fails; 524288 is what editors ask for."""
OPEN_FILES = 1024
ARCHITECTURES = {"amd64": "x86_64", "x64": "x86_64", "arm64": "aarch64"}

_MORE_MEMORY = "close programs or give this machine more memory, or lower `[host] min_memory`"

Facts = Mapping[str, Any]
_Check = tuple[CheckResult, tuple[Finding, ...]]


def judge(facts: Facts, needs: HostNeeds, missing_env: tuple[str, ...]) -> Judged:
    """Every platform check; `missing_env` are the names of `[host] env` that are not set anywhere."""
    results = [
        _arch(facts, needs), _size(facts, "memory", _memory(facts), needs.min_memory, needs),
        _size(facts, "disk", facts.get("disk_free"), needs.min_disk, needs), _system(facts), _release(facts),
        _watches(facts), _files(facts), _locale(facts), _env(needs, missing_env),
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
    if actual is None or minimum is None or actual >= minimum:
        return check, ()
    what = "memory is" if name == "memory" else "free disk space is"
    hint = "`docker system df` shows what the engine holds" if name == "disk" else _MORE_MEMORY
    message = f"{what} {size_text(actual)}, {_where(needs)} asks for {size_text(minimum)}"
    return check, (_finding(id, message, "error", expected, size_text(actual), needs, hint),)


def _system(facts: Facts) -> _Check:
    actual = f"{facts['os']} {facts['kernel']}"
    where = "WSL" if facts.get("wsl") else f"{facts['container']} container" if facts.get("container") else "uname"
    return checked("platform.os", subject="system", actual=actual, origin=where, evidence=f"{actual}, {where}"), ()


def _release(facts: Facts) -> _Check:
    name = facts.get("os_name")
    reason = None if name or facts["os"] == "macos" else facts.get("os_name_reason")
    check = checked("platform.release", subject="release", actual=name or "-", origin="os-release", unknown=reason)
    return check, ()


def _watches(facts: Facts) -> _Check:
    value = facts.get("inotify_max_user_watches")
    reason = None if value is not None or facts["os"] != "linux" else facts.get("inotify_max_user_watches_reason")
    check = checked(
        "platform.inotify", subject="inotify watches", expected=f">={WATCHES}",
        actual=str(value) if value is not None else "-", origin="/proc/sys/fs/inotify", unknown=reason,
    )
    if value is None or value >= WATCHES:
        return check, ()
    message = f"inotify allows {value} watches a user; watching a project's files needs more"
    hint = "`sudo sysctl fs.inotify.max_user_watches=524288`"
    return check, (_finding("platform.inotify", message, "warn", f">={WATCHES}", str(value), None, hint),)


def _files(facts: Facts) -> _Check:
    value = facts.get("open_files")
    check = checked(
        "platform.files", subject="open files", expected=f">={OPEN_FILES}", actual=str(value or "-"), origin="ulimit",
        unknown=facts.get("open_files_reason") if value is None else None,
    )
    if not isinstance(value, int) or value >= OPEN_FILES:
        return check, ()
    message = f"a process may open {value} files; builds and watchers need at least {OPEN_FILES}"
    hint = "`ulimit -n 4096`"
    return check, (_finding("platform.files", message, "warn", f">={OPEN_FILES}", str(value), None, hint),)


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
