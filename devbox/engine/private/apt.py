"""Packages by apt: installed on the system after consent, or unpacked privately without touching it.

The private way has a configuration, lists and downloads of its own (spec/test-engine.md): no source is ever added to
the system's. Needs root; asks nothing.
"""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from devbox.core.errors import EngineError
from devbox.core.events import Event, Note, Waiting
from devbox.engine.private.layout import PrivateLayout
from devbox.engine.private.machine import Machine
from devbox.engine.private.programs import lines, need_program, output
from devbox.engine.stream import Cancellation

FRESH = 24 * 3600.0
"""Seconds for which package lists are taken as they are."""
INSTALL_IN = 1200.0
UPDATE_IN = 300.0
"""Seconds; a slow mirror is no error."""
_LISTS = Path("/var/lib/apt/lists")
_QUIET = {"DEBIAN_FRONTEND": "noninteractive", "NEEDRESTART_SUSPEND": "1", "APT_LISTCHANGES_FRONTEND": "none"}
_SOURCES = {
    "debian": ("http://deb.debian.org/debian", "trixie", "main", "debian-archive-keyring.gpg"),
    "ubuntu": ("http://archive.ubuntu.com/ubuntu", "noble-updates", "universe", "ubuntu-archive-keyring.gpg"),
}
"""By distribution: its archive, the suite that newer packages come from, component and keyring."""
_KEYRINGS = Path("/usr/share/keyrings")


def install(
    packages: tuple[str, ...], optional: tuple[str, ...], proxies: Mapping[str, str], cancel: Cancellation
) -> Iterator[Event]:
    """Install packages from the machine's own sources, and those of `optional` that its sources have."""
    env = {**_QUIET, **proxies}
    if any(Path("/var/lib/dpkg/updates").iterdir()):  # an installation was interrupted
        yield from _run((need_program("dpkg"), "--configure", "-a"), INSTALL_IN, env, cancel)
    fresh = lists_are_fresh(_LISTS, time.time())
    if not fresh:
        yield from update(env, cancel)
    try:
        yield from _run(install_command(packages, available(optional)), INSTALL_IN, env, cancel)
    except EngineError:
        if not fresh:
            raise
        yield Note("the package lists may be out of date: they are fetched anew", "warn")
        yield from update(env, cancel)
        yield from _run(install_command(packages, available(optional)), INSTALL_IN, env, cancel)


def update(env: Mapping[str, str], cancel: Cancellation) -> Iterator[Event]:
    """Fetch the system's package lists."""
    argv = (need_program("apt-get"), "update", "-o", "DPkg::Lock::Timeout=120")
    yield from _run(argv, UPDATE_IN, env, cancel)


def install_command(packages: tuple[str, ...], optional: tuple[str, ...] = ()) -> tuple[str, ...]:
    """The one command that changes the system's packages."""
    options = ("-y", "--no-install-recommends", "-o", "Dpkg::Use-Pty=0", "-o", "DPkg::Lock::Timeout=120")
    return (need_program("apt-get"), "install", *options, "--", *packages, *optional)


def available(packages: tuple[str, ...]) -> tuple[str, ...]:
    """Those packages that the machine's own sources have."""
    if not packages:
        return ()
    found = candidates(output((need_program("apt-cache"), "policy", "--", *packages)))
    return tuple(package for package in packages if package in found)


def candidates(policy: str) -> frozenset[str]:
    """The packages with a candidate, from what `apt-cache policy` prints."""
    return frozenset(re.findall(r"(?m)^(\S+):\n  Installed: .*\n  Candidate: (?!\(none\))", policy))


def lists_are_fresh(lists: Path, now: float) -> bool:
    """Whether package lists exist and were fetched within `FRESH`; `apt-get update` touches `partial` each time."""
    try:
        return any(lists.glob("*_Packages*")) and now - (lists / "partial").stat().st_mtime < FRESH
    except OSError:
        return False


