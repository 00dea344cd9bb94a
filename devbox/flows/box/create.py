"""Creating one service's container, complete and stopped."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from devbox.core import labels as label
from devbox.core.desired import Desired, DesiredContainer, NetworkKind
from devbox.core.project import Pairs
from devbox.engine.port import ContainerSpec, Engine
from devbox.flows.box.mutate import mutate
from devbox.flows.box.observe import MARKER
from devbox.flows.box.staging import Entry, account, pack, volume_roots

_SIDECAR_DROPS = ("NET_RAW",)
"""With raw packets a sidecar would reach the host through the bridge's IPv6 link-local address, which no network option
takes away."""


def create_container(
    engine: Engine, desired: Desired, wanted: DesiredContainer, generation: int, networks: Mapping[NetworkKind, str],
    sleeper: tuple[str, ...] | None = None,
) -> str:
    """Create it and put into it what it needs before it first starts; returns its id.

    `sleeper` replaces the command of a box that only has to stay up. Interrupted before it is started, the container
    counts as unfinished and the next run removes it.
    """
    spec = container_spec(desired, wanted, generation, networks, sleeper)
    home = _image_home(engine, wanted)
    if home:
        spec = _with_env(spec, "HOME", home)
    id = mutate("create-container", lambda: engine.create_container(spec))
    entries = _entries(engine, id, wanted)
    if entries:
        mutate("put-files", lambda: engine.put_archive(id, "/", pack(entries)))
    return id


def container_spec(
    desired: Desired, wanted: DesiredContainer, generation: int, networks: Mapping[NetworkKind, str],
    sleeper: tuple[str, ...] | None = None,
) -> ContainerSpec:
    """The engine's view of a desired container. Every service answers to its name on the networks it joins."""
    entrypoint = sleeper or wanted.entrypoint
    labels: Pairs = desired.identity.object_labels(
        service=wanted.service, role=wanted.role, generation=generation, digest=wanted.digest, mode=wanted.mode
    )
    if wanted.hooks_digest:
        labels += ((label.HOOKS, wanted.hooks_digest),)
    return ContainerSpec(
        name=desired.identity.container_name(wanted.service, generation),
        image=wanted.image, labels=labels,
        command=entrypoint[1:] if wanted.sleeps and entrypoint else wanted.command,
        entrypoint=entrypoint[:1] if wanted.sleeps and entrypoint else entrypoint,
        env=wanted.env, user=wanted.user, workdir=wanted.workdir, hostname=wanted.service, binds=wanted.binds,
        volumes=tuple((name, target) for _, name, target in wanted.volumes), ports=wanted.ports,
        networks=tuple((networks[kind], (wanted.service,)) for kind in wanted.networks),
        init=wanted.init, pids_limit=wanted.pids_limit, no_new_privileges=wanted.no_new_privileges, gpus=wanted.gpus,
        drop_capabilities=() if wanted.role == "box" else _SIDECAR_DROPS,
    )


def mark_prepared(engine: Engine, id: str, hooks_digest: str) -> None:
    """Record inside the container that its create hooks have run: they run once in each container."""
    tar = pack((Entry(MARKER, hooks_digest.encode() + b"\n"),))
    mutate("mark-prepared", lambda: engine.put_archive(id, "/", tar))


def _entries(engine: Engine, id: str, wanted: DesiredContainer) -> tuple[Entry, ...]:
    if wanted.named_user is None or wanted.user is None:
        return ()
    uid, gid = (int(number) for number in wanted.user.split(":"))
    known = account(
        wanted.named_user, uid, gid, engine.read_file(id, "/etc/passwd"), engine.read_file(id, "/etc/group")
    )
    return (*known.entries, *volume_roots(wanted, uid, gid))


def _image_home(engine: Engine, wanted: DesiredContainer) -> str | None:
    """A home of the caller's own, needed only where the image's variables name another one."""
    if wanted.named_user is None or any(name == "HOME" for name, _ in wanted.env):
        return None
    image = engine.image(wanted.image)
    named = image is not None and any(each.startswith("HOME=") for each in image.env)
    return f"/home/{wanted.named_user}" if named else None


def _with_env(spec: ContainerSpec, name: str, value: str) -> ContainerSpec:
    return replace(spec, env=((name, value), *spec.env))
