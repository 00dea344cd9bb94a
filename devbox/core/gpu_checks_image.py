"""Does the image's CUDA run on this driver and reach these GPUs. Pure; the rules are in `core/cuda.py`.

What the image itself demands (NVIDIA_REQUIRE_CUDA, known where the image is here) decides first, NVIDIA's tables
after it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from devbox.core.checks import checked
from devbox.core.cuda import Driver, architecture, dotted, driver_level, full_driver, minimum_driver, numbers, support
from devbox.core.cuda_require import parse_requirement, satisfied
from devbox.core.cuda_tables import FORWARD_BRANDS
from devbox.core.facts import Origin
from devbox.core.findings import CheckResult, Finding, Severity
from devbox.core.gpu_checks_causes import newer_driver
from devbox.core.gpu_checks_result import Result, finding, label, order, severity_of
from devbox.core.project import GpuNeeds

Facts = Mapping[str, Any]
Verdict = tuple[str, Severity, str, str] | str | None
"""A finding's id, severity, message and next step; or why nothing can be said; or None: it fits."""

_ELSEWHERE = "the engine is on another machine, whose driver is not asked"


def judge_images(facts: Facts, needs: GpuNeeds | None, platform: Facts) -> tuple[Result, Result]:
    """`gpu.cuda` and `gpu.architecture`, over every image of the project that carries CUDA."""
    images = facts.get("images") or ()
    elsewhere = (facts.get("engine") or {}).get("local") is False
    if not images or elsewhere:
        reason = _ELSEWHERE if images else None
        cuda, arch = (checked(id, unknown=reason) for id in ("gpu.cuda", "gpu.architecture"))
        return (cuda, ()), (arch, ())
    return _cuda(facts, images, needs, platform), _architecture(facts["devices"], images, needs)


def _cuda(facts: Facts, images: Sequence[Facts], needs: GpuNeeds | None, platform: Facts) -> Result:
    driver = _driver(facts, platform)
    verdicts = [_fits(image, driver, facts, needs, platform) for image in images]
    known = [image for image in images if image.get("cuda")]
    reasons = [verdict for verdict in verdicts if isinstance(verdict, str)]
    lowest = max(known, key=lambda image: order(image["cuda"]), default=None)
    check = checked(
        "gpu.cuda", subject="cuda of the image", expected=f"CUDA {lowest['cuda']}" if lowest else "",
        actual=f"driver {facts.get('driver') or '-'}, CUDA {facts.get('cuda_driver') or '-'}", origin="NVML",
        evidence="; ".join(f"{image['ref']}: CUDA {image['cuda']} by {image['source']}" for image in known),
        unknown=reasons[0] if reasons else None,
    )
    return check, _found(check, images, verdicts, needs)


def _driver(facts: Facts, platform: Facts) -> Driver:
    """The driver as the rules see it; a GPU of a gamer among data centre ones decides, for it can do less."""
    brands = [str(device["brand"]) for device in facts["devices"] if device.get("brand")]
    lesser = [brand for brand in brands if brand not in FORWARD_BRANDS]
    brand = next(iter([*lesser, *brands]), None)
    version = None if platform.get("wsl") else facts.get("driver")
    return Driver(version, facts.get("cuda_driver"), brand)


def _fits(image: Facts, driver: Driver, facts: Facts, needs: GpuNeeds | None, platform: Facts) -> Verdict:
    demanded = _demanded(image, facts, driver)
    if isinstance(demanded, str):
        wanted = full_driver(numbers(image.get("cuda") or ""))
        step = newer_driver(wanted, platform) if wanted else "use an image with an older CUDA"
        return "gpu.cuda.refused", severity_of(needs), demanded, step
    if not image.get("cuda"):
        return None if demanded else f"{image['ref']}: {image.get('reason') or 'its CUDA version is not known'}"
    toolkit = numbers(image["cuda"])
    level = driver_level(toolkit, driver)
    said = f"driver {facts.get('driver') or '-'} (CUDA {facts.get('cuda_driver') or '-'})"
    if level == "minor":
        wanted = full_driver(toolkit)
        message = f"{image['ref']} carries CUDA {image['cuda']}, which {said} runs without its newest features"
        step = newer_driver(wanted, platform) if wanted else "update the NVIDIA driver"
        return "gpu.cuda.minor", "info", message, f"{step}, if a program needs them"
    if level == "forward" and not demanded:
        package = f"cuda-compat-{toolkit[0]}-{(*toolkit, 0)[1]}"
        return f"{image['ref']} runs on {said} only with {package} in the image"
    if level == "no":
        least = minimum_driver(toolkit)
        needed = f"needs driver {least} or newer" if least else "is newer than this driver"
        message = f"{image['ref']} carries CUDA {image['cuda']}, which {needed}; this machine has {said}"
        step = newer_driver(least, platform) if least else "update the NVIDIA driver"
        return "gpu.cuda.driver", severity_of(needs), message, step
    return f"what {said} supports is not known for CUDA {image['cuda']}" if level == "unknown" else None


