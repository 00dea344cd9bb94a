"""The .NET host: which SDK a global.json selects (spec/toolchains.md 11).

Pure. Source: `sdk_resolver::matches_policy` and `is_better_match` of the host (`corehost/fxr`).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from devbox.core.frozen import dataclass
from devbox.core.version import Interval, Point, Range, after, point, prerelease_stage

_NUMBER = r"(0|[1-9][0-9]{0,8})"
_VERSION = re.compile(
    rf"{_NUMBER}\.{_NUMBER}\.{_NUMBER}(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?(?:\+[0-9A-Za-z.-]+)?", re.ASCII
)
POLICIES = (
    "disable", "patch", "feature", "minor", "major", "latestPatch", "latestFeature", "latestMinor", "latestMajor",
)


@dataclass(frozen=True, slots=True)
class Request:
    """What a global.json asks for. Without a version every SDK fits and the newest wins."""

    version: str | None = None
    policy: str = "latestmajor"
    """In lower case."""
    prereleases: bool = True


def is_version(text: str) -> bool:
    """Whether it is a full version; the host ignores a file that names any other."""
    return _parse(text) is not None


def policy_of(text: str) -> str | None:
    """The rollForward word in lower case, None for an unknown one."""
    return text.lower() if text.lower() in [policy.lower() for policy in POLICIES] else None


def select(request: Request, installed: Collection[str]) -> str | None:
    """The SDK that runs, or None where the host refuses every command."""
    wanted = _parse(request.version) if request.version else None
    if wanted is not None and request.policy in ("disable", "patch") and request.version in installed:
        return request.version
    if request.policy == "disable":
        return None
    best: tuple[Point, str] | None = None
    for name in sorted(installed):
        place = _parse(name)
        if place is not None and _fits(request, wanted, place) and (
            best is None or _is_better(request, wanted, place, best[0])
        ):
            best = (place, name)
    return best[1] if best else None


def sdk_range(request: Request) -> Range | None:
    """The versions that the request accepts."""
    wanted = _parse(request.version) if request.version else None
    if wanted is None or request.version is None:
        return None
    major, minor, patch = _three(wanted)
    ends: dict[str, Point | None] = {
        "disable": after(wanted),
        "patch": point((major, minor, (patch // 100 + 1) * 100), prerelease_stage(())),
        "feature": point((major, minor + 1), prerelease_stage(())),
        "minor": point((major + 1,), prerelease_stage(())),
    }
    return Range(request.version, (Interval(wanted, ends.get(request.policy.removeprefix("latest"))),))


def newest(installed: Iterable[str]) -> str | None:
    """The newest SDK, pre-releases included."""
    return select(Request(), tuple(installed))


def _fits(request: Request, wanted: Point | None, place: Point) -> bool:
    if not request.prereleases and place[1][0] < 0:
        return False
    if wanted is None:
        return True
    have, want = _three(place), _three(wanted)
    level = request.policy.removeprefix("latest")
    kept = {"patch": 3, "feature": 2, "minor": 1}.get(level, 0)
    bands = ((*have[:2], have[2] // 100), (*want[:2], want[2] // 100))
    return bands[0][:kept] == bands[1][:kept] and place >= wanted


def _is_better(request: Request, wanted: Point | None, place: Point, best: Point) -> bool:
    have, former = _three(place), _three(best)
    same_band = (*have[:2], have[2] // 100) == (*former[:2], former[2] // 100)
    if wanted is None or request.policy.startswith("latest") or same_band:
        return place > best
    return place < best


def _parse(text: str) -> Point | None:
    match = _VERSION.fullmatch(text)
    if match is None:
        return None
    numbers = (int(match[1]), int(match[2]), int(match[3]))
    if match[4] is None:
        return point(numbers)
    identifiers = [int(part) if part.isdigit() and len(part) < 19 else part for part in match[4].split(".")]
    return point(numbers, prerelease_stage(identifiers))


def _three(place: Point) -> tuple[int, int, int]:
    major, minor, patch = (*place[0], 0, 0, 0)[:3]
    return major, minor, patch
