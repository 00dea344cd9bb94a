"""The status for people and for programs, from one value."""

from __future__ import annotations

import json

from devbox.core.present import glyphs
from devbox.core.status import BoxStatus, MountStatus, PortStatus, ServiceStatus, Stale
from devbox.report.status_json import status_fields
from devbox.report.status_text import status_text

OPEN = "\x1b[31m0.0.0.0:9000 to 90 (open to the network)\x1b[0m"
STALE = (Stale("env DEBUG", "1", "0", "recreate"), Stale("env LANG", "not set", "C", "recreate"))
STATUS = BoxStatus(
    "shop", "default", "20.10.24 at unix:///run/docker.sock (DOCKER_HOST)",
    services=(
        ServiceStatus(
            "box", "box", "running", stale=STALE,
            ports=(PortStatus("127.0.0.1", 8000, 80, scheme="http"), PortStatus("0.0.0.0", 9000, 90)),
            mounts=(MountStatus("bind", "/home/mara/shop", "/app"),), egress=True,
        ),
        ServiceStatus(
            "db", "sidecar", "running", health="healthy", mounts=(MountStatus("volume", "shop-data", "/data"),)
        ),
        ServiceStatus(
            "proxy", "sidecar", "exited", exit_code=1, egress=True, last_lines=(b"bad \x1b]52;c;x\x07config",)
        ),
    ),
    network="shop-private-1", volumes=("shop-data",),
)


def test_a_status_reads_from_the_top() -> None:
    assert status_text(STATUS, glyphs(ascii_only=True)).splitlines() == [
        "shop - mode default - engine 20.10.24 at unix:///run/docker.sock (DOCKER_HOST)",
        f"> box    running   box                   http://127.0.0.1:8000/ to 80, {OPEN}",
        "    ! stale: env DEBUG changed: 1 -> 0 (`devbox up` recreates it)",
        "    ! stale: env LANG added: C (`devbox up` recreates it)",
        "    live /home/mara/shop -> /app",
        "+ db     healthy   private",
        "    volume shop-data -> /data",
        "x proxy  exited 1  private, with egress",
        "    | bad config",
        "network  shop-private-1",
        "volumes  shop-data",
    ]


def test_nothing_from_outside_acts_on_the_terminal() -> None:
    hostile = ServiceStatus("a\x1b[2Jb", "box", "running", mounts=(MountStatus("bind", "/x\x1b]0;t\x07", "/y\r"),))
    text = status_text(BoxStatus("p\x1bc", "m\x07", "e\x9b2J", services=(hostile,)), glyphs(ascii_only=False))
    assert not any(character in text for character in "\x1b\x07\x9b\r")


def test_the_json_has_every_field_of_the_contract() -> None:
    fields = status_fields(STATUS)
    assert list(fields) == ["project", "mode", "engine", "services", "network", "volumes"]
    box = fields["services"][0]
    assert {"name", "role", "state", "health", "container", "image", "stale", "ports", "mounts"} <= box.keys()
    assert box["stale"][0] == {"field": "env DEBUG", "was": "1", "now": "0", "action": "recreate"}
    assert json.loads(json.dumps(fields, allow_nan=False)) == fields


def test_what_was_stopped_does_not_look_like_a_crash() -> None:
    def row(code: int) -> str:
        service = ServiceStatus("side", "sidecar", "exited", exit_code=code)
        return status_text(BoxStatus("p", "m", "e", services=(service,)), glyphs(ascii_only=True)).splitlines()[1]

    assert row(143).startswith(". side  stopped")
    assert row(1).startswith("x side  exited 1")
    assert row(137).startswith("x side  exited 137"), "out of memory ends so too"
