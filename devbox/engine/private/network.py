"""The engine's own bridge and the network settings it changes: made before dockerd starts, undone after it ended.

A bridge of our own lets two engines share one machine: with `--bip` both would fight for `docker0`. It is made by
ioctl, because a bare machine has no `ip` program. Needs root.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import shutil
import socket
import struct
from collections.abc import Iterable
from contextlib import suppress
from ipaddress import IPv4Network
from pathlib import Path

from devbox.core.errors import EngineError
from devbox.engine.private.addresses import (
    choose_subnet,
    local_addresses,
    name_servers,
    routed_networks,
)
from devbox.engine.private.layout import PrivateLayout

_SIOCGIFFLAGS, _SIOCSIFFLAGS, _SIOCSIFADDR, _SIOCSIFNETMASK = 0x8913, 0x8914, 0x8916, 0x891C
_SIOCGIFMTU, _SIOCBRADDBR, _SIOCBRDELBR = 0x8921, 0x89A0, 0x89A1
_IFF_UP = 1
_FORWARDING = Path("/proc/sys/net/ipv4/ip_forward")


def pick_subnet(layout: PrivateLayout) -> IPv4Network:
    """A free subnet for the default bridge, the one of last time if it still is free; remembered for the next time.

    To be called while the engine is stopped and its own bridges are gone. dockerd insists on the subnet its network
    store knows, so a change of subnet means a new store: networks that stopped projects had are made again by `up`.
    """
    used = (
        *routed_networks(_text("/proc/net/route")),
        *local_addresses(_text("/proc/net/fib_trie")),
        *name_servers(_text("/etc/resolv.conf")),
    )
    last: IPv4Network | None = None
    with suppress(ValueError):  # no record, or an unreadable one: any will do
        last = IPv4Network(_text(layout.subnet).strip())
    chosen = choose_subnet(used, int(layout.mark[3:], 16), last)
    if last is not None and chosen != last:
        shutil.rmtree(layout.data / "network", ignore_errors=True)
    layout.subnet.write_text(f"{chosen}\n", encoding="ascii")
    return chosen


def make_bridge(name: str, subnet: IPv4Network) -> None:
    """Make the bridge, give it the subnet's first address and bring it up."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        try:
            fcntl.ioctl(control, _SIOCBRADDBR, name.encode() + b"\0")
        except OSError as error:
            if error.errno != errno.EEXIST:
                raise EngineError(
                    f"cannot make the network bridge {name}: {error.strerror}",
                    hint="a container without the right NET_ADMIN, or a kernel without bridges, can't run an engine",
                ) from error
        for request, address in ((_SIOCSIFADDR, subnet[1]), (_SIOCSIFNETMASK, subnet.netmask)):
            packed = struct.pack("16sHH4s8x", name.encode(), socket.AF_INET, 0, address.packed)
            fcntl.ioctl(control, request, packed)
        _set_up(control, name, up=True)


def remove_bridges(names: Iterable[str]) -> tuple[str, ...]:
    """Take the bridges down and remove them; returns those that are still there."""
    wanted = tuple(names)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        for name in filter(exists, wanted):
            with suppress(OSError):
                _set_up(control, name, up=False)
                fcntl.ioctl(control, _SIOCBRDELBR, name.encode() + b"\0")
    return tuple(filter(exists, wanted))


def exists(name: str) -> bool:
    """Whether there is a network interface of that name."""
    try:
        socket.if_nametoindex(name)
    except OSError:
        return False
    return True


def default_mtu() -> int:
    """The MTU of the interface that holds the default route; 1500 where there is none."""
    for line in _text("/proc/net/route").splitlines()[1:]:
        fields = line.split()
        if len(fields) > 7 and fields[1] == fields[7] == "00000000":
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
                reply = fcntl.ioctl(control, _SIOCGIFMTU, struct.pack("16si12x", fields[0].encode(), 0))
            return int(struct.unpack_from("i", reply, 16)[0])
    return 1500


def remember_settings(layout: PrivateLayout, forward_policy: str) -> None:
    """Note what dockerd is about to change for the whole machine; the first start after a stop decides."""
    if not layout.before.exists():
        settings = {"ip_forward": _text(_FORWARDING).strip(), "forward_policy": forward_policy}
        layout.before.write_text(json.dumps(settings), encoding="ascii")


def recall_settings(layout: PrivateLayout) -> dict[str, str]:
    """What `remember_settings` noted, or nothing."""
    try:
        settings = json.loads(layout.before.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return {}
    return settings if isinstance(settings, dict) else {}


def restore_forwarding(value: str) -> None:
    """Put the machine's ip_forward back."""
    if value in ("0", "1") and _text(_FORWARDING).strip() != value:
        _FORWARDING.write_text(value, encoding="ascii")


def _set_up(control: socket.socket, name: str, *, up: bool) -> None:
    reply = fcntl.ioctl(control, _SIOCGIFFLAGS, struct.pack("16sH22x", os.fsencode(name), 0))
    (flags,) = struct.unpack_from("H", reply, 16)
    flags = flags | _IFF_UP if up else flags & ~_IFF_UP
    fcntl.ioctl(control, _SIOCSIFFLAGS, struct.pack("16sH22x", os.fsencode(name), flags))


def _text(path: str | Path) -> str:
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
