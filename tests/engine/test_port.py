"""One body for every engine: the fake, the SDK adapter, and what commands get (reads over HTTP, changes by the SDK)."""

from __future__ import annotations

import io
import socket
import tarfile
import threading
import uuid
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from devbox.core.errors import EngineError, ExitCode
from devbox.engine.port import (
    Chunk,
    Conflict,
    ContainerSpec,
    Endpoint,
    Engine,
    ExecSpec,
    NotFound,
    PortTaken,
    Refused,
)
from devbox.engine.stream import Stream
from tests.engine.fake import FakeEngine, Program
from tests.waiting import wait_until

OUTPUT = ("sh", "-c", "echo out; echo err >&2; exec sleep 600")
FAILING = ("sh", "-c", "echo sorry; exit 3")
SLEEP = ("sleep", "600")


@dataclass
class Bench:
    """An engine, an image on it, and names and labels of this test alone."""

    engine: Engine
    image: str
    prefix: str

    @property
    def labels(self) -> dict[str, str]:
        return {"devbox-test": self.prefix}

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        return tuple(self.labels.items())

    def spec(self, name: str = "box", command: tuple[str, ...] = SLEEP, **fields: object) -> ContainerSpec:
        return ContainerSpec(f"{self.prefix}-{name}", self.image, self.pairs, command, stop_timeout=1, **fields)  # type: ignore[arg-type]

    def run(self, name: str = "box", command: tuple[str, ...] = SLEEP, **fields: object) -> str:
        id = self.engine.create_container(self.spec(name, command, **fields))
        self.engine.start(id)
        return id


def make(kind: str, request: pytest.FixtureRequest) -> tuple[Engine, str]:
    if kind == "fake":
        fake = FakeEngine()
        fake.add_image("base:1")
        fake.programs[OUTPUT] = Program(b"out\n", b"err\n", None)
        fake.programs[FAILING] = Program(b"sorry\n", exit_code=3)
        fake.programs["sh", "-c", "echo out; echo err >&2; exit 7"] = Program(b"out\n", b"err\n", 7)
        return fake, "base:1"
    from devbox.engine.connect import connect
    from devbox.engine.docker_sdk import DockerSdkEngine
    from devbox.engine.split import SplitEngine

    endpoint: Endpoint = request.getfixturevalue("docker_endpoint")
    image = request.getfixturevalue("base_image")
    if kind == "sdk":
        return DockerSdkEngine(endpoint), image
    return SplitEngine(connect(endpoint), lambda: DockerSdkEngine(endpoint)), image


@pytest.fixture(params=[
    "fake", pytest.param("sdk", marks=pytest.mark.engine), pytest.param("split", marks=pytest.mark.engine),
])
def bench(request: pytest.FixtureRequest) -> Iterator[Bench]:
    engine, image = make(request.param, request)
    bench = Bench(engine, image, f"port-{uuid.uuid4().hex[:8]}")
    yield bench
    for container in engine.containers(bench.labels):
        engine.remove_container(container.id)
    for network in engine.networks(bench.labels):
        engine.remove_network(network.id)
    for volume in engine.volumes(bench.labels):
        engine.remove_volume(volume.name)


def joined(chunks: Iterator[Chunk], stream: str = "stdout") -> bytes:
    return b"".join(chunk.data for chunk in chunks if chunk.stream == stream)


def test_a_created_container_is_found_by_its_labels_and_runs_only_when_started(bench: Bench) -> None:
    id = bench.engine.create_container(bench.spec())
    assert [found.id for found in bench.engine.containers(bench.labels)] == [id]
    assert bench.engine.containers(bench.labels, all=False) == ()
    bench.engine.start(id)
    found, = bench.engine.containers(bench.labels, all=False)
    assert (found.name, found.state, found.exit_code, found.command) == (f"{bench.prefix}-box", "running", None, SLEEP)
    assert found.started_at is not None
    bench.engine.start(id)


def test_an_empty_label_value_matches_any(bench: Bench) -> None:
    id = bench.engine.create_container(bench.spec())
    assert id in {found.id for found in bench.engine.containers({"devbox-test": ""})}
    assert bench.engine.containers({**bench.labels, "devbox-test-other": ""}) == ()


def test_what_was_asked_for_is_what_the_engine_reports(bench: Bench) -> None:
    bench.engine.create_volume(f"{bench.prefix}-data", bench.pairs)
    id = bench.engine.create_container(bench.spec(
        env=(("GREETING", "hello world"),), user="1000:1000", workdir="/tmp", hostname="box",
        binds=(("/usr/share", "/host share", True),),
        volumes=((f"{bench.prefix}-data", "/data"),), tmpfs=(("/run/x", "size=1m"),),
    ))
    found = bench.engine.container(id)
    assert found is not None
    assert "GREETING=hello world" in found.env
    assert (found.user, found.workdir, found.image_ref) == ("1000:1000", "/tmp", bench.image)
    mounts = {(mount.kind, mount.source, mount.target, mount.read_only) for mount in found.mounts}
    assert mounts == {
        ("bind", "/usr/share", "/host share", True), ("volume", f"{bench.prefix}-data", "/data", False),
        ("tmpfs", "", "/run/x", False),
    }


