"""The managers, each with a machine of its own on which it has installed toolchains, once a session.

A manager that can't be had fails in CI and is skipped elsewhere, with the reason (style.md, Tests).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.peers import machines, mirror, obtain
from tests.peers.machines import Installed


@pytest.fixture(scope="session")
def toolchain_mirror() -> Iterator[str]:
    """Toolchains to install, on loopback."""
    with mirror.serve() as address:
        yield address


@pytest.fixture(scope="session")
def mise(toolchain_mirror: str, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """The real mise's machine."""
    return _machine(obtain.mise, machines.mise, toolchain_mirror, tmp_path_factory)


@pytest.fixture(scope="session")
def pyenv(toolchain_mirror: str, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """The real pyenv's machine."""
    return _machine(obtain.pyenv, machines.pyenv, toolchain_mirror, tmp_path_factory)


@pytest.fixture(scope="session")
def nvm(toolchain_mirror: str, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """The real nvm's machine."""
    return _machine(obtain.nvm, machines.nvm, toolchain_mirror, tmp_path_factory)


def _machine(
    peer: obtain.Peer, install: Callable[[Path, Path, str], Installed], address: str,
    folders: pytest.TempPathFactory,
) -> Installed:
    try:
        program = obtain.obtain(peer)
    except obtain.NoWayThere as reason:
        # Not even CI can have what no registry carries and no network reaches; what it recorded is tested all the same.
        pytest.skip(f"{reason}; test_nvm_recorded.py holds its recorded answers")
    except obtain.Unavailable as reason:
        if os.environ.get("CI"):
            pytest.fail(str(reason), pytrace=False)
        pytest.skip(str(reason))
    return install(program, folders.mktemp(peer.name), address)