def fetch_tools(
    layout: PrivateLayout, machine: Machine, packages: tuple[str, ...], cancel: Cancellation
) -> Iterator[Event]:
    """Download newer packages and unpack them into `layout.tools`; the system stays as it is.

    Raises EngineError where the distribution is not known, its archive can't be reached or its key is missing.
    """
    options = _private_options(layout, machine)
    env = {**_QUIET, **dict(machine.proxies)}
    shutil.rmtree(layout.apt / "downloads", ignore_errors=True)
    for folder in ("lists/partial", "cache/archives/partial", "downloads"):
        (layout.apt / folder).mkdir(parents=True, exist_ok=True)
    (layout.apt / "sources.list").write_text(source_line(machine, archive_url(machine)) + "\n", encoding="ascii")
    apt = need_program("apt-get")
    yield from _run((apt, *options, "update"), UPDATE_IN, env, cancel)
    downloads = layout.apt / "downloads"
    # apt fetches as the user _apt; a folder of its own spares the detour over root.
    shutil.chown(downloads, _apt_user())
    yield from _run((apt, *options, "download", "--", *packages), UPDATE_IN, env, cancel, cwd=str(downloads))
    fresh = layout.root / "tools.new"
    shutil.rmtree(fresh, ignore_errors=True)
    for package in sorted(downloads.glob("*.deb")):
        output((need_program("dpkg-deb"), "-x", str(package), str(fresh)), seconds=120, cancel=cancel)
    shutil.copytree(fresh, layout.tools, symlinks=True, dirs_exist_ok=True)
    shutil.rmtree(fresh)
    shutil.rmtree(downloads)


def archive_url(machine: Machine) -> str:
    """The machine's own mirror of its distribution, else the distribution's archive."""
    default = _SOURCES[machine.distribution][0]
    command = (need_program("apt-get"), "indextargets", "--format", "$(REPO_URI) $(RELEASE)", "Created-By: Packages")
    try:
        targets = output(command).splitlines()
    except EngineError:
        return default
    own = [url for url, _, release in (line.partition(" ") for line in targets) if release == machine.codename]
    return own[0].rstrip("/") if own and re.fullmatch(r"https?://[\w.:@%/+~-]+", own[0]) else default


def source_line(machine: Machine, url: str) -> str:
    """The only line of the private source list."""
    _, suite, component, keyring = _source(machine)
    return f"deb [signed-by={_KEYRINGS / keyring}] {url} {suite} {component}"


def _source(machine: Machine) -> tuple[str, str, str, str]:
    found = _SOURCES.get(machine.distribution)
    if found is None or machine.package_manager != "apt-get":
        raise EngineError(f"devbox knows no archive with newer packages for {machine.distribution or 'this system'}")
    return found


def _private_options(layout: PrivateLayout, machine: Machine) -> tuple[str, ...]:
    _source(machine)
    settings = {
        "Dir::Etc::sourcelist": layout.apt / "sources.list", "Dir::Etc::sourceparts": "/dev/null",
        "Dir::Etc::preferences": "/dev/null", "Dir::Etc::preferencesparts": "/dev/null",
        "Dir::State::lists": layout.apt / "lists", "Dir::Cache": layout.apt / "cache", "Acquire::Languages": "none",
    }
    return tuple(word for name, value in settings.items() for word in ("-o", f"{name}={value}"))


def _apt_user() -> str:
    import pwd

    try:
        return pwd.getpwnam("_apt").pw_name
    except KeyError:
        return "root"


def _run(
    argv: tuple[str, ...], seconds: float, env: Mapping[str, str], cancel: Cancellation, cwd: str = "/"
) -> Iterator[Event]:
    """Run it and pass its output on as news, one line a second at most."""
    began = told = time.monotonic()
    for line in lines(argv, seconds=seconds, cancel=cancel, env=env, cwd=cwd):
        if time.monotonic() - told >= 1.0:
            told = time.monotonic()
            yield Waiting(f"{Path(argv[0]).name}: {line}", told - began)
