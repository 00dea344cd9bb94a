"""Locked packages beside installed ones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from devbox.core.dependencies.model import Difference, Locked, Mismatch

SEEDED = frozenset({"pip", "setuptools", "wheel", "distribute", "uv", "poetry"})
"""What an environment is born with or kept by; never worth naming as extra."""


def compare(
    locked: Iterable[Locked], installed: Mapping[str, tuple[str, ...]], undecided: tuple[str, ...] = ()
) -> Difference:
    """A Python lock beside the packages of an environment (canonical name → versions that lie there)."""
    wanted = tuple(locked)
    missing: list[Locked] = []
    other: list[Mismatch] = []
    reasons = list(undecided)
    for package in wanted:
        versions = installed.get(package.name, ())
        if len(versions) > 1:
            reasons.append(f"{package.name} is there in {len(versions)} versions")
        elif not versions:
            missing.append(package)
        elif not fits(package, versions[0]):
            other.append(Mismatch(package, versions[0]))
    names = {package.name for package in wanted}
    extra = tuple(sorted(name for name in installed if name not in names and name not in SEEDED))
    present = {name for name in names if name in installed}
    return settle(Difference(len(wanted), tuple(missing), tuple(other), extra=extra, undecided=tuple(reasons)),
                  wanted, present)


def settle(difference: Difference, wanted: Iterable[Locked], present: Iterable[str]) -> Difference:
    """The difference without what may be absent: optional packages, constraints, and development packages where not
    one of them is there. `present` holds the names (Node: the places) that are installed."""
    there = set(present)
    some_dev = any(package.need == "dev" and (package.place or package.name) in there for package in wanted)
    required = tuple(
        package
        for package in difference.missing
        if not package.only_if_installed and (package.need == "required" or (package.need == "dev" and some_dev))
    )
    dev = () if some_dev else tuple(package for package in difference.missing if package.need == "dev")
    optional = sum(package.need == "optional" for package in difference.missing)
    return replace(difference, missing=required, absent_dev=dev, absent_optional=optional)


def fits(locked: Locked, version: str) -> bool:
    """Whether an installed version is what the lock wants, by PEP 440: `1.0` is `1.0.0`, and a pin without a local
    part takes a version with one."""
    if version in locked.versions or locked.specifier == f"=={version}":
        return True
    if not locked.versions and not locked.specifier:
        return True
    # Deferred: packaging costs 15 ms; where every version is written alike it is never needed.
    from packaging.specifiers import InvalidSpecifier, SpecifierSet
    from packaging.version import InvalidVersion

    try:
        sets = [SpecifierSet(f"=={one}") for one in locked.versions] or [SpecifierSet(locked.specifier)]
        return any(one.contains(version, prereleases=True) for one in sets)
    except (InvalidSpecifier, InvalidVersion):
        return False
