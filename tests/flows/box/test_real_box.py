"""The box on a real engine: what `up` makes, leaves alone, replaces and puts right."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from devbox.core.errors import NotReadyError
from devbox.core.events import OperationChanged, Settled, Spent
from devbox.core.labels import PROJECT_ID, SERVICE, project_id
from devbox.core.project import Hooks, Mount, PortBinding, Ready, Service, VolumeMount
from devbox.engine.port import ContainerInfo, ExecSpec
from devbox.engine.stream import Cancellation
from devbox.flows.box import api as box
from devbox.flows.box.run_inside import Answer, run_inside

pytestmark = pytest.mark.engine

SERVER = ("sh", "-c", """echo serving; exec perl -MIO::Socket::INET -e '
my $s = IO::Socket::INET->new(LocalPort => 5432, Listen => 5, ReuseAddr => 1) or die $!;
while (my $c = $s->accept) { print $c "hello\\n"; close $c }'""")
"""A sidecar that answers on 5432 and needs nothing but Debian's minimal perl."""


ASK = """perl -MIO::Socket::INET -e '
alarm 3; my $s = IO::Socket::INET->new(PeerAddr => $ARGV[0], PeerPort => 5432, Timeout => 2) or exit 9; print <$s>' """


def labels(bench: Any) -> dict[str, str]:
    return {PROJECT_ID: project_id(str(bench.workspace.root), os.getuid())}


def container(bench: Any, service: str = "box") -> ContainerInfo:
    [found] = bench.workspace.engine.containers({**labels(bench), SERVICE: service})
    return found


def inside(bench: Any, script: str, service: str = "box") -> Answer:
    spec = ExecSpec(("sh", "-c", script))
    return run_inside(bench.workspace.engine, container(bench, service).id, spec, seconds=20, cancel=Cancellation())


def db(image: str, **changes: Any) -> Service:
    ready = Ready("tcp", "5432", 20.0)
    return Service("db", "sidecar", image=image, command=SERVER, egress=False, ready=ready, **changes)



def test_nothing_changed_asks_the_engine_for_no_change(real_bench: Callable[..., Any], base_image: str) -> None:
    bench = real_bench(db(base_image))
    bench.run(box.up(bench.workspace))
    actions: list[str] = []
    stream = bench.workspace.engine.events(labels(bench))
    with closing(stream):
        def listen() -> None:
            for event in stream:
                actions.append(str(event.get("Action")))

        thread = threading.Thread(target=listen, daemon=True)
        thread.start()
        bench.run(box.up(bench.workspace))
        # A marker of our own ends the wait: everything before it has arrived when it does.
        inside(bench, "true")
    thread.join(5)
    assert [action for action in actions if not action.startswith("exec_")] == []


def test_the_account_of_the_time_is_complete(real_bench: Callable[..., Any]) -> None:
    bench = real_bench()
    events = bench.run(box.up(bench.workspace))
    [spent] = [event for event in events if isinstance(event, Spent)]
    assert sum(seconds for _, seconds in spent.parts) >= 0.95 * spent.total
    [settled] = [event for event in events if isinstance(event, Settled)]
    assert [(service.name, service.state) for service in settled.services] == [("box", "running")]


def test_a_sidecar_is_reachable_by_name_from_the_box_and_from_nowhere_else(
    real_bench: Callable[..., Any], base_image: str
) -> None:
    bench, other = real_bench(db(base_image), name="one"), real_bench(name="two")
    bench.run(box.up(bench.workspace))
    other.run(box.up(other.workspace))
    assert inside(bench, ASK + "db").output == b"hello\n"

    sidecar = container(bench, "db")
    [(network, settings)] = sidecar.raw["NetworkSettings"]["Networks"].items()
    assert "private" in network
    address = settings["IPAddress"]
    # Some networks answer for every address: what counts is that the sidecar itself does not.
    assert b"hello" not in inside(other, ASK + address).output
    with suppress(OSError), socket.create_connection((address, 5432), timeout=1) as connection:
        assert connection.recv(16) == b""
    assert sidecar.ports == ()
    assert inside(bench, "getent hosts db | cut -d' ' -f1").output.strip().decode() == address


def test_live_mount_files_belong_to_the_caller(real_bench: Callable[..., Any], tmp_path: Path) -> None:
    source = tmp_path / "src"
    source.mkdir(mode=0o777)
    source.chmod(0o777)
    bench = real_bench(
        mounts=(Mount(str(source), "/app"),), volumes=(VolumeMount("venv", "/opt/venv"),), workdir="/app",
    )
    # Another user than root, whoever runs the tests: the caller's ids are a value of the workspace.
    workspace = replace(bench.workspace, uid=4321, gid=4321, user_name="mara")
    try:
        bench.run(box.up(workspace))
        [made] = workspace.engine.containers({PROJECT_ID: project_id(str(workspace.root), 4321)})
        script = "touch made && whoami && echo $HOME $USER && touch $HOME/x /opt/venv/x && id -u && id -g"
        spec = ExecSpec(("sh", "-c", script))
        answer = run_inside(workspace.engine, made.id, spec, seconds=20, cancel=Cancellation())
        assert answer.output.decode().split() == ["mara", "/home/mara", "mara", "4321", "4321"]
        assert answer.code == 0
        found = (source / "made").stat()
        assert (found.st_uid, found.st_gid) == (4321, 4321)
        assert workspace.engine.read_file(made.id, "/etc/passwd", 1 << 20).startswith(b"root:x:0:0:")  # type: ignore[union-attr]
    finally:
        bench.run(box.down(workspace, volumes=True))


