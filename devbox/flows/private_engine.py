"""The private engine as a use case: what it needs, the question before anything is installed, start, stop, base image.

Everything that needs root happens in `engine.private.root_side`; here is decided whether it may.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from dataclasses import field
from typing import Literal

from devbox.core.errors import EngineError, NotTrustedError
from devbox.core.events import Event, Note
from devbox.core.frozen import dataclass
from devbox.engine.port import Endpoint
from devbox.engine.private import base_image, buildx, calls
from devbox.engine.private import machine as machines
from devbox.engine.private.as_root import perform_as_root
from devbox.engine.private.layout import PrivateLayout
from devbox.engine.private.machine import Machine
from devbox.engine.private.processes import daemon
from devbox.engine.private.request import Action, Request
from devbox.engine.stream import Cancellation
from devbox.flows.workspace import Ask

SYSTEM_ENGINE = Endpoint("unix:///var/run/docker.sock", "default")
PLUGINS = ("docker-buildx",)
"""Fetched privately where the system has none that is new enough."""
OPTIONAL = ("docker-cli", "docker-buildx", "ca-certificates")
"""Installed with the engine where the distribution has them as packages of their own."""


@dataclass(frozen=True, slots=True)
class PrivateEngineStatus:
    """What is known of the private engine without being root."""

    state: Literal["running", "unreachable", "stopped"]
    """`unreachable`: it runs, but does not answer this user."""
    url: str
    pid: int | None
    version: str | None
    data_root: str
    log: str
    buildx: str | None
    """Path of a buildx that can tell its progress."""
    buildx_version: str | None


@dataclass(frozen=True)
class EngineSetup:
    """What the flows need to know and may do; tests hand in other folders, machines and answers."""

    ask: Ask
    env: Mapping[str, str]
    """The caller's environment: sudo's variables and proxies are read from it."""
    interactive: bool = False
    """Whether sudo may ask for a password on the terminal."""
    layout: PrivateLayout = field(default_factory=PrivateLayout)
    machine: Machine | None = None
    """None observes this one."""
    timeout: float | None = None
    """Seconds to wait for another start or stop; None without end."""
    cancel: Cancellation = field(default_factory=Cancellation)

    def observe(self) -> Machine:
        """The machine as it is now: an installation changes it."""
        return self.machine or machines.observe_machine(self.env)


def status(layout: PrivateLayout) -> PrivateEngineStatus:
    """The engine as this user sees it; changes nothing and needs no rights."""
    pid = daemon(layout)
    version = calls.version(layout.endpoint) if pid is not None else None
    found = buildx.find_buildx(layout)
    return PrivateEngineStatus(
        state="stopped" if pid is None else "running" if version else "unreachable",
        url=layout.url, pid=pid, version=version, data_root=str(layout.data), log=str(layout.log),
        buildx=str(found.path) if found else None, buildx_version=found.version if found else None,
    )


def start(setup: EngineSetup, *, wanted: str = "") -> Generator[Event, None, Endpoint]:
    """Start the engine, installing what it needs after asking; returns the address of the engine to use.

    `wanted` says for what an engine is needed when nobody asked for one by name; then starting is asked for, too.
    Raises EngineError where it can't be had here, NotTrustedError when the answer is no, BusyError past the timeout.
    """
    layout, machine = setup.layout, setup.observe()
    if machine.system == "Linux" and _is_complete(layout):
        yield Note(f"the private engine runs already: {layout.url}")
        return layout.endpoint
    machines.check_can_start(machine)
    packages = machine.missing
    _ask_to_start(setup, machine, packages, wanted)
    optional = OPTIONAL if packages else ()
    alone = not calls.answers(SYSTEM_ENGINE)
    yield from _perform(setup, machine, "start", install=packages, optional=optional, plugins=PLUGINS)
    if packages and alone and calls.answers(SYSTEM_ENGINE):
        yield Note(
            f"the installation started the system's own engine, too: {SYSTEM_ENGINE.url}. devbox prefers that one "
            "from now on; `devbox engine stop` ends the private one"
        )
    return layout.endpoint


def stop(setup: EngineSetup) -> Iterator[Event]:
    """Stop the engine and undo everything but its data; nothing to do is no error. Raises as `start`."""
    machine = setup.observe()
    if machine.system != "Linux" or not setup.layout.run.exists():
        yield Note("the private engine does not run")
        return
    yield from _perform(setup, machine, "stop")


def ensure_base_image(
    setup: EngineSetup, endpoint: Endpoint, suite: str = base_image.SUITE
) -> Generator[Event, None, str]:
    """Make sure that the engine at `endpoint` has the base image, made with debootstrap; returns its name.

    Raises EngineError where it can't be made here, NotTrustedError when installing debootstrap is declined.
    """
    name = base_image.image_name(suite)
    if calls.has_image(endpoint, name):
        return name
    yield from ensure_base_archive(setup, suite)
    yield Note(f"importing {name}")
    base_image.import_archive(endpoint, setup.layout, suite)
    return name


def ensure_base_archive(setup: EngineSetup, suite: str = base_image.SUITE) -> Iterator[Event]:
    """Make sure that the base image's archive is there; no engine is needed for it. Raises as `ensure_base_image`."""
    if base_image.archive_path(setup.layout, suite).exists():
        return
    machine, name = setup.observe(), base_image.image_name(suite)
    if machine.system != "Linux":
        raise EngineError(
            f"the base image {name} can be made on Linux only, this is {machine.system}",
            hint="`docker pull debian:bookworm-slim`, where a registry can be reached",
        )
    packages = base_image.missing_packages(machine)
    if packages:
        machines.check_can_install(machine, packages)
        if not setup.ask(f"Install {' '.join(packages)} to make the base image {name}?"):
            raise NotTrustedError(f"{' '.join(packages)} was not installed", hint="`--yes` answers the question")
    yield Note(f"making the base image {name} from the distribution's archive, about 200 MB, with debootstrap")
    yield from _perform(setup, machine, "base-archive", install=packages, suite=suite)


def _ask_to_start(setup: EngineSetup, machine: Machine, packages: tuple[str, ...], wanted: str) -> None:
    if not packages and not wanted:
        return  # `devbox engine start` on a machine that has all: the command is the answer
    names = " ".join(packages)
    question = f"Install {names} with apt and start a private engine?" if packages else "Start a private engine?"
    why = f"{wanted} needs a Docker Engine, and none answers.\n" if wanted else ""
    detail = f"{why}Its data: {setup.layout.root}. `devbox engine stop` ends it and leaves nothing running."
    if packages:
        detail += f" Installed with it where the distribution has them: {' '.join(OPTIONAL)}."
    if not machine.is_root:
        detail += " This needs root: sudo may ask for your password."
    if not setup.ask(question, detail=detail):
        raise NotTrustedError(
            "no engine was started" + (" and nothing installed" if packages else ""),
            hint="`devbox engine start --yes` answers the question",
        )


def _perform(
    setup: EngineSetup, machine: Machine, action: Action, *, install: tuple[str, ...] = (),
    optional: tuple[str, ...] = (), plugins: tuple[str, ...] = (), suite: str = "",
) -> Iterator[Event]:
    request = Request(
        action, str(setup.layout.root), str(setup.layout.run), machine.uid, machine.gid, install=install,
        optional=optional, plugins=plugins, suite=suite, proxies=machine.proxies, timeout=setup.timeout,
    )
    yield from perform_as_root(request, machine, setup.cancel, interactive=setup.interactive)


def _is_complete(layout: PrivateLayout) -> bool:
    return daemon(layout) is not None and calls.answers(layout.endpoint) and buildx.find_buildx(layout) is not None
