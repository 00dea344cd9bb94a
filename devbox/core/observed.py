"""What the engine has of a project, as plain values: the input of `reconcile`. Flows fill it in; nothing here asks."""

from __future__ import annotations

from devbox.core.frozen import dataclass
from devbox.core.project import Pairs

NEVER_STARTED = ("created",)


@dataclass(frozen=True, slots=True)
class ObservedContainer:
    """One container with the project's labels."""

    id: str
    name: str
    service: str
    role: str
    generation: int
    digest: str
    mode: str
    hooks: str
    image_id: str
    image_ref: str
    state: str
    exit_code: int | None = None
    started: bool = True
    """Whether it ever ran; one that did not was left half made."""
    prepared: bool = True
    """Whether its create hooks have run."""
    env: Pairs = ()
    command: tuple[str, ...] = ()
    entrypoint: tuple[str, ...] = ()
    user: str = ""
    workdir: str = ""
    binds: tuple[tuple[str, str, bool], ...] = ()
    volumes: tuple[tuple[str, str], ...] = ()
    ports: tuple[tuple[str, int, int, str], ...] = ()
    networks: tuple[tuple[str, str], ...] = ()
    """(name, id); the id is empty where the engine does not say."""
    no_new_privileges: bool | None = None
    """None where the engine does not say."""


@dataclass(frozen=True, slots=True)
class ObservedImage:
    """An image's own settings, under what a container of it inherits."""

    id: str
    env: Pairs = ()
    command: tuple[str, ...] = ()
    entrypoint: tuple[str, ...] = ()
    user: str = ""
    workdir: str = ""


@dataclass(frozen=True, slots=True)
class ObservedNetwork:
    """One network with the project's labels."""

    id: str
    name: str
    kind: str
    """`private`, `egress`, or something unknown."""
    generation: int
    internal: bool
    hostless: bool
    """Whether the bridge has no address on the host."""


@dataclass(frozen=True, slots=True)
class ObservedVolume:
    """One volume with the project's labels."""

    name: str
    declared: str


@dataclass(frozen=True, slots=True)
class Observed:
    """Everything of one project on the engine."""

    containers: tuple[ObservedContainer, ...] = ()
    networks: tuple[ObservedNetwork, ...] = ()
    volumes: tuple[ObservedVolume, ...] = ()
    images: tuple[ObservedImage, ...] = ()
    """The images of these containers, where they still exist."""

    def of_service(self, service: str) -> tuple[ObservedContainer, ...]:
        """Its containers, newest generation first."""
        mine = [container for container in self.containers if container.service == service]
        return tuple(sorted(mine, key=lambda container: container.generation, reverse=True))

    def image(self, id: str) -> ObservedImage | None:
        """The image of that id."""
        return next((image for image in self.images if image.id == id), None)

    def network(self, kind: str) -> ObservedNetwork | None:
        """The newest network of that kind that is what its kind promises."""
        fitting = [network for network in self.networks if network.kind == kind and network_fits(network)]
        return max(fitting, key=lambda network: network.generation, default=None)


def network_fits(network: ObservedNetwork) -> bool:
    """Whether the network is what its kind promises (security.md 6.1)."""
    if network.kind == "private":
        return network.internal and network.hostless
    return network.kind == "egress" and not network.internal
