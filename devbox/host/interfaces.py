"""Addresses of this machine's network interfaces."""

from __future__ import annotations

import os
import socket


def addresses_of(interface: str) -> tuple[str, ...]:
    """The IPv4 addresses of an interface; empty where it has none or does not exist here."""
    if not os.path.isdir(f"/sys/class/net/{interface}"):
        return ()
    try:
        import fcntl  # not on every platform, and only Linux has /sys/class/net

        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
            name = interface.encode()[:15].ljust(40, b"\0")
            found = fcntl.ioctl(control.fileno(), 0x8915, name)  # SIOCGIFADDR
    except (ImportError, OSError):
        return ()
    return (socket.inet_ntoa(found[20:24]),)
