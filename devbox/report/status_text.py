"""A status as a table for people: glyph, then word (tui.md, Principles 3)."""

from __future__ import annotations

from devbox.core.present import Glyphs, Tone, service_tone, service_word
from devbox.core.staleness import sentence
from devbox.core.status import BoxStatus, MountStatus, PortStatus, ServiceStatus
from devbox.core.text import cell_width, clean, clip_end, shown_name

_RED, _PLAIN = "\x1b[31m", "\x1b[0m"
_LOOPBACK = ("127.0.0.1", "::1")
_ACTIONS = {"recreate": "`devbox up` recreates it", "rebuild": "`devbox up` builds it", "restart": "`devbox restart`"}


def status_text(status: BoxStatus, glyphs: Glyphs) -> str:
    """All of it, without a final newline; what is open to the network is red where the terminal has colours."""
    head = (shown_name(status.project), f"mode {clean(status.mode)}", f"engine {clean(status.engine)}")
    lines = [f" {glyphs.separator} ".join(head)]
    rows = [_row(service, glyphs) for service in status.services]
    widths = [max((cell_width(row[column]) for row in rows), default=0) for column in range(3)]
    for service, row in zip(status.services, rows, strict=True):
        cells = [text + " " * (width - cell_width(text)) for text, width in zip(row, widths, strict=False)]
        lines.append(f"{'  '.join(cells)}  {row[3]}".rstrip())
        lines += [f"    {line}" for line in _details(service, glyphs)]
    if status.network:
        lines.append(f"network  {clean(status.network)}")
    if status.volumes:
        lines.append(f"volumes  {', '.join(map(clean, status.volumes))}")
    return "\n".join(lines)


def _row(service: ServiceStatus, glyphs: Glyphs) -> tuple[str, str, str, str]:
    tone = service_tone(service.state, service.health, service.exit_code)
    word = service_word(service.state, service.health, service.exit_code)
    role = "private" if service.role == "sidecar" and not service.egress else service.role
    role = "private, with egress" if service.role == "sidecar" and service.egress else role
    published = ", ".join(_port(port) for port in service.ports)
    return f"{glyphs.of(tone)} {clean(service.name)}", clean(word), role, published


def _port(port: PortStatus) -> str:
    protocol = "" if port.protocol == "tcp" else f"/{port.protocol}"
    shown = f"{clean(port.place)} to {port.container_port}{protocol}"
    return shown if port.address in _LOOPBACK else f"{_RED}{shown} (open to the network){_PLAIN}"


def _details(service: ServiceStatus, glyphs: Glyphs) -> list[str]:
    lines = []
    for each in service.stale:
        change = clean(sentence(each)).replace("→", glyphs.arrow)
        cure = f" ({_ACTIONS[each.action]})" if each.action in _ACTIONS else ""
        lines.append(f"{glyphs.of(Tone.WARN)} stale: {clip_end(change, 120)}{cure}")
    lines += [f"{_mount(mount, glyphs)}" for mount in service.mounts if mount.kind != "tmpfs"]
    if service.state in ("exited", "dead"):
        lines += [f"{glyphs.bar} {clip_end(clean(line), 110)}" for line in service.last_lines[-5:]]
    return lines


def _mount(mount: MountStatus, glyphs: Glyphs) -> str:
    kind = "live" if mount.kind == "bind" else "volume"
    read_only = " (read-only)" if mount.read_only else ""
    return f"{kind} {clean(mount.source)} {glyphs.arrow} {clean(mount.target)}{read_only}"
