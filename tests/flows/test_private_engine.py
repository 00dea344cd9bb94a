"""The private engine on the real machine: started, used, killed, stopped, beside the engine of the suite.

Each test has an engine of its own in `spare`; what it leaves behind fails the test.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import uuid
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from devbox.core.errors import Cancelled, EngineError
from devbox.core.events import Note, OperationChanged
from devbox.engine.docker_sdk import DockerSdkEngine
from devbox.engine.port import ContainerSpec, Endpoint
from devbox.engine.private import base_image as base
from devbox.engine.private import calls, firewall, mounts, network, processes
from devbox.engine.private.cgroups import own_cgroups
from devbox.engine.private.daemon import give_to
from devbox.engine.private.layout import PrivateLayout
from devbox.engine.stream import Cancellation
from devbox.failpoint import VARIABLE
from devbox.flows import private_engine
from devbox.flows.private_engine import EngineSetup
from tests.engine_session import LAYOUT, say, setup
from tests.waiting import wait_until

pytestmark = [pytest.mark.engine, pytest.mark.skipif(os.geteuid() != 0, reason="looks at what only root may see")]

REPOSITORY = Path(__file__).resolve().parents[2]
SERVER = (
    "use IO::Socket::INET; $SIG{TERM} = sub { exit };"
    "my $s = IO::Socket::INET->new(LocalPort => 80, Listen => 5, ReuseAddr => 1) or die;"
    "while (my $c = $s->accept) { print $c \"hello\\n\"; close $c }"
)


@pytest.fixture
def spare(docker_endpoint: Endpoint, base_image: str) -> Iterator[PrivateLayout]:
    """Folders for a second engine, with the suite's buildx and base archive; whatever happens, it is gone afterwards.

    Short paths outside pytest's folder: the socket's path ends at 107 bytes.
    """
    say(private_engine.ensure_base_archive(setup()))
    name = f"devbox-engine-spare-{uuid.uuid4().hex[:6]}"
    layout = PrivateLayout(Path("/var/lib", name), Path("/run", name))
    layout.root.mkdir(mode=0o755)
    for ready in ("docker-config", "base"):
        if (LAYOUT.root / ready).exists():
            (layout.root / ready).symlink_to(LAYOUT.root / ready)
    yield layout
    if layout.run.exists():
        say(private_engine.stop(setup(layout)))
    left = remains(layout)
    shutil.rmtree(layout.root)
    shutil.rmtree(layout.run, ignore_errors=True)
    assert left == []


def remains(layout: PrivateLayout) -> list[str]:
    """Everything of that engine which is not data."""
    saved = subprocess.run(["iptables-save"], capture_output=True, text=True, check=True, timeout=30).stdout
    return [
        *(f"process {pid}: {processes.command_line(pid)}" for pid in processes.own_processes(layout)),
        *(f"mount {point}" for folder in (layout.root, layout.run) for point in mounts.mounts_below(folder)),
        *(f"rule {line}" for line in saved.splitlines() if layout.mark in line),
        *(f"control group {path}" for path in own_cgroups(layout)),
        *(f"interface {name}" for name in [layout.mark] if network.exists(name)),
        *(f"socket {path}" for path in (layout.socket, layout.containerd_socket) if path.exists()),
    ]


def foreign_rules(layout: PrivateLayout) -> list[str]:
    """The packet filter rules of the suite's own engine, which runs beside."""
    saved = subprocess.run(["iptables-save"], capture_output=True, text=True, check=True, timeout=30).stdout
    return [line for line in saved.splitlines() if LAYOUT.mark in line]


def run_server(layout: PrivateLayout) -> tuple[DockerSdkEngine, str, int]:
    """A container on a network of its own that says hello on a published loopback port."""
    base.import_archive(layout.endpoint, layout)
    engine = DockerSdkEngine(layout.endpoint)
    net = engine.create_network("spare", ())
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    spec = ContainerSpec(
        "server", base.image_name(), (), command=("perl", "-e", SERVER), networks=((net.name, ()),),
        ports=(("127.0.0.1", port, 80, "tcp"),),
    )
    container = engine.create_container(spec)
    engine.start(container)
    return engine, container, port


def hello(port: int) -> bytes:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
            return connection.recv(100)
    except OSError:
        return b""


def test_it_starts_runs_containers_and_stops_without_a_trace(spare: PrivateLayout) -> None:
    assert private_engine.status(spare).state == "stopped"
    others = foreign_rules(spare)
    say(private_engine.start(setup(spare)))
    status = private_engine.status(spare)
    assert (status.state, status.pid) == ("running", processes.daemon(spare))
    assert status.version
    assert status.buildx_version
    _, _, port = run_server(spare)
    wait_until(lambda: hello(port) == b"hello\n")
    bridges = firewall.own_bridges(spare)
    assert len(bridges) == 2
    assert foreign_rules(spare) == others
    say(private_engine.stop(setup(spare)))
    assert private_engine.status(spare).state == "stopped"
    assert remains(spare) == []
    assert not any(map(network.exists, bridges))
    assert foreign_rules(spare) == others


def test_data_survives_a_stop_and_a_second_start_says_that_it_runs(spare: PrivateLayout) -> None:
    say(private_engine.start(setup(spare)))
    base.import_archive(spare.endpoint, spare)
    say(private_engine.stop(setup(spare)))
    say(private_engine.start(setup(spare)))
    assert calls.has_image(spare.endpoint, base.image_name())
    pid = processes.daemon(spare)
    events = list(private_engine.start(setup(spare)))
    assert events == [Note(f"the private engine runs already: {spare.url}")]
    assert processes.daemon(spare) == pid


