"""The processor: is it new enough for the project's images, and is anything emulated. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from devbox.core.facts import Origin
from devbox.core.findings import ImageRow
from devbox.core.judging import Verdict, found, look
from devbox.core.platform_checks import ARCHITECTURES
from devbox.core.release_table import needed_cpu_level, release_of_image

Facts = Mapping[str, Any]


def judge_cpu(facts: Facts, images: Iterable[ImageRow]) -> Verdict:
    """`platform.cpu`: the x86-64 level against what the base images' releases are built for."""
    level = facts.get("cpu_level")
    model = str(facts.get("cpu_model") or "")
    if level is None:
        applies = ARCHITECTURES.get(facts["arch"], facts["arch"]) == "x86_64"
        return look("platform.cpu", model, unknown=facts.get("cpu_level_reason") if applies else None), ()
    check = look("platform.cpu", f"x86-64-v{level}, {model}", line="cpu level", actual=f"x86-64-v{level}",
                 origin="/proc/cpuinfo")  # fmt: skip
    for image in images:
        release = release_of_image(image.name or "", image.tag or "")
        needed = needed_cpu_level(release) if release else 1
        if needed > level:
            message = f"the processor is x86-64-v{level}, {image.ref} is built for x86-64-v{needed}"
            finding = found(
                "platform.cpu", "error", message, subject="cpu level", expected=f"x86-64-v{needed}",
                actual=f"x86-64-v{level}", origin=Origin(image.path, image.line),
                hint=f"use an older base image in `{image.path}:{image.line}`, or a newer machine",
            )
            return check, (finding,)
    return check, ()


def judge_emulation(facts: Facts) -> Verdict:
    """`platform.emulation`: whether this process itself runs on an emulated processor."""
    emulator = facts.get("emulation")
    foreign = facts.get("emulators") or ()
    evidence = f"the kernel hands {', '.join(foreign)} to an emulator" if foreign else "no emulator is registered"
    check = look("platform.emulation", evidence)
    if emulator is None:
        return check, ()
    arch = facts["arch"]
    message = f"devbox runs as an {arch} program under {emulator}: what it starts is slow and {arch}'s too"
    return check, (
        found(
            "platform.emulation", "warn", message, subject="emulation", expected="native", actual=emulator,
            hint="install Python for this machine's own architecture; `python3 -c 'import platform; "
            "print(platform.machine())'` shows which one runs",
        ),
    )
