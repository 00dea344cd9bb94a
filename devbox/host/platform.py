"""Facts about this machine: processor, memory, disk, system, limits. An absent fact is None with a reason."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from devbox.host.processor import processor_facts

_READ_LIMIT = 64 * 1024
"""Bytes; of `/proc` and `/etc` files."""

Facts = dict[str, Any]


def platform_facts(project_dir: str, env: Mapping[str, str]) -> Facts:
    """Every platform fact of the report; sizes in bytes."""
    facts: Facts = {}
    for probe in (_system, _release, _processor, _memory, _disk, _libc, _locale, _limits):
        probe(facts, project_dir, env)
    return facts


def _put(facts: Facts, name: str, read: Callable[[], Any]) -> None:
    """The fact, or None with the system's words as `<name>_reason`."""
    try:
        value = read()
    except (OSError, ValueError, AttributeError, KeyError, IndexError) as error:
        words = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        facts[name], facts[f"{name}_reason"] = None, words or type(error).__name__
        return
    facts[name] = value
    if value is None:
        facts[f"{name}_reason"] = "this system does not tell"


def _system(facts: Facts, project_dir: str, env: Mapping[str, str]) -> None:
    uname = os.uname()
    facts["os"] = "macos" if sys.platform == "darwin" else uname.sysname.lower()
    facts["kernel"] = uname.release
    facts["arch"] = uname.machine
    facts["wsl"] = "microsoft" in uname.release.lower()
    facts["wsl_version"] = _wsl_version(uname.release)
    if facts["wsl_version"] is None:
        facts["wsl_version_reason"] = "this is not WSL"
    facts["container"] = _container(env)


def _wsl_version(kernel: str) -> int | None:
    """WSL 1 imitates `4.4.0-19041-Microsoft`, WSL 2 runs a kernel of its own, `5.15.0-microsoft-standard-WSL2`."""
    if "microsoft" not in kernel.lower():
        return None
    return 1 if kernel.endswith("-Microsoft") else 2


def _container(env: Mapping[str, str]) -> str | None:
    """The kind of container that this process runs in; None outside one."""
    if os.path.exists("/.dockerenv"):
        return "docker"
    if os.path.exists("/run/.containerenv"):
        return "podman"
    if env.get("KUBERNETES_SERVICE_HOST"):
        return "kubernetes"
    try:
        return _text("/run/systemd/container").strip() or None  # systemd's own word: lxc, systemd-nspawn, …
    except OSError:
        return "lxc" if env.get("container") == "lxc" else None


def _release(facts: Facts, project_dir: str, env: Mapping[str, str]) -> None:
    if sys.platform == "darwin":
        facts["distribution"] = "macos"
        _put(facts, "release", _macos_version)
        facts["os_name"] = f"macOS {facts['release']}" if facts["release"] else None
        if facts["os_name"] is None:
            facts["os_name_reason"] = facts["release_reason"]
        return

    def fields() -> dict[str, str]:
        for path in ("/etc/os-release", "/usr/lib/os-release"):
            if os.path.exists(path):
                lines = (line.partition("=") for line in _text(path).splitlines())
                return {name: value.strip().strip("\"'") for name, equals, value in lines if equals}
        raise ValueError("there is no os-release file")

    _put(facts, "distribution", lambda: fields()["ID"])
    _put(facts, "release", lambda: fields().get("VERSION_ID") or fields()["BUILD_ID"])
    _put(facts, "os_name", lambda: fields()["PRETTY_NAME"])


def _macos_version() -> str | None:
    """What `sw_vers` prints, from the file it reads."""
    text = _text("/System/Library/CoreServices/SystemVersion.plist")
    match = re.search(r"<key>ProductVersion</key>\s*<string>([^<]+)</string>", text)
    return match[1] if match else None


def _processor(facts: Facts, project_dir: str, env: Mapping[str, str]) -> None:
    _put(facts, "cpus", lambda: len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count())
    facts.update(processor_facts())