def test_a_container_joins_all_its_networks_before_it_starts(bench: Bench) -> None:
    names = [f"{bench.prefix}-{name}" for name in ("one", "two")]
    for name in names:
        bench.engine.create_network(name, bench.pairs, internal=name.endswith("one"))
    id = bench.engine.create_container(bench.spec(networks=tuple((name, ("box",)) for name in names)))
    found = bench.engine.container(id)
    assert found is not None
    assert sorted(found.networks) == names
    bench.engine.start(id)
    networks = bench.engine.networks(bench.labels)
    assert sorted((net.name, net.internal) for net in networks) == [(names[0], True), (names[1], False)]


def test_an_unknown_image_is_not_found_and_a_taken_name_is_a_conflict(bench: Bench) -> None:
    with pytest.raises(NotFound) as caught:
        bench.engine.create_container(ContainerSpec(bench.prefix, f"{bench.prefix}:nope", bench.pairs))
    assert caught.value.exit_code == ExitCode.ENGINE
    bench.engine.create_container(bench.spec())
    with pytest.raises(Conflict):
        bench.engine.create_container(bench.spec())


def test_a_port_held_by_another_container_is_named(bench: Bench) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    bench.run("one", ports=(("127.0.0.1", port, 80, "tcp"),))
    with pytest.raises(PortTaken) as caught:
        bench.run("two", ports=(("127.0.0.1", port, 80, "tcp"),))
    assert (caught.value.address, caught.value.port, caught.value.exit_code) == ("127.0.0.1", port, ExitCode.NOT_READY)


def test_a_container_that_ends_says_how(bench: Bench) -> None:
    id = bench.run(command=FAILING)

    def exited() -> bool:
        found = bench.engine.container(id)
        return found is not None and found.state == "exited"

    wait_until(exited)
    found = bench.engine.container(id)
    assert found is not None
    assert found.exit_code == 3
    assert found.finished_at is not None
    assert joined(iter(bench.engine.logs(id))) == b"sorry\n"


def test_logs_keep_stdout_and_stderr_apart(bench: Bench) -> None:
    id = bench.run(command=OUTPUT)
    wait_until(lambda: joined(iter(bench.engine.logs(id)), "stderr") == b"err\n")
    assert joined(iter(bench.engine.logs(id))) == b"out\n"


def test_followed_logs_end_when_closed_from_another_thread(bench: Bench) -> None:
    id = bench.run(command=OUTPUT)
    stream: Stream[Chunk] = bench.engine.logs(id, follow=True)
    seen: list[bytes] = []

    def read() -> None:
        seen.extend(chunk.data for chunk in stream)

    reader = threading.Thread(target=read)
    reader.start()
    wait_until(lambda: sorted(seen) == [b"err\n", b"out\n"])
    assert reader.is_alive()
    stream.close()
    reader.join(5)
    assert not reader.is_alive()
    stream.close()


def test_followed_logs_end_with_the_container(bench: Bench) -> None:
    id = bench.run(command=OUTPUT)
    stream = bench.engine.logs(id, follow=True)
    closer = threading.Thread(target=bench.engine.remove_container, args=(id,))
    closer.start()
    assert joined(iter(stream)) == b"out\n"
    closer.join(20)


def test_logs_of_nothing_are_not_found(bench: Bench) -> None:
    with pytest.raises(NotFound):
        list(bench.engine.logs(f"{bench.prefix}-nope"))


def test_exec_gives_output_and_exit_code(bench: Bench) -> None:
    id = bench.run()
    session = bench.engine.exec(id, ExecSpec(("sh", "-c", "echo out; echo err >&2; exit 7")))
    chunks = list(session)
    assert joined(iter(chunks)) == b"out\n"
    assert joined(iter(chunks), "stderr") == b"err\n"
    assert session.exit_code() == 7
    session.close()


def test_exec_input_can_be_ended_while_output_is_read(bench: Bench) -> None:
    session = bench.engine.exec(bench.run(), ExecSpec(("cat",), stdin=True))
    session.write(b"one\n")
    session.write(b"two\n")
    session.end_input()
    assert joined(iter(session)) == b"one\ntwo\n"
    assert session.exit_code() == 0


def test_exec_needs_a_running_container(bench: Bench) -> None:
    id = bench.engine.create_container(bench.spec())
    with pytest.raises(Conflict):
        bench.engine.exec(id, ExecSpec(("true",)))
    with pytest.raises(NotFound):
        bench.engine.exec(f"{bench.prefix}-nope", ExecSpec(("true",)))