def _demanded(image: Facts, facts: Facts, driver: Driver) -> str | bool:
    """Whether the image's own requirements hold on every GPU: True, False where they do not say; else the refusal."""
    texts = image.get("requires") or ()
    sure = bool(texts)
    for text in texts:
        try:
            requirement = parse_requirement(text)
        except ValueError as error:
            return f"{image['ref']} has a requirement that NVIDIA's runtime refuses: {error}"
        for device in facts["devices"]:
            known = {
                "cuda": facts.get("cuda_driver"), "driver": driver.version, "brand": device.get("brand"),
                "arch": device.get("compute_capability"),
            }
            holds = satisfied(requirement, known)
            if holds is False:
                first = text.split(" ")[0]
                return (
                    f"{image['ref']} asks for `{first}` or older drivers that it lists; "
                    f"driver {facts.get('driver')} (CUDA {facts.get('cuda_driver')}) is neither"
                )
            sure = sure and holds is True
    return sure


def _architecture(devices: Sequence[Facts], images: Sequence[Facts], needs: GpuNeeds | None) -> Result:
    known = [image for image in images if image.get("cuda")]
    capable = [device for device in devices if device.get("compute_capability")]
    verdicts = [(device, image, _reaches(device, image, needs)) for device in capable for image in known]
    reasons = [verdict for _, _, verdict in verdicts if isinstance(verdict, str)]
    reasons += [f"{label(device)}: its compute capability is not known" for device in devices if device not in capable]
    reasons += [f"{image['ref']}: {image.get('reason')}" for image in images if image not in known]
    lowest = min(capable, key=lambda device: order(device["compute_capability"]), default=None)
    several = len({device["compute_capability"] for device in capable}) > 1
    listed = "; ".join(f"{label(device)}: {device['compute_capability']}" for device in capable)
    check = checked(
        "gpu.architecture", subject="gpu architecture",
        expected=", ".join(f"CUDA {image['cuda']}" for image in known),
        actual=lowest["compute_capability"] if lowest else "-", origin=label(lowest) if lowest else "NVML",
        evidence=f"the lowest of {len(capable)} GPUs decides: {listed}" if several else listed,
        unknown=reasons[0] if reasons else None,
    )
    return check, _found(check, (image for _, image, _ in verdicts), (verdict for *_, verdict in verdicts), needs)


def _found(
    check: CheckResult, images: Iterable[Facts], verdicts: Iterable[Verdict], needs: GpuNeeds | None
) -> tuple[Finding, ...]:
    return tuple(
        finding(check.id, verdict[0], verdict[1], verdict[2], check, needs, verdict[3], _origin(image))
        for image, verdict in zip(images, verdicts, strict=True)
        if isinstance(verdict, tuple)
    )


def _reaches(device: Facts, image: Facts, needs: GpuNeeds | None) -> Verdict:
    """Whether the image's toolkit makes code for this GPU."""
    capability, toolkit = numbers(device["compute_capability"]), numbers(image["cuda"])
    way, found = support(capability, toolkit), architecture(capability)
    id = f"gpu.architecture.{device['index']}"
    if found is None or way == "unknown":
        return f"{label(device)}: what CUDA {image['cuda']} does for {device['compute_capability']} is not known"
    said = f"{label(device)} is {found.name} ({device['compute_capability']})"
    if way == "dropped" and found.last is not None:
        message = f"{said}, and CUDA {image['cuda']} of {image['ref']} has no code for it any more"
        return id, severity_of(needs), message, f"use an image with CUDA {dotted(found.last)} or older"
    if way == "ptx":
        message = f"{said}, and CUDA {image['cuda']} of {image['ref']} is older than it: most programs find no code"
        return id, "warn", message, f"use an image with CUDA {dotted(found.first)} or newer"
    return None


def _origin(image: Facts) -> Origin | None:
    return Origin(image["path"], image.get("line")) if image.get("path") else None