def test_stopping_what_never_ran_is_no_error(spare: PrivateLayout) -> None:
    assert list(private_engine.stop(setup(spare))) == [Note("the private engine does not run")]
    assert not spare.run.exists()


def test_two_starts_at_once_make_one_engine(spare: PrivateLayout) -> None:
    failures: list[BaseException] = []

    def start() -> None:
        try:
            list(private_engine.start(setup(spare)))
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=start) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failures == []
    daemons = [pid for pid in processes.own_processes(spare) if b"dockerd" in processes.command_line(pid)[0]]
    assert daemons == [processes.daemon(spare)]


def test_after_kill_9_of_dockerd_the_next_start_converges(spare: PrivateLayout) -> None:
    say(private_engine.start(setup(spare)))
    _, container, port = run_server(spare)
    wait_until(lambda: hello(port) == b"hello\n")
    killed = processes.daemon(spare)
    assert killed is not None
    os.kill(killed, signal.SIGKILL)
    wait_until(lambda: processes.daemon(spare) is None)
    assert private_engine.status(spare).state == "stopped"
    say(private_engine.start(setup(spare)))
    engine = DockerSdkEngine(spare.endpoint)
    engine.start(container)
    wait_until(lambda: hello(port) == b"hello\n")


def test_after_kill_9_of_everything_stop_leaves_nothing(spare: PrivateLayout) -> None:
    say(private_engine.start(setup(spare)))
    _, _, port = run_server(spare)
    wait_until(lambda: hello(port) == b"hello\n")
    for pid in processes.own_processes(spare):
        if b"containerd-shim" not in b" ".join(processes.command_line(pid)):
            with suppress(ProcessLookupError):  # it may have died with the one before
                os.kill(pid, signal.SIGKILL)
    assert remains(spare) != []
    say(private_engine.stop(setup(spare)))
    assert remains(spare) == []
    assert hello(port) == b""


@pytest.mark.parametrize("place", ["private-engine.containerd-started", "private-engine.dockerd-started"])
def test_after_kill_9_in_mid_start_the_next_start_converges(
    spare: PrivateLayout, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, f"{place}=kill")
    with pytest.raises(EngineError, match="ended early"):
        list(private_engine.start(setup(spare)))
    assert remains(spare) != []
    monkeypatch.delenv(VARIABLE)
    say(private_engine.start(setup(spare)))
    assert private_engine.status(spare).state == "running"
    assert len([p for p in processes.own_processes(spare) if b"dockerd" in processes.command_line(p)[0]]) == 1


SLOW_START = "private-engine.containerd-started=sleep:2"


def test_a_start_whose_reader_leaves_is_undone(spare: PrivateLayout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, SLOW_START)
    events = private_engine.start(setup(spare))
    assert isinstance(next(events), OperationChanged)
    wait_until(lambda: spare.containerd_socket.is_socket())
    events.close()
    assert remains(spare) == []


def test_after_kill_9_of_devbox_in_mid_start_its_root_side_undoes_the_start(spare: PrivateLayout) -> None:
    code = (
        "from pathlib import Path\n"
        "from devbox.engine.private.layout import PrivateLayout\n"
        "from devbox.flows.private_engine import EngineSetup, start\n"
        f"layout = PrivateLayout(Path({str(spare.root)!r}), Path({str(spare.run)!r}))\n"
        "list(start(EngineSetup(ask=lambda *words, **more: True, env={}, layout=layout)))\n"
    )
    devbox = subprocess.Popen([sys.executable, "-c", code], cwd=REPOSITORY, env={**os.environ, VARIABLE: SLOW_START})
    wait_until(lambda: spare.containerd_socket.is_socket())
    devbox.kill()
    devbox.wait(10)
    wait_until(lambda: remains(spare) == [])


def test_a_cancelled_start_leaves_nothing(spare: PrivateLayout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, SLOW_START)
    cancel = Cancellation()
    wanted = setup(spare)
    events = private_engine.start(
        EngineSetup(ask=wanted.ask, env=wanted.env, layout=spare, cancel=cancel)
    )
    assert isinstance(next(events), OperationChanged)
    wait_until(lambda: spare.containerd_socket.is_socket())
    cancel.cancel()
    with pytest.raises(Cancelled):
        list(events)
    assert remains(spare) == []


def test_an_engine_that_can_not_start_shows_the_end_of_its_log(spare: PrivateLayout) -> None:
    spare.data.write_text("a file where dockerd wants a folder")
    with pytest.raises(EngineError) as caught:
        list(private_engine.start(setup(spare)))
    assert "ended at once" in caught.value.summary
    assert str(spare.data) in str(caught.value.detail)
    assert str(spare.log) in str(caught.value.hint)
    assert remains(spare) == []


def test_the_socket_is_for_the_callers_group_if_it_is_theirs_alone_else_for_the_caller(spare: PrivateLayout) -> None:
    say(private_engine.start(setup(spare)))
    mode = spare.socket.stat()
    assert (mode.st_uid, mode.st_gid, mode.st_mode & 0o777) == (0, 0, 0o660)
    give_to(spare, 65534, 65534)  # nobody, whose group is called nogroup
    mode = spare.socket.stat()
    assert (mode.st_uid, mode.st_gid, mode.st_mode & 0o777) == (65534, 65534, 0o600)


def test_the_base_image_says_what_it_is(spare: PrivateLayout) -> None:
    say(private_engine.start(setup(spare)))
    name = None
    events = private_engine.ensure_base_image(setup(spare), spare.endpoint)
    while name is None:
        try:
            next(events)
        except StopIteration as end:
            name = end.value
    image = DockerSdkEngine(spare.endpoint).image(name)
    assert image is not None
    assert image.tags == ("devbox-base:bookworm",)