def test_a_taken_port_is_found_before_anything_is_touched(real_bench: Callable[..., Any]) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        bench = real_bench(ports=(PortBinding(8000, port),))
        with pytest.raises(NotReadyError, match=f"port {port} on 127.0.0.1 is already in use by .*pid {os.getpid()}"):
            bench.run(box.up(bench.workspace))
    assert bench.workspace.engine.containers(labels(bench)) == ()


def test_a_port_of_another_container_is_named_by_it(real_bench: Callable[..., Any]) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    one, two = (real_bench(name=name, ports=(PortBinding(8000, port),)) for name in ("one", "two"))
    one.run(box.up(one.workspace))
    with pytest.raises(NotReadyError, match=f"in use by container one-.* of {one.workspace.root}") as caught:
        two.run(box.up(two.workspace))
    assert "is free" in (caught.value.hint or "")
    assert one.plan(box.up(one.workspace)) == []




def test_create_hooks_run_once_in_each_container_and_start_hooks_at_each_start(real_bench: Callable[..., Any]) -> None:
    bench = real_bench(hooks=Hooks(create=("echo c >> /tmp/hooks",), start=("echo s >> /tmp/hooks",)))
    bench.run(box.up(bench.workspace))
    bench.run(box.stop(bench.workspace))
    bench.run(box.up(bench.workspace))
    bench.run(box.restart(bench.workspace))
    assert inside(bench, "cat /tmp/hooks").output.split() == [b"c", b"s", b"s", b"s"]





@pytest.mark.parametrize("ready", [Ready("tcp", "5432"), Ready("log", "^serving"), Ready("run", "test -e /proc/1")])
def test_every_kind_of_readiness(real_bench: Callable[..., Any], ready: Ready) -> None:
    bench = real_bench(command=SERVER, ready=ready)
    events = bench.run(box.up(bench.workspace))
    waits = [event for event in events if isinstance(event, OperationChanged) and event.operation.kind == "wait-ready"]
    assert [event.state for event in waits] == ["started", "done"]



def test_a_port_of_the_box_is_published_on_loopback(real_bench: Callable[..., Any]) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    bench = real_bench(command=SERVER, ports=(PortBinding(5432, port),), ready=Ready("tcp", "5432"))
    bench.run(box.up(bench.workspace))
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        assert connection.recv(16) == b"hello\n"
    [status] = box.observe(bench.workspace).services
    assert [(each.address, each.host_port) for each in status.ports] == [("127.0.0.1", port)]


def test_the_host_ca_is_there_read_only_and_named(real_bench: Callable[..., Any], tmp_path: Path) -> None:
    bundle = tmp_path / "company.pem"
    bundle.write_text("-----BEGIN CERTIFICATE-----\n")
    bench = real_bench(host_ca=True, env=(("PIP_CERT", "/mine"),))
    bench.workspace = replace(bench.workspace, env={**bench.workspace.env, "SSL_CERT_FILE": str(bundle)})
    bench.run(box.up(bench.workspace))
    told = inside(bench, 'cat "$SSL_CERT_FILE" && echo "$PIP_CERT"')
    assert told.output == b"-----BEGIN CERTIFICATE-----\n/mine\n"
    assert inside(bench, 'echo x >> "$SSL_CERT_FILE"').code != 0


@pytest.mark.parametrize("url", ["http://127.0.0.1:8000/health", "http://127.0.0.1:8000/missing"])
def test_http_readiness_is_asked_from_inside_with_what_the_image_has(real_bench: Callable[..., Any], url: str) -> None:
    server = ("sh", "-c", """exec perl -MIO::Socket::INET -e '
my $s = IO::Socket::INET->new(LocalPort => 8000, Listen => 5, ReuseAddr => 1) or die $!;
while (my $c = $s->accept) { my $code = <$c> =~ m{/health} ? "200 OK" : "404 Not Found"; while (<$c> =~ /\\S/) {}
print $c "HTTP/1.0 $code\\r\\nContent-Length: 0\\r\\n\\r\\n"; close $c }'""")
    there = url.endswith("health")
    bench = real_bench(command=server, ready=Ready("http", url, 30.0 if there else 4.0))
    if there:
        bench.run(box.up(bench.workspace))
    else:
        with pytest.raises(NotReadyError, match=f"not ready .*: {url}: .*404"):
            bench.run(box.up(bench.workspace))
