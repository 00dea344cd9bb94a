"""Why a container is not what the project asks for: field by field, with the smallest action that cures it (X3). Pure.

A container made from the same settings and the same image is current, whatever else an engine reports; fields are
compared only to say what differs, so that an engine's own additions never recreate anything.
"""

from __future__ import annotations

from collections.abc import Iterator

from devbox.core.desired import SLEEPERS, Desired, DesiredContainer
from devbox.core.masking import MASK, Masker, secret_name
from devbox.core.observed import Observed, ObservedContainer, ObservedImage
from devbox.core.project import Pairs
from devbox.core.status import Action, Stale

_UNSET = "not set"


def staleness(
    wanted: DesiredContainer, desired: Desired, found: ObservedContainer, observed: Observed
) -> tuple[Stale, ...]:
    """The differences, the image first; empty when the container is current. Secret values are masked."""
    stale = [*_image(wanted, found), *_networks(wanted, found, observed)]
    if found.digest != wanted.digest:
        named = list(_settings(wanted, desired, found, observed))
        stale += named or [Stale("settings", "as created", "as declared", "recreate")]
    return tuple(stale)


def describe(stale: tuple[Stale, ...]) -> str:
    """The differences as the cause of an operation: `env DEBUG changed: 1 → 0`, the first two and a count."""
    shown = [sentence(each) for each in stale[:2]]
    if len(stale) > 2:
        shown.append(f"{len(stale) - 2} more")
    return ", ".join(shown)


def sentence(stale: Stale) -> str:
    """One difference: `env DEBUG changed: 1 → 0`, `env DEBUG added: 1`."""
    if stale.was == _UNSET:
        return f"{stale.field} added: {stale.now}"
    if stale.now == _UNSET:
        return f"{stale.field} removed"
    return f"{stale.field} changed: {stale.was} → {stale.now}"


def _image(wanted: DesiredContainer, found: ObservedContainer) -> Iterator[Stale]:
    if wanted.image_id is None:
        action: Action = "rebuild" if wanted.builds else "recreate"
        missing = "not built" if wanted.builds else "not pulled"
        yield Stale("image", short_id(found.image_id), f"{wanted.image} ({missing})", action)
    elif wanted.image_id != found.image_id:
        yield Stale("image", short_id(found.image_id), short_id(wanted.image_id), "recreate")


def _networks(wanted: DesiredContainer, found: ObservedContainer, observed: Observed) -> Iterator[Stale]:
    for kind in wanted.networks:
        network = observed.network(kind)
        if network is None:
            yield Stale(f"network {kind}", "gone", "to be created", "recreate")
        elif not any(name == network.name and id in ("", network.id) for name, id in found.networks):
            yield Stale(f"network {kind}", "not joined", network.name, "recreate")
    allowed = {network.name for kind in wanted.networks if (network := observed.network(kind))}
    if len(allowed) == len(wanted.networks):
        for name, _ in found.networks:
            if name not in allowed:
                yield Stale("network", name, _UNSET, "recreate")


def _settings(
    wanted: DesiredContainer, desired: Desired, found: ObservedContainer, observed: Observed
) -> Iterator[Stale]:
    image = observed.image(found.image_id)
    inherited = image or ObservedImage(found.image_id, (), found.command, found.entrypoint, found.user, found.workdir)
    # A home of its own comes with the caller's user where the image names another one.
    unasked = ("HOME",) if wanted.named_user else ()
    yield from _environment(wanted.env, found.env, inherited.env if image else found.env, unasked)
    yield from _command(wanted, found, inherited)
    # An unset user or working directory is the image's own.
    yield from _plain("user", found.user, wanted.user if wanted.user is not None else inherited.user)
    yield from _plain("workdir", found.workdir, wanted.workdir or inherited.workdir)
    yield from _targets("mount", _binds(found.binds), _binds(wanted.binds))
    # Volumes that an image asks for are the engine's own: only the project's are compared.
    named = {volume.name for volume in observed.volumes} | {volume.name for volume in desired.volumes}
    own = {target: name for name, target in found.volumes if name in named}
    yield from _targets("volume", own, {target: name for _, name, target in wanted.volumes})
    yield from _targets("port", _ports(found.ports), _ports(wanted.ports))
    if found.no_new_privileges is not None:
        yield from _plain("sudo", _yes(not found.no_new_privileges), _yes(not wanted.no_new_privileges))
    yield from _plain("mode", found.mode, wanted.mode)
    yield from _plain("create hooks", found.hooks, wanted.hooks_digest)


def _environment(wanted: Pairs, found: Pairs, image: Pairs, unasked: tuple[str, ...]) -> Iterator[Stale]:
    asked, has, inherited = dict(wanted), dict(found), dict(image)
    for name, value in asked.items():
        if has.get(name) != value:
            was = shown_value(name, has[name]) if name in has else _UNSET
            yield Stale(f"env {name}", was, shown_value(name, value), "recreate")
    for name, value in has.items():
        if name not in asked and name not in unasked and inherited.get(name) != value:
            now = shown_value(name, inherited[name]) if name in inherited else _UNSET
            yield Stale(f"env {name}", shown_value(name, value), now, "recreate")


def shown_value(name: str, value: str) -> str:
    """A setting's value as it may be shown: masked by its name, and without the login of a URL."""
    return MASK if value and secret_name(name) else Masker().mask_text(value)


def _command(wanted: DesiredContainer, found: ObservedContainer, image: ObservedImage) -> Iterator[Stale]:
    has = (*found.entrypoint, *found.command)
    if wanted.sleeps and has in SLEEPERS:
        return
    entrypoint = image.entrypoint if wanted.entrypoint is None else wanted.entrypoint
    asked = (*entrypoint, *(image.command if wanted.command is None else wanted.command))
    yield from _plain("command", " ".join(has), " ".join(asked))


def _plain(field: str, was: str, now: str) -> Iterator[Stale]:
    if was != now:
        yield Stale(field, was or _UNSET, now or _UNSET, "recreate")


def _targets(field: str, was: dict[str, str], now: dict[str, str]) -> Iterator[Stale]:
    for target in {**was, **now}:
        if was.get(target) != now.get(target):
            yield Stale(f"{field} {target}", was.get(target, _UNSET), now.get(target, _UNSET), "recreate")


def _binds(binds: tuple[tuple[str, str, bool], ...]) -> dict[str, str]:
    return {target: f"{source} (read-only)" if read_only else source for source, target, read_only in binds}


def _ports(ports: tuple[tuple[str, int, int, str], ...]) -> dict[str, str]:
    shown: dict[str, list[str]] = {}
    for address, host, inside, protocol in sorted(ports):
        shown.setdefault(f"{inside}/{protocol}", []).append(f"{address}:{host}")
    return {target: ", ".join(places) for target, places in shown.items()}


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def short_id(image: str) -> str:
    """An image id as people read it: the first twelve digits."""
    return image.removeprefix("sha256:")[:12]