def test_files_go_in_and_come_out_of_a_stopped_container(bench: Bench) -> None:
    id = bench.engine.create_container(bench.spec())
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        member = tarfile.TarInfo("greeting")
        member.size = 5
        tar.addfile(member, io.BytesIO(b"hello"))
    bench.engine.put_archive(id, "/tmp", buffer.getvalue())
    assert bench.engine.read_file(id, "/tmp/greeting") == b"hello"
    assert bench.engine.read_file(id, "/tmp/greeting", limit=4) is None
    assert bench.engine.read_file(id, "/tmp/nothing") is None


def test_stop_and_restart_keep_the_container(bench: Bench) -> None:
    id = bench.run()
    bench.engine.stop(id, timeout=1)
    found = bench.engine.container(id)
    assert found is not None
    assert found.state == "exited"
    bench.engine.stop(id, timeout=1)
    bench.engine.restart(id, timeout=1)
    assert [running.id for running in bench.engine.containers(bench.labels, all=False)] == [id]


def test_removing_what_is_gone_is_no_error(bench: Bench) -> None:
    id = bench.run()
    network = bench.engine.create_network(f"{bench.prefix}-net", bench.pairs)
    volume = bench.engine.create_volume(f"{bench.prefix}-data", bench.pairs)
    for _ in range(2):
        bench.engine.remove_container(id)
        bench.engine.remove_network(network.id)
        bench.engine.remove_volume(volume.name)
        bench.engine.remove_image(f"{bench.prefix}:nope")
    assert bench.engine.container(id) is None
    assert bench.engine.networks(bench.labels) == ()
    assert bench.engine.volumes(bench.labels) == ()


def test_what_is_in_use_is_not_removed(bench: Bench) -> None:
    network = bench.engine.create_network(f"{bench.prefix}-net", bench.pairs)
    volume = bench.engine.create_volume(f"{bench.prefix}-data", bench.pairs)
    bench.run(networks=((network.name, ()),), volumes=((volume.name, "/data"),))
    with pytest.raises(Refused):
        bench.engine.remove_network(network.id)
    with pytest.raises(Conflict):
        bench.engine.remove_volume(volume.name)


def test_a_network_that_is_gone_stops_the_start(bench: Bench) -> None:
    network = bench.engine.create_network(f"{bench.prefix}-net", bench.pairs)
    id = bench.engine.create_container(bench.spec(networks=((network.name, ()),)))
    bench.engine.remove_network(network.id)
    with pytest.raises(NotFound):
        bench.engine.start(id)


def test_a_taken_network_name_is_a_conflict_and_an_existing_volume_is_kept(bench: Bench) -> None:
    bench.engine.create_network(f"{bench.prefix}-net", bench.pairs)
    with pytest.raises(Conflict):
        bench.engine.create_network(f"{bench.prefix}-net", bench.pairs)
    bench.engine.create_volume(f"{bench.prefix}-data", bench.pairs)
    again = bench.engine.create_volume(f"{bench.prefix}-data", ())
    assert again.labels == bench.labels


def test_images_are_found_tagged_and_untagged(bench: Bench) -> None:
    image = bench.engine.image(bench.image)
    assert image is not None
    assert bench.engine.image(image.id) is not None
    bench.engine.tag(bench.image, f"{bench.prefix}:two")
    try:
        tagged = bench.engine.image(f"{bench.prefix}:two")
        assert tagged is not None
        assert tagged.id == image.id
    finally:
        bench.engine.remove_image(f"{bench.prefix}:two")
    assert bench.engine.image(f"{bench.prefix}:two") is None
    with pytest.raises(NotFound):
        bench.engine.tag(f"{bench.prefix}:nope", f"{bench.prefix}:three")


def test_a_pull_that_fails_raises_at_the_end(bench: Bench) -> None:
    with pytest.raises(EngineError):
        list(bench.engine.pull(f"127.0.0.1:9/{bench.prefix}:1"))


def test_events_tell_what_happens_to_labelled_objects(bench: Bench) -> None:
    stream = bench.engine.events(bench.labels)
    actions: list[str] = []
    reader = threading.Thread(target=lambda: actions.extend(event["Action"] for event in stream))
    reader.start()
    id = bench.run()
    bench.engine.remove_container(id)
    wait_until(lambda: "destroy" in actions)
    stream.close()
    reader.join(5)
    assert not reader.is_alive()
    assert actions.index("create") < actions.index("start") < actions.index("die") < actions.index("destroy")


def test_stats_are_one_sample_with_memory(bench: Bench) -> None:
    sample = bench.engine.stats(bench.run())
    assert sample["memory_stats"]["usage"] > 0


def test_the_engine_describes_itself(bench: Bench) -> None:
    info = bench.engine.info()
    assert tuple(map(int, info.api_version.split("."))) >= (1, 41)
    assert info.os == "linux"
    assert info.storage_driver
