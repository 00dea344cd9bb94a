"""A base image from the distribution's archive, for machines that reach no image registry (spec/test-engine.md).

Its name says what it is, `devbox-base:bookworm`; it never takes the name of a published image.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from pathlib import Path

from devbox.core.errors import EngineError
from devbox.core.events import Event, Waiting
from devbox.engine.port import Endpoint
from devbox.engine.private import apt, calls
from devbox.engine.private.layout import PrivateLayout
from devbox.engine.private.machine import Machine
from devbox.engine.private.mounts import unmount_below
from devbox.engine.private.programs import lines, need_program, output
from devbox.engine.stream import Cancellation

SUITE = "bookworm"
REPOSITORY = "devbox-base"
BUILD_IN = 900.0
"""Seconds; 24 are usual."""
_BLOCK = 1 << 20
_KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")


def image_name(suite: str = SUITE) -> str:
    """The image's name and tag."""
    return f"{REPOSITORY}:{suite}"


def archive_path(layout: PrivateLayout, suite: str = SUITE) -> Path:
    """The image's only layer, kept so that a lost image is back in a second."""
    return layout.base / f"{suite}.tar.gz"


def missing_packages(machine: Machine) -> tuple[str, ...]:
    """What must be installed before an archive can be made."""
    wanted = () if "debootstrap" in machine.programs else ("debootstrap",)
    return wanted if _KEYRING.exists() else (*wanted, "debian-archive-keyring")


def make_archive(layout: PrivateLayout, machine: Machine, suite: str, cancel: Cancellation) -> Iterator[Event]:
    """Make the archive with debootstrap; needs root and the packages. What an interrupted run left is removed first."""
    layout.base.mkdir(mode=0o755, exist_ok=True)
    tree, archive = layout.base / f"{suite}.tree", archive_path(layout, suite)
    _remove_tree(tree)
    url = apt.archive_url(machine) if machine.distribution == "debian" else "http://deb.debian.org/debian"
    # debootstrap asks dpkg for the architecture and needs no other option; it checks signatures by the keyring.
    argv = (need_program("debootstrap"), "--variant=minbase", f"--keyring={_KEYRING}", suite, str(tree), url)
    began = told = time.monotonic()
    try:
        for line in lines(argv, seconds=BUILD_IN, cancel=cancel, env=dict(machine.proxies)):
            if time.monotonic() - told >= 1.0:
                told = time.monotonic()
                yield Waiting(f"debootstrap: {line}", told - began)
        yield Waiting("the base image to be packed", time.monotonic() - began)
        _pack(tree, archive, cancel)
    finally:
        _remove_tree(tree)


def import_archive(endpoint: Endpoint, layout: PrivateLayout, suite: str = SUITE) -> None:
    """Make the image of the archive on that engine; needs no root."""
    with archive_path(layout, suite).open("rb") as archive:
        blocks = iter(lambda: archive.read(_BLOCK), b"")
        calls.import_image(endpoint, blocks, REPOSITORY, suite, changes=('CMD ["bash"]',))


def _pack(tree: Path, archive: Path, cancel: Cancellation) -> None:
    for pattern in ("var/cache/apt/archives/*.deb", "var/lib/apt/lists/*_*", "var/log/*.log"):
        for path in tree.glob(pattern):
            path.unlink()
    fresh = archive.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    how = ("--numeric-owner", "--one-file-system", "--use-compress-program=gzip -1")
    output((need_program("tar"), *how, "-cf", str(fresh), "-C", str(tree), "."), seconds=BUILD_IN, cancel=cancel)
    fresh.replace(archive)


def _remove_tree(tree: Path) -> None:
    """debootstrap mounts proc below its tree while it works, and a killed one leaves it: unmount before removing."""
    left = unmount_below(tree)
    if left:
        raise EngineError(f"cannot unmount {left[0]}", hint=f"`sudo umount {left[0]}`")
    if tree.exists():
        shutil.rmtree(tree)
