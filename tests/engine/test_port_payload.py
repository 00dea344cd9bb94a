"""What is sent and how replies are read, value by value; the engine's words are copied from real engines."""

from __future__ import annotations

import pytest

from devbox.core.errors import ExhaustedError
from devbox.engine import payload, replies
from devbox.engine.port import Conflict, ContainerSpec, NotFound, PortTaken, Refused

SPEC = ContainerSpec("n", "img:1", (("a", "1"),))


def test_the_safe_defaults_are_in_every_container() -> None:
    host = payload.container_body(SPEC)["HostConfig"]
    assert host["Init"] is True
    assert host["PidsLimit"] == 4096
    assert host["SecurityOpt"] == ["no-new-privileges"]
    assert "Privileged" not in host
    assert "Binds" not in host


def test_an_image_keeps_its_own_where_nothing_is_asked() -> None:
    body = payload.container_body(SPEC)
    assert not {"Cmd", "Entrypoint", "User", "WorkingDir", "Hostname"} & body.keys()
    assert payload.container_body(ContainerSpec("n", "i", (), command=(), entrypoint=()))["Cmd"] == []


def test_ports_are_bound_to_their_address() -> None:
    body = payload.container_body(ContainerSpec("n", "i", (), ports=(
        ("127.0.0.1", 8000, 80, "tcp"), ("127.0.0.1", 8001, 80, "tcp"), ("127.0.0.1", 0, 53, "udp"),
    )))
    assert body["ExposedPorts"] == {"80/tcp": {}, "53/udp": {}}
    assert body["HostConfig"]["PortBindings"] == {
        "80/tcp": [{"HostIp": "127.0.0.1", "HostPort": "8000"}, {"HostIp": "127.0.0.1", "HostPort": "8001"}],
        "53/udp": [{"HostIp": "127.0.0.1", "HostPort": ""}],
    }


@pytest.mark.parametrize(("gpus", "count"), [("all", -1), ("2", 2)])
def test_gpus_are_a_device_request(gpus: str, count: int) -> None:
    request, = payload.container_body(ContainerSpec("n", "i", (), gpus=gpus))["HostConfig"]["DeviceRequests"]
    assert (request["Count"], request["Capabilities"]) == (count, [["gpu"]])


def test_no_network_has_no_aliases_and_a_named_one_does() -> None:
    none = payload.container_body(ContainerSpec("n", "i", (), networks=(("none", ("n",)),)))
    assert none["HostConfig"]["NetworkMode"] == "none"
    assert none["NetworkingConfig"]["EndpointsConfig"] == {"none": {}}
    named = payload.container_body(ContainerSpec("n", "i", (), networks=(("one", ("n",)), ("two", ()))))
    assert named["NetworkingConfig"]["EndpointsConfig"] == {"one": {"Aliases": ["n"]}}


@pytest.mark.parametrize(("moment", "sent"), [
    ("1767225600", "1767225600"), ("1767225600.5", "1767225600.5"),
    ("2026-01-01T00:00:00Z", "1767225600.000000000"), ("2026-01-01T00:00:00.123456789Z", "1767225600.123456789"),
    ("2026-01-01T02:00:00.5+02:00", "1767225600.500000000"),
])
def test_moments_keep_their_nanoseconds(moment: str, sent: str) -> None:
    assert payload.unix_time(moment) == sent


@pytest.mark.parametrize("moment", ["", "yesterday", "2026-01-01T00:00:00", "10m", "²"])
def test_what_is_no_moment_is_refused(moment: str) -> None:
    with pytest.raises(ValueError):
        payload.unix_time(moment)


FAILED = "driver failed programming external connectivity on endpoint a (b): "
PORT_MESSAGES = [
    # 20.10: another container, another program, IPv6
    (f"{FAILED}Bind for 127.0.0.1:8000 failed: port is already allocated", "127.0.0.1"),
    (f"{FAILED}Error starting userland proxy: listen tcp4 127.0.0.1:8000: bind: address already in use", "127.0.0.1"),
    (f"{FAILED}Error starting userland proxy: listen tcp6 [::1]:8000: bind: address already in use", "::1"),
    # 28: the host's address comes before the container's
    (f"{FAILED}failed to bind host port for 127.0.0.1:8000:172.17.0.2:80/tcp: address already in use", "127.0.0.1"),
]


@pytest.mark.parametrize(("message", "address"), PORT_MESSAGES)
def test_a_taken_port_is_recognised_in_every_engines_words(message: str, address: str) -> None:
    error = replies.refusal(500, message, "start the container")
    assert isinstance(error, PortTaken)
    assert (error.address, error.port, error.detail) == (address, 8000, message)


def test_other_refusals_keep_status_words_and_one_line() -> None:
    assert type(replies.refusal(404, "No such image: x", "create")) is NotFound
    assert type(replies.refusal(409, "in use", "remove")) is Conflict
    refused = replies.refusal(400, "OCI runtime create failed:\nexec: \"nope\": not found\n", "start c")
    assert type(refused) is Refused
    assert refused.summary == "the engine can't start c: OCI runtime create failed:"
    assert refused.detail is not None
    assert "nope" in refused.detail
    assert isinstance(replies.refusal(500, "write /x: no space left on device", "start"), ExhaustedError)
    assert replies.refusal(500, "", "start").summary == "the engine can't start: HTTP status 500"


def test_a_container_that_never_ran_has_no_times_and_no_exit_code() -> None:
    found = replies.container({"Id": "a", "Name": "/n", "State": {
        "Status": "created", "ExitCode": 0, "StartedAt": "0001-01-01T00:00:00Z", "FinishedAt": "0001-01-01T00:00:00Z",
    }})
    assert (found.name, found.state) == ("n", "created")
    assert (found.started_at, found.finished_at, found.exit_code, found.health) == (None, None, None, None)


def test_ports_are_read_with_and_without_bindings() -> None:
    found = replies.container({"NetworkSettings": {"Ports": {
        "80/tcp": [{"HostIp": "127.0.0.1", "HostPort": "8000"}, {"HostIp": "", "HostPort": "junk"}], "53/udp": None,
    }}})
    assert [(port.address, port.host_port, port.container_port, port.protocol) for port in found.ports] == [
        ("127.0.0.1", 8000, 80, "tcp")
    ]


def test_the_containerd_store_and_rootless_are_recognised() -> None:
    info = replies.engine_info({"Version": "29.0"}, {
        "DriverStatus": [["driver-type", "io.containerd.snapshotter.v1"]], "SecurityOptions": ["name=rootless"],
    })
    assert info.containerd_store
    assert info.rootless
    assert not replies.engine_info({}, {"DriverStatus": [["Backing Filesystem", "extfs"]]}).containerd_store
