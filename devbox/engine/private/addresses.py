"""Choose a subnet for the engine's bridge that nothing on this machine uses. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import suppress
from ipaddress import IPv4Address, IPv4Network

from devbox.core.errors import EngineError

CANDIDATES = (
    *(IPv4Network(f"172.{second}.254.0/24") for second in range(31, 17, -1)),
    *(IPv4Network(f"10.{second}.254.0/24") for second in range(231, 200, -1)),
    *(IPv4Network(f"192.168.{third}.0/24") for third in range(254, 200, -1)),
)
"""Upper ends of the private blocks: Docker itself hands out from the lower ends."""


def choose_subnet(used: Iterable[IPv4Network], first: int, preferred: IPv4Network | None = None) -> IPv4Network:
    """A candidate that overlaps nothing used: `preferred`, else the next one from number `first` on, so that engines
    which do not run at the same time choose different ones. EngineError when none is free."""
    taken = [network for network in used if network.prefixlen > 0]
    start = first % len(CANDIDATES)
    order = (*CANDIDATES[start:], *CANDIDATES[:start])
    for subnet in order if preferred is None else (preferred, *order):
        if not any(subnet.overlaps(network) for network in taken):
            return subnet
    raise EngineError(
        "no private subnet is free for the engine's bridge", hint="`ip route` shows what uses them",
        detail=f"tried {len(CANDIDATES)} subnets of 172.16.0.0/12, 10.0.0.0/8 and 192.168.0.0/16",
    )


def routed_networks(table: str) -> tuple[IPv4Network, ...]:
    """The destinations of `/proc/net/route`, the default route left out."""
    found = []
    for line in table.splitlines()[1:]:
        fields = line.split()
        if len(fields) < 8:
            continue
        address, mask = _little_endian(fields[1]), _little_endian(fields[7])
        if mask != IPv4Address(0):
            found.append(IPv4Network(f"{address}/{mask}", strict=False))
    return tuple(found)


def local_addresses(trie: str) -> tuple[IPv4Network, ...]:
    """The machine's own addresses from `/proc/net/fib_trie`: bridges that are down have no route but keep theirs."""
    pairs = re.findall(r"\|-- ([0-9.]+)\n\s+/32 host LOCAL", trie)
    return tuple(IPv4Network(address) for address in dict.fromkeys(pairs))


def name_servers(resolv_conf: str) -> tuple[IPv4Network, ...]:
    """IPv4 name servers: a network that covers one would cut the machine off from names."""
    found = []
    for text in re.findall(r"(?m)^[ \t]*nameserver[ \t]+([0-9.]+)[ \t]*$", resolv_conf):
        with suppress(ValueError):  # a broken line is the resolver's business
            found.append(IPv4Network(text))
    return tuple(found)


def _little_endian(word: str) -> IPv4Address:
    return IPv4Address(int.from_bytes(bytes.fromhex(word), "little"))
