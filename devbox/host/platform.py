"""Facts about this machine: processor, memory, disk, system, limits. An absent fact is None with a reason."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

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
    facts["container"] = _container(env)


def _container(env: Mapping[str, str]) -> str | None:
    """The kind of container that this process runs in; None outside one."""
    if os.path.exists("/.dockerenv"):
        return "docker"
    if os.path.exists("/run/.containerenv"):
        return "podman"
    return "kubernetes" if env.get("KUBERNETES_SERVICE_HOST") else None


def _release(facts: Facts, project_dir: str, env: Mapping[str, str]) -> None:
    def fields() -> dict[str, str]:
        for path in ("/etc/os-release", "/usr/lib/os-release"):
            if os.path.exists(path):
                lines = (line.partition("=") for line in _text(path).splitlines())
                return {name: value.strip().strip("\"'") for name, equals, value in lines if equals}
        raise ValueError("there is no os-release file")

    _put(facts, "distribution", lambda: fields()["ID"])
    _put(facts, "release", lambda: fields().get("VERSION_ID") or fields()["BUILD_ID"])
    _put(facts, "os_name", lambda: fields()["PRETTY_NAME"])


def _processor(facts: Facts, project_dir: str, env: Mapping[str, str]) -> None:
    _put(facts, "cpus", lambda: len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count())
    _put(facts, "cpu_model", _cpu_model)


def _cpu_model() -> str | None:
    for line in _text("/proc/cpuinfo").splitlines():
        name, _, value = line.partition(":")
        if name.strip() in ("model name", "Processor", "Model"):
            return value.strip()
    return None


def _memory(facts: Facts, project_dir: str, env: Mapping[str, str]) -> None:
    # Deferred: psutil costs 12 ms, and only this probe and the next need it.
    import psutil

    _put(facts, "memory", lambda: psutil.virtual_memory().total)
    _put(facts, "memory_available", lambda: psutil.virtual_memory().available)
    _put(facts, "memory_limit", _memory_limit)
    if facts["memory_limit"] is None:
        facts["memory_limit_reason"] = "no control group limits this process"


def _memory_limit() -> int | None:
    for path in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
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


def _limits(facts: Facts, project_dir: str, env: Mapping[str, str]) -> None:
    for name in ("max_user_watches", "max_user_instances"):
        _put(facts, f"inotify_{name}", partial(_number, f"/proc/sys/fs/inotify/{name}"))
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
