"""Where devbox can't bring an engine, it says why and what to do instead."""

from __future__ import annotations

from dataclasses import replace

import pytest

from devbox.core.errors import EngineError
from devbox.engine.private import machine as machines
from devbox.engine.private.machine import Machine, check_can_start, observe_machine

DEBIAN = Machine(
    system="Linux", is_root=True, uid=0, gid=0, sudo=None, package_manager="apt-get", distribution="debian",
    codename="bookworm", programs=frozenset(),
)


def test_a_bare_debian_needs_two_packages() -> None:
    check_can_start(DEBIAN)
    assert DEBIAN.missing == ("docker.io", "iptables")


def test_nothing_is_missing_where_the_programs_are() -> None:
    assert replace(DEBIAN, programs=frozenset({"dockerd", "iptables"})).missing == ()


@pytest.mark.parametrize(
    ("change", "summary", "hint"),
    [
        ({"system": "Darwin"}, "needs Linux, this is Darwin", "colima"),
        ({"package_manager": "dnf"}, "installs with apt only, not dnf", "`sudo dnf install moby-engine"),
        ({"package_manager": "pacman"}, "not pacman", "`sudo pacman -S docker"),
        ({"package_manager": None}, "no package manager", "docs.docker.com"),
        ({"is_root": False}, "sudo is not installed", "as root: `devbox engine start`"),
    ],
)
def test_a_machine_that_can_not_says_so(change: dict[str, object], summary: str, hint: str) -> None:
    with pytest.raises(EngineError) as caught:
        check_can_start(replace(DEBIAN, **change))  # type: ignore[arg-type]
    assert summary in caught.value.summary
    assert hint in str(caught.value.hint)


def test_without_apt_an_installed_engine_can_start() -> None:
    fedora = replace(DEBIAN, package_manager="dnf", programs=frozenset({"dockerd", "iptables"}))
    check_can_start(fedora)
    assert fedora.missing == ()


def test_only_proxies_of_the_environment_are_taken() -> None:
    machine = observe_machine({"https_proxy": "http://proxy:3128", "LD_PRELOAD": "/evil.so", "no_proxy": ""})
    assert machine.proxies == (("https_proxy", "http://proxy:3128"),)


def test_under_sudo_the_engine_is_for_the_one_who_called(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 0)
    machine = observe_machine({"SUDO_UID": "1000", "SUDO_GID": "1001"})
    assert (machine.uid, machine.gid) == (1000, 1001)


@pytest.mark.parametrize("text", ["", "-1", "x", "１", "9" * 30])
def test_broken_sudo_variables_mean_oneself(text: str) -> None:
    import os

    assert observe_machine({"SUDO_UID": text}).uid == os.getuid()


@pytest.mark.parametrize(
    ("release", "family"),
    [
        ({"ID": "debian"}, "debian"),
        ({"ID": "linuxmint", "ID_LIKE": "ubuntu debian"}, "ubuntu"),
        ({"ID": "raspbian", "ID_LIKE": "debian"}, "debian"),
        ({"ID": "fedora"}, "fedora"),
        ({}, ""),
    ],
)
def test_derivatives_count_as_what_they_derive_from(
    release: dict[str, str], family: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machines, "_os_release", lambda: release)
    assert observe_machine({}).distribution == family
