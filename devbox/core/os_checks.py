"""The operating system: what it is, whether it is still maintained, and whether its limits are high enough. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from devbox.core.findings import Finding
from devbox.core.judging import Verdict, found, look
from devbox.core.release_table import SOURCE, Date, release_of

WATCHES = 16_384
"""inotify watches below which watching an ordinary project fails: old kernels' 8192 is too few, and what a kernel since
5.11 gives a laptop with 4 GiB is enough. Editors ask for 524288."""
INSTANCES = 128
"""inotify instances a user: the kernel's own default; one for each watcher that runs."""
OPEN_FILES = 1024
OPEN_FILES_ON_MACOS = 256
"""What every shell there starts with; programs that need more raise it themselves."""
PIDS = 512
"""Processes; a parallel build, a test runner and an editor's servers need some hundreds."""
_UTC = frozenset({"UTC", "Etc/UTC", "Universal", "Zulu", "UCT", "Etc/UCT", "GMT", "Etc/GMT"})
"""Names of one zone (tzdata, file `backward`)."""
_SYSCTL = "/proc/sys/fs/inotify"

Facts = Mapping[str, Any]


def judge_os(facts: Facts, today: Date, box_zone: str | None = None) -> list[Verdict]:
    """Every check of the operating system. `box_zone` is the time zone that the project's box has; None without one."""
    return [
        _system(facts), _release(facts, today),
        _watches(facts), _instances(facts), _files(facts), _pids(facts),
        _time_zone(facts, box_zone),
    ]


def _system(facts: Facts) -> Verdict:
    actual = f"{facts['os']} {facts['kernel']}"
    wsl = f"WSL {facts.get('wsl_version') or ''}".strip()
    where = wsl if facts.get("wsl") else f"{facts['container']} container" if facts.get("container") else "uname"
    check = look("platform.os", f"{actual}, {where}", line="system", actual=actual, origin=where)
    if facts.get("wsl_version") != 1:
        return check, ()
    message = "this is WSL 1: it has no Linux kernel, so no Docker Engine, no inotify between systems and slow files"
    hint = "in Windows: `wsl --set-version DISTRIBUTION 2` (`wsl -l -v` names it)"
    return check, (found("platform.os", "warn", message, subject="WSL", expected="2", actual="1", hint=hint),)


def _release(facts: Facts, today: Date) -> Verdict:
    name = facts.get("os_name")
    release = release_of(str(facts.get("distribution") or ""), str(facts.get("release") or ""))
    end = "-".join(f"{part:02}" for part in release.end) if release else None
    evidence = f"supported until {end} ({SOURCE})" if end else "its end of support is not in devbox's table"
    check = look(
        "platform.release", evidence, line="release", actual=name or "-", origin="os-release",
        unknown=None if name else facts.get("os_name_reason"),
    )
    if release is None or today <= release.end:
        return check, ()
    message = f"{name} gets no more security fixes since {end} ({SOURCE})"
    return check, (
        found(
            "platform.release", "warn", message, subject="release", expected="a supported release", actual=name,
            hint="upgrade the system, or work in a box with a supported base image",
        ),
    )


def _watches(facts: Facts) -> Verdict:
    message = "inotify allows {value} watches a user; watching a project's files needs more"
    return _limit(
        facts, "platform.inotify", "inotify watches", "inotify_max_user_watches", WATCHES, message,
        "`sudo sysctl fs.inotify.max_user_watches=524288`", _SYSCTL,
    )


def _instances(facts: Facts) -> Verdict:
    message = "inotify allows {value} instances a user; each watcher, editor and test runner takes one"
    return _limit(
        facts, "platform.instances", "", "inotify_max_user_instances", INSTANCES, message,
        "`sudo sysctl fs.inotify.max_user_instances=512`", _SYSCTL,
    )


def _files(facts: Facts) -> Verdict:
    least = OPEN_FILES_ON_MACOS if facts["os"] == "macos" else OPEN_FILES
    message = f"a process may open {{value}} files; builds and watchers need at least {OPEN_FILES}"
    return _limit(facts, "platform.files", "open files", "open_files", least, message, "`ulimit -n 4096`", "ulimit")


def _pids(facts: Facts) -> Verdict:
    message = "this control group may hold {value} processes; a parallel build needs more"
    if facts.get("pids_limit") is None:
        return look("platform.pids", str(facts.get("pids_limit_reason") or "no limit")), ()
    return _limit(
        facts, "platform.pids", "", "pids_limit", PIDS, message, "`docker run --pids-limit 4096`, or the same in "
        "whatever started this container", "pids.max",
    )


def _limit(
    facts: Facts, id: str, line: str, fact: str, least: int, message: str, hint: str, origin: str
) -> Verdict:
    """One number that must not be lower than `least`; a limit that another system does not have is no finding."""
    value = facts.get(fact)
    reason = facts.get(f"{fact}_reason") if value is None and facts["os"] == "linux" else None
    check = look(
        id, f"{fact} = {value}", line=line, expected=f">={least}", actual=str(value if value is not None else "-"),
        origin=origin, unknown=reason,
    )
    if not isinstance(value, int) or value >= least:
        return check, ()
    return check, (
        found(
            id, "warn", message.format(value=value), subject=line or fact.replace("_", " "),
            expected=f">={least}", actual=str(value), hint=hint,
        ),
    )


def _time_zone(facts: Facts, box_zone: str | None) -> Verdict:
    zone, origin = str(facts.get("time_zone") or "UTC"), str(facts.get("time_zone_origin") or "")
    check = look("platform.timezone", f"{zone}, by {origin}")
    if facts.get("time_zone_known") is not False:
        return check, _box_zone(zone, origin, box_zone)
    message = f"the time zone {zone} ({origin}) is not one that this system knows, so programs silently use UTC"
    return check, (
        found(
            "platform.timezone", "warn", message, subject="time zone", expected="a zone of this system", actual=zone,
            hint="`ls /usr/share/zoneinfo` shows the names; `export TZ=UTC` where UTC is meant",
        ),
    )


def _box_zone(zone: str, origin: str, box_zone: str | None) -> tuple[Finding, ...]:
    """Dates that differ between this machine and the box are no fault, but worth knowing."""
    if box_zone is None or zone.removeprefix(":") == box_zone or {zone, box_zone} <= _UTC:
        return ()
    message = f"this machine is in the time zone {zone} ({origin}), the box in {box_zone}: local times differ"
    return (
        found(
            "platform.timezone", "info", message, name="box", subject="time zone", expected=zone, actual=box_zone,
            hint=f'`env = {{ TZ = "{zone}" }}` in `[box]`, where both should agree',
        ),
    )