def _memory(facts: Facts, project_dir: str, env: Mapping[str, str]) -> None:
    # Deferred: psutil costs 12 ms, and only this probe and the next need it.
    import psutil

    _put(facts, "memory", lambda: psutil.virtual_memory().total)
    _put(facts, "memory_available", lambda: psutil.virtual_memory().available)
    _put(facts, "memory_limit", _memory_limit)
    if facts["memory_limit"] is None:
        facts["memory_limit_reason"] = "no control group limits this process"


def _memory_limit() -> int | None:
    return _cgroup_number("memory.max", "memory/memory.limit_in_bytes")


def _cgroup_number(*names: str) -> int | None:
    """The first limit that is there, in control groups of version 2 or 1; None where it is `max` or as good as that."""
    for path in (f"/sys/fs/cgroup/{name}" for name in names):
        if os.path.exists(path):
            text = _text(path).strip()
            return int(text) if text.isdecimal() and len(text) < 18 else None
    return None


def _disk(facts: Facts, project_dir: str, env: Mapping[str, str]) -> None:
    import psutil  # see _memory

    _put(facts, "disk", lambda: psutil.disk_usage(project_dir).total)
    _put(facts, "disk_free", lambda: psutil.disk_usage(project_dir).free)


def _libc(facts: Facts, project_dir: str, env: Mapping[str, str]) -> None:
    def version() -> str | None:
        try:
            return os.confstr("CS_GNU_LIBC_VERSION")
        except (ValueError, AttributeError):
            return "musl" if any(name.startswith("ld-musl-") for name in os.listdir("/lib")) else None

    _put(facts, "libc", version)


def _locale(facts: Facts, project_dir: str, env: Mapping[str, str]) -> None:
    _put(facts, "locale", lambda: next((env[name] for name in ("LC_ALL", "LC_CTYPE", "LANG") if env.get(name)), "C"))
    facts["encoding"] = sys.getfilesystemencoding()
    facts["time_zone"], facts["time_zone_origin"] = _time_zone(env)
    facts["time_zone_known"] = _zone_file(facts["time_zone"])
    if facts["time_zone_known"] is None:
        facts["time_zone_known_reason"] = "the zone is a rule of its own, or this system has no zone files"


def _time_zone(env: Mapping[str, str]) -> tuple[str, str]:
    """The zone that programs use, and who says so; UTC where nobody does."""
    if env.get("TZ"):
        return env["TZ"], "env:TZ"
    try:
        target = os.path.realpath("/etc/localtime")
        name = target.partition("/zoneinfo/")[2] if os.path.lexists("/etc/localtime") else ""
        name = name or _text("/etc/timezone").strip()
    except OSError:
        name = ""
    return (name, "/etc/localtime") if name else ("UTC", "nothing sets one")


def _zone_file(name: str) -> bool | None:
    """Whether the named zone exists; None where the name is a rule of its own (`CET-1CEST`), or no zones are here."""
    name = name.removeprefix(":")
    if not re.fullmatch(r"[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*", name) or re.search(r"[A-Za-z]{3,}[+-]?\d", name):
        return None
    folder = next((one for one in ("/usr/share/zoneinfo", "/var/db/timezone/zoneinfo") if os.path.isdir(one)), None)
    return os.path.isfile(os.path.join(folder, name)) if folder else None


def _limits(facts: Facts, project_dir: str, env: Mapping[str, str]) -> None:
    for name in ("max_user_watches", "max_user_instances"):
        _put(facts, f"inotify_{name}", partial(_number, f"/proc/sys/fs/inotify/{name}"))
    _put(facts, "pids_limit", lambda: _cgroup_number("pids.max", "pids/pids.max"))
    if facts["pids_limit"] is None:
        facts["pids_limit_reason"] = "no control group limits this process"
    try:
        # Not on every platform.
        import resource
    except ImportError:
        facts["open_files"], facts["open_files_reason"] = None, "this platform has no such limit"
        return
    _put(facts, "open_files", lambda: _limit(resource.getrlimit(resource.RLIMIT_NOFILE)[0], resource.RLIM_INFINITY))


def _limit(value: int, infinity: int) -> int | str:
    return "unlimited" if value == infinity else value


def _number(path: str) -> int:
    return int(_text(path))


def _text(path: str) -> str:
    with open(path, "rb") as file:
        return file.read(_READ_LIMIT).decode("utf-8", "replace")
