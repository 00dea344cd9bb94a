"""Taken ports."""

from __future__ import annotations

from devbox.core.facts import Origin
from devbox.core.port_checks import Port, judge

FREE = Port("127.0.0.1", 8000, 80, "tcp", Origin("devbox.toml", 4))


def test_a_free_port_is_no_finding() -> None:
    assert judge((FREE,), None).findings == ()


def test_a_taken_port_names_its_holder_and_a_free_one() -> None:
    taken = Port("127.0.0.1", 8000, 80, "tcp", Origin("devbox.toml", 4), holder="nginx (pid 7)", free=8001)
    (finding,) = judge((FREE, taken), None).findings
    assert (finding.id, finding.severity, str(finding.origin)) == ("ports.8000", "warn", "devbox.toml:4")
    assert "nginx (pid 7)" in finding.message
    assert finding.hint == '8001 is free: `ports = ["8001:80"]`'


def test_ports_on_another_machine_are_unknown() -> None:
    assert judge((), "on the engine's machine").checks[0].reason == "on the engine's machine"
