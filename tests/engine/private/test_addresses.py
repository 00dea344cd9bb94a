"""The engine's bridge gets addresses that nothing else on the machine uses."""

from __future__ import annotations

from ipaddress import IPv4Network

import pytest

from devbox.core.errors import EngineError
from devbox.engine.private.addresses import (
    CANDIDATES,
    choose_subnet,
    local_addresses,
    name_servers,
    routed_networks,
)

# /proc/net/route of a machine with eth0 on 192.0.2.0/24 and a bridge on 172.31.255.0/24.
ROUTES = """\
Iface	Destination	Gateway 	Flags	RefCnt	Use	Metric	Mask		MTU	Window	IRTT
eth0	00000000	010200C0	0003	0	0	0	00000000	0	0	0
docker0	00FF1FAC	00000000	0001	0	0	0	00FFFFFF	0	0	0
eth0	000200C0	00000000	0001	0	0	0	00FFFFFF	0	0	0
"""
TRIE = """\
Local:
  +-- 0.0.0.0/0 3 0 5
     |-- 0.0.0.0
        /0 universe UNICAST
     +-- 127.0.0.0/8 2 0 2
        |-- 127.0.0.1
           /32 host LOCAL
        |-- 127.255.255.255
           /32 link BROADCAST
     |-- 172.18.0.1
        /32 host LOCAL
"""


def test_routes_are_read_without_the_default_route() -> None:
    assert routed_networks(ROUTES) == (IPv4Network("172.31.255.0/24"), IPv4Network("192.0.2.0/24"))


def test_addresses_of_bridges_that_are_down_are_found() -> None:
    assert local_addresses(TRIE) == (IPv4Network("127.0.0.1"), IPv4Network("172.18.0.1"))


def test_name_servers_are_found_and_broken_lines_ignored() -> None:
    text = "# nameserver 1.1.1.1\nnameserver 10.255.255.53\nnameserver fe80::1\nnameserver 999.1.1.1\n"
    assert name_servers(text) == (IPv4Network("10.255.255.53"),)


def test_the_subnet_of_last_time_is_kept_while_it_is_free() -> None:
    last = IPv4Network("10.1.2.0/24")
    assert choose_subnet([IPv4Network("10.1.3.0/24")], 0, last) == last


def test_a_subnet_that_a_vpn_took_is_given_up() -> None:
    last = IPv4Network("172.31.254.0/24")
    chosen = choose_subnet([IPv4Network("172.16.0.0/12"), IPv4Network("10.0.0.0/8")], 0, last)
    assert chosen.subnet_of(IPv4Network("192.168.0.0/16"))


def test_engines_that_do_not_run_at_once_start_from_different_candidates() -> None:
    assert choose_subnet([], 1) != choose_subnet([], 2)
    assert choose_subnet([], 10**9) in CANDIDATES


def test_the_default_route_takes_no_subnet() -> None:
    assert choose_subnet([IPv4Network("0.0.0.0/0")], 0) == CANDIDATES[0]


def test_no_free_subnet_is_an_error_with_a_next_step() -> None:
    with pytest.raises(EngineError) as caught:
        choose_subnet([IPv4Network(n) for n in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")], 0)
    assert "`ip route`" in str(caught.value.hint)
