"""Which release a name means: os-release's words, and the tags of images."""

from __future__ import annotations

import pytest

from devbox.core.release_table import RELEASES, is_musl_image, needed_cpu_level, release_of, release_of_image


@pytest.mark.parametrize(
    ("distribution", "version", "found"),
    [
        ("debian", "12", "12"), ("alpine", "3.20.3", "3.20"), ("ubuntu", "24.04", "24.04"), ("rhel", "9.4", "9"),
        ("macos", "13.7.8", "13"), ("debian", "1", None), ("alpine", "3", None), ("arch", "rolling", None),
    ],
)  # fmt: skip
def test_a_release_is_found_by_the_leading_part_of_its_version(
    distribution: str, version: str, found: str | None
) -> None:
    release = release_of(distribution, version)
    assert (release.version if release else None) == found


@pytest.mark.parametrize(
    ("name", "tag", "libc"),
    [
        ("python", "3.12-slim-bookworm", "glibc 2.36"), ("debian", "12", "glibc 2.36"),
        ("debian", "trixie-slim", "glibc 2.41"), ("ubuntu", "jammy", "glibc 2.35"),
        ("node", "22-alpine3.20", "musl 1.2.5"), ("alpine", "3.19", "musl 1.2.4"),
        ("redhat/ubi9", "9.4", "glibc 2.34"), ("python", "3.12-slim", None), ("node", "22-alpine", None),
        ("me/bookworms", "1.0", None),
    ],
)  # fmt: skip
def test_an_images_tag_names_its_release(name: str, tag: str, libc: str | None) -> None:
    release = release_of_image(name, tag)
    assert (release.libc if release else None) == libc


@pytest.mark.parametrize(
    ("name", "tag", "musl"),
    [("alpine", "latest", True), ("node", "22-alpine", True), ("node", "22-alpine3.20", True), ("node", "22", False)],
)
def test_alpine_is_musl_whatever_its_release(name: str, tag: str, musl: bool) -> None:
    assert is_musl_image(name, tag) is musl


def test_every_release_is_listed_once_with_a_possible_date() -> None:
    assert len({(one.distribution, one.version) for one in RELEASES}) == len(RELEASES)
    assert all(2020 < one.end[0] < 2040 and 1 <= one.end[1] <= 12 and 1 <= one.end[2] <= 31 for one in RELEASES)
    assert all(1 <= needed_cpu_level(one) <= 4 for one in RELEASES)
