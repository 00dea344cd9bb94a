"""Operating system releases: when their support ends, which C library and OpenSSL they bring. Pure data.

End of support: endoflife.date (products/debian, ubuntu, fedora, macos, …), read 2026-11-25; for Debian the end of LTS,
for Ubuntu the end of standard support. C library and OpenSSL: each distribution's package index of that release.
A release that is not listed is unknown, never supported or unsupported.
"""

from __future__ import annotations

import re

from devbox.core.frozen import dataclass

SOURCE = "endoflife.date, 2026-11-25"

Date = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Release:
    """One release of a distribution."""

    distribution: str
    """`ID` of os-release."""
    version: str
    """`VERSION_ID` of os-release, its leading part."""
    end: Date
    codename: str = ""
    libc: str = ""
    openssl: str = ""


RELEASES = (
    Release("debian", "9", (2022, 7, 1), "stretch", "glibc 2.24", "1.1"),
    Release("debian", "10", (2024, 6, 30), "buster", "glibc 2.28", "1.1"),
    Release("debian", "11", (2026, 8, 31), "bullseye", "glibc 2.31", "1.1"),
    Release("debian", "12", (2028, 6, 10), "bookworm", "glibc 2.36", "3"),
    Release("debian", "13", (2030, 6, 30), "trixie", "glibc 2.41", "3"),
    Release("ubuntu", "16.04", (2021, 4, 2), "xenial", "glibc 2.23", "1.0.0"),
    Release("ubuntu", "18.04", (2023, 5, 31), "bionic", "glibc 2.27", "1.1"),
    Release("ubuntu", "20.04", (2025, 5, 31), "focal", "glibc 2.31", "1.1"),
    Release("ubuntu", "22.04", (2027, 4, 1), "jammy", "glibc 2.35", "3"),
    Release("ubuntu", "23.10", (2024, 7, 12), "mantic", "glibc 2.38", "3"),
    Release("ubuntu", "24.04", (2029, 5, 31), "noble", "glibc 2.39", "3"),
    Release("ubuntu", "24.10", (2025, 7, 10), "oracular", "glibc 2.40", "3"),
    Release("ubuntu", "25.04", (2026, 1, 17), "plucky", "glibc 2.41", "3"),
    Release("ubuntu", "25.10", (2026, 7, 1), "questing", "glibc 2.42", "3"),
    Release("ubuntu", "26.04", (2031, 4, 30), "resolute", "", "3"),
    Release("alpine", "3.17", (2024, 11, 22), "", "musl 1.2.3", "3"),
    Release("alpine", "3.18", (2025, 5, 9), "", "musl 1.2.4", "3"),
    Release("alpine", "3.19", (2025, 11, 1), "", "musl 1.2.4", "3"),
    Release("alpine", "3.20", (2026, 4, 1), "", "musl 1.2.5", "3"),
    Release("alpine", "3.21", (2026, 11, 1), "", "musl 1.2.5", "3"),
    Release("alpine", "3.22", (2027, 5, 1), "", "musl 1.2.5", "3"),
    Release("fedora", "40", (2025, 5, 13), "", "glibc 2.39", "3"),
    Release("fedora", "41", (2025, 12, 15), "", "glibc 2.40", "3"),
    Release("fedora", "42", (2026, 5, 13), "", "glibc 2.41", "3"),
    Release("fedora", "43", (2026, 12, 9), "", "glibc 2.42", "3"),
    Release("centos", "7", (2024, 6, 30), "", "glibc 2.17", "1.0.2"),
    Release("rhel", "8", (2029, 5, 31), "", "glibc 2.28", "1.1"),
    Release("rhel", "9", (2032, 5, 31), "", "glibc 2.34", "3"),
    Release("rhel", "10", (2035, 5, 31), "", "glibc 2.39", "3"),
    Release("rocky", "8", (2029, 5, 31), "", "glibc 2.28", "1.1"),
    Release("rocky", "9", (2032, 5, 31), "", "glibc 2.34", "3"),
    Release("almalinux", "8", (2029, 3, 1), "", "glibc 2.28", "1.1"),
    Release("almalinux", "9", (2032, 5, 31), "", "glibc 2.34", "3"),
    Release("amzn", "2", (2026, 6, 30), "", "glibc 2.26", "1.0.2"),
    Release("amzn", "2023", (2029, 6, 30), "", "glibc 2.34", "3"),
    Release("opensuse-leap", "15.5", (2024, 12, 31), "", "glibc 2.31", "1.1"),
    Release("opensuse-leap", "15.6", (2026, 4, 30), "", "glibc 2.38", "3"),
    Release("macos", "11", (2023, 9, 26), "Big Sur"),
    Release("macos", "12", (2024, 9, 16), "Monterey"),
    Release("macos", "13", (2025, 9, 15), "Ventura"),
)

_DISTRIBUTION_IMAGES = {
    "debian": "debian", "ubuntu": "ubuntu", "alpine": "alpine", "fedora": "fedora", "centos": "centos",
    "rockylinux": "rocky", "almalinux": "almalinux", "amazonlinux": "amzn", "ubi8": "rhel", "ubi9": "rhel",
    "ubi10": "rhel",
}
"""Last part of an image's name → the distribution that it is."""
_CPU_LEVELS = {("rhel", "9"): 2, ("rocky", "9"): 2, ("almalinux", "9"): 2, ("rhel", "10"): 3, ("rocky", "10"): 3}
"""x86-64 level that a release's packages are built for (Red Hat: building RHEL 9 and 10 for the x86-64
microarchitecture levels); every other listed release runs on level 1."""


def release_of(distribution: str, version: str) -> Release | None:
    """The release that os-release names: `12`, `24.04`, `3.20.3` for 3.20, `9.4` for 9."""
    parts = version.split(".")
    leading = {".".join(parts[:count]) for count in range(1, len(parts) + 1)}
    return next((one for one in RELEASES if one.distribution == distribution and one.version in leading), None)


def release_of_image(name: str, tag: str) -> Release | None:
    """The release that an image's tag says it is built on: `python:3.12-slim-bookworm`, `node:22-alpine3.20`,
    `debian:12`; None where the tag does not say."""
    last = name.rpartition("/")[2]
    distribution = _DISTRIBUTION_IMAGES.get(last)
    if distribution is not None:
        version = last.removeprefix("ubi") if last.startswith("ubi") else tag
        by_number = release_of(distribution, version.partition("-")[0])
        if by_number is not None:
            return by_number
    words = re.split(r"[-_]", tag)
    for one in RELEASES:
        if one.distribution in ("debian", "ubuntu") and one.codename in words:
            return one
    alpine = re.search(r"(?:^|-)alpine(\d+\.\d+)", tag)
    return release_of("alpine", alpine[1]) if alpine else None


def is_musl_image(name: str, tag: str) -> bool:
    """Whether the image is Alpine or built on it, whatever its release."""
    return name.rpartition("/")[2] == "alpine" or "alpine" in re.split(r"[-_.]|(?=\d)", tag)


def needed_cpu_level(release: Release) -> int:
    """The x86-64 level (1 to 4) that a release's programs need."""
    return _CPU_LEVELS.get((release.distribution, release.version), 1)
