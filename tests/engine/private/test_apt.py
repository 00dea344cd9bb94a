"""apt: which command installs, which packages exist, and which private sources are used."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from devbox.core.errors import EngineError
from devbox.engine.private import apt
from devbox.engine.private.layout import PrivateLayout
from devbox.engine.private.machine import Machine
from devbox.engine.stream import Cancellation

needs_apt = pytest.mark.skipif(shutil.which("apt-get") is None, reason="no apt-get here")
DEBIAN = Machine(
    system="Linux", is_root=True, uid=0, gid=0, sudo=None, package_manager="apt-get", distribution="debian",
    codename="bookworm", programs=frozenset(),
)
POLICY = """\
docker-buildx:
  Installed: (none)
  Candidate: (none)
  Version table:
docker-cli:
  Installed: (none)
  Candidate: 26.1.5+dfsg1-9+b9
  Version table:
     26.1.5+dfsg1-9+b9 500
        500 http://deb.debian.org/debian trixie/main amd64 Packages
"""


def test_packages_without_a_candidate_are_not_available() -> None:
    assert apt.candidates(POLICY) == {"docker-cli"}


@needs_apt
def test_installing_never_asks_and_brings_no_recommended_packages() -> None:
    command = apt.install_command(("docker.io", "iptables"), ("docker-cli",))
    assert command[0].startswith("/")
    assert {"install", "-y", "--no-install-recommends"} <= set(command)
    assert command[-4:] == ("--", "docker.io", "iptables", "docker-cli")


def test_lists_are_fresh_for_a_day(tmp_path: Path) -> None:
    assert not apt.lists_are_fresh(tmp_path, 0)
    (tmp_path / "partial").mkdir()
    os.utime(tmp_path / "partial", (1000, 1000))
    assert not apt.lists_are_fresh(tmp_path, 1001)  # no list
    (tmp_path / "deb.debian.org_dists_bookworm_main_binary-amd64_Packages.lz4").touch()
    assert apt.lists_are_fresh(tmp_path, 1001)
    assert not apt.lists_are_fresh(tmp_path, 1000 + apt.FRESH)


def test_the_private_source_is_signed_by_the_distributions_keyring() -> None:
    line = apt.source_line(DEBIAN, "http://mirror.example/debian")
    assert line == (
        "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://mirror.example/debian trixie main"
    )


def test_an_unknown_distribution_has_no_newer_packages(tmp_path: Path) -> None:
    fedora = replace(DEBIAN, distribution="fedora", package_manager="dnf")
    with pytest.raises(EngineError, match="knows no archive"):
        list(apt.fetch_tools(PrivateLayout(tmp_path), fedora, ("docker-buildx",), Cancellation()))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.engine
@pytest.mark.usefixtures("docker_endpoint")
@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_installing_what_is_installed_changes_nothing() -> None:
    before = Path("/var/lib/dpkg/status").stat().st_mtime_ns
    list(apt.install(("docker.io", "iptables"), ("docker-no-such-package",), {}, Cancellation()))
    assert Path("/var/lib/dpkg/status").stat().st_mtime_ns == before


@needs_apt
def test_a_package_that_does_not_exist_is_an_error_with_apts_words() -> None:
    if os.geteuid() != 0:
        pytest.skip("needs root")
    with pytest.raises(EngineError) as caught:
        list(apt._run(apt.install_command(("devbox-no-such-package",)), 60, {}, Cancellation()))
    assert "Unable to locate package devbox-no-such-package" in str(caught.value.detail)
