"""Does an engine answer, and can it do what devbox asks of it: engine facts → checks and findings. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from devbox.core.checks import checked
from devbox.core.doctor import Judged
from devbox.core.facts import Origin
from devbox.core.findings import Finding
from devbox.core.judging import Verdict, collect, found, look
from devbox.core.platform_checks import ARCHITECTURES, LOW_DISK, size_text
from devbox.core.version import release_numbers

ID = "engine.reachable"
START = "`devbox engine start`"
SKEW = 5.0
"""Seconds two clocks may differ before builds, certificates and file times suffer."""
OLDEST_FULL = (23, 0)
"""The engine whose own `docker build` is BuildKit (Docker Engine 23.0 release notes, 2023-02-01)."""
_DRIVERS = {
    "vfs": "copies every layer in full: builds are slow and the disk fills",
    "aufs": "was removed from Docker Engine 24.0",
    "devicemapper": "was removed from Docker Engine 25.0",
    "overlay": "was removed from Docker Engine 24.0",
}
"""Storage driver → what is wrong with it (Docker Engine, deprecated features, 2025-06)."""

Facts = Mapping[str, Any]


def judge(facts: Facts, *, has_box: bool, arch: str = "", env: Mapping[str, str] | None = None) -> Judged:
    """No engine is a finding only with a box to launch; what an engine lacks is one only where it answers."""
    verdicts = [_reachable(facts, has_box), _context(facts, env or {})]
    if facts.get("version") is not None:  # else the others can't run, which `engine.reachable` says once
        verdicts += [
            _version(facts, has_box), _builder(facts), _storage(facts), _cgroups(facts), _disk(facts), _clock(facts),
            _platform(facts, arch),
        ]
    judged = collect(verdicts)
    told = {"engine": {name: value for name, value in facts.items() if name != "hint"}}
    return Judged(judged.checks, judged.findings, told)


def _reachable(facts: Facts, has_box: bool) -> Verdict:
    version, reason = facts.get("version"), facts.get("version_reason")
    check = checked(
        ID, subject="engine" if version or has_box else "", expected=">=20.10" if has_box else "",
        actual=version or "-",
        origin=facts.get("endpoint") or "", evidence=str(facts.get("endpoint_source") or ""),
        unknown=None if version or not has_box else reason,
    )
    if version is not None or not has_box:
        return check, ()
    return check, (
        Finding(
            id=ID, check=ID, layer="system_packages", severity="warn", subject="engine", message=str(reason),
            expected=">=20.10", actual=None, hint=facts.get("hint") or START,
        ),
    )


def _version(facts: Facts, has_box: bool) -> Verdict:
    version = str(facts["version"])
    check = look("engine.version", f"engine {version}, API {facts.get('api_version')}")
    numbers = release_numbers(version)
    # devbox's own engine is nothing that a user upgrades; with BuildKit at hand nothing is lacking there.
    own = facts.get("endpoint_source") == "private engine" and facts.get("buildkit") is not False
    if not has_box or not numbers or numbers >= OLDEST_FULL or own:
        return check, ()
    message = f"the engine is {version}; before 23.0 its own builder is the classic one, and BuildKit needs buildx"
    return check, (
        found(
            "engine.version", "info", message, subject="engine version", expected=">=23.0", actual=version,
            hint="upgrade the engine: https://docs.docker.com/engine/install/",
        ),
    )


def _builder(facts: Facts) -> Verdict:
    builder = facts.get("builder")
    if builder is None:
        reason = str(facts.get("builder_reason") or "")
        nothing = reason == "nothing here is built"
        return look("engine.builder", reason, unknown=None if nothing else reason), ()
    limits = ", ".join(facts.get("builder_limits") or ())
    check = look("engine.builder", f"{builder}{f'; {limits}' if limits else ''}")
    if facts.get("buildkit"):
        return check, ()
    message = f"images are built by the {builder}: no cache mounts, no secrets, steps one after another"
    return check, (
        found(
            "engine.builder", "info", message, subject="builder", expected="buildx", actual=str(builder),
            hint="`sudo apt-get install docker-buildx-plugin`, or `docker-buildx` from your distribution",
        ),
    )


def _storage(facts: Facts) -> Verdict:
    driver = facts.get("storage_driver")
    if driver is None:
        return look("engine.storage", unknown=facts.get("storage_driver_reason")), ()
    store = " in containerd's image store" if facts.get("containerd_store") else ""
    check = look("engine.storage", f"{driver}{store}")
    wrong = _DRIVERS.get(str(driver))
    if wrong is None:
        return check, ()
    message = f"the engine's storage driver is {driver}, which {wrong}"
    hint = 'put `{"storage-driver": "overlay2"}` into `/etc/docker/daemon.json`, then `sudo systemctl restart docker`'
    return check, (
        found("engine.storage", "warn", message, subject="storage driver", expected="overlay2", actual=str(driver),
              hint=hint),
    )  # fmt: skip


def _cgroups(facts: Facts) -> Verdict:
    version = facts.get("cgroup_version")
    check = look(
        "engine.cgroups", f"control groups v{version}, driver {facts.get('cgroup_driver')}",
        unknown=facts.get("cgroup_version_reason") if version is None else None,
    )
    if version != "1" or not facts.get("rootless"):
        return check, ()
    message = "the engine is rootless on control groups v1: limits on memory, CPU and processes do nothing"
    hint = "boot with `systemd.unified_cgroup_hierarchy=1` on the kernel's command line"
    return check, (
        found("engine.cgroups", "warn", message, subject="control groups", expected="v2", actual="v1", hint=hint),
    )


def _disk(facts: Facts) -> Verdict:
    free = facts.get("data_root_free")
    if free is None:
        return look("engine.disk", unknown=facts.get("data_root_free_reason") or "not known"), ()
    check = look("engine.disk", f"{size_text(free)} free at {facts.get('data_root')}")
    if free >= LOW_DISK:
        return check, ()
    message = f"only {size_text(free)} are free where the engine keeps its data ({facts.get('data_root')})"
    return check, (
        found(
            "engine.disk", "warn", message, subject="engine disk", expected=f">={size_text(LOW_DISK)}",
            actual=size_text(free), hint="`docker system df` shows what takes the space, `docker builder prune` frees "
            "cache that nothing uses",
        ),
    )


def _clock(facts: Facts) -> Verdict:
    skew = facts.get("clock_skew")
    if skew is None:
        return look("engine.clock", unknown=facts.get("clock_skew_reason") or "not known"), ()
    check = look("engine.clock", f"{skew:+g} s")
    if abs(skew) <= SKEW:
        return check, ()
    message = f"the engine's clock is {abs(skew):g} s {'ahead of' if skew > 0 else 'behind'} this machine's"
    hint = "`sudo hwclock --hctosys` in the engine's machine; for Docker Desktop, restart it"
    return check, (
        found("engine.clock", "warn", message, subject="engine clock", expected=f"within {SKEW:g} s",
              actual=f"{skew:+g} s", hint=hint),
    )  # fmt: skip


def _platform(facts: Facts, arch: str) -> Verdict:
    """Engine against processor (where the engine is here), and the box's image against the engine."""
    engine, image = _arch(facts.get("arch")), _arch(facts.get("box_image_arch"))
    check = look("engine.platform", f"engine {engine or 'unknown'}, box image {image or 'not there yet'}",
                 unknown=None if engine else facts.get("arch_reason"))  # fmt: skip
    if engine and arch and facts.get("local") and engine != _arch(arch):
        message = f"the engine runs on {engine}, this machine's programs on {_arch(arch)}: one of them is emulated"
        hint = "install the engine, or Python, for this machine's own architecture"
        return check, (
            found("engine.platform", "warn", message, name="engine", expected=_arch(arch), actual=engine, hint=hint),
        )
    if engine and image and image != engine:
        ref = facts.get("box_image")
        message = f"the box's image {ref} is for {image}, the engine runs on {engine}: everything in it is emulated"
        hint = f"`docker pull --platform linux/{facts.get('arch')} {ref}`, or `devbox rebuild`"
        return check, (
            found("engine.platform", "warn", message, name="image", expected=engine, actual=image, hint=hint),
        )
    return check, ()


def _context(facts: Facts, env: Mapping[str, str]) -> Verdict:
    check = look("engine.context", str(facts.get("endpoint_source") or ""))
    both = bool(env.get("DOCKER_HOST")) and bool(env.get("DOCKER_CONTEXT"))
    if not both or facts.get("endpoint_source") == "--engine":
        return check, ()
    message = "DOCKER_HOST and DOCKER_CONTEXT are both set: devbox and docker use DOCKER_HOST and ignore the context"
    return check, (
        found(
            "engine.context", "warn", message, subject="DOCKER_CONTEXT", expected="one of them", actual="both",
            origin=Origin("env:DOCKER_HOST"), hint="`unset DOCKER_HOST`, or `unset DOCKER_CONTEXT`",
        ),
    )


def _arch(name: Any) -> str:
    return ARCHITECTURES.get(str(name), str(name)) if name else ""
