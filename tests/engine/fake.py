"""An engine in memory, for flows whose tests must not wait for a real one: same port, same test body (`test_port.py`).

What a real engine can do by itself here needs a script: `programs` says what a command prints and how it ends,
`registry` what can be pulled, `fail()` what goes wrong next. `calls` records every mutation as one line.
"""

from __future__ import annotations

import hashlib
import io
import tarfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from devbox.core.project import Pairs
from devbox.engine.port import (
    CacheRecord,
    Chunk,
    Conflict,
    ContainerInfo,
    ContainerSpec,
    Endpoint,
    EngineInfo,
    ExecSession,
    ExecSpec,
    ImageInfo,
    MountInfo,
    NetworkInfo,
    NotFound,
    PortInfo,
    PortTaken,
    Refused,
    VolumeInfo,
)
from devbox.engine.stream import Stream
from tests.engine.fake_streams import FakeExec, FakeStream


@dataclass(frozen=True)
class Program:
    """What a command does: output, then an exit code; None runs until it is stopped."""

    stdout: bytes = b""
    stderr: bytes = b""
    exit_code: int | None = 0

    @property
    def chunks(self) -> list[Chunk]:
        found = [Chunk("stdout", self.stdout), Chunk("stderr", self.stderr)]
        return [chunk for chunk in found if chunk.data]


@dataclass
class Container:
    """One container and what only the fake knows of it."""

    info: ContainerInfo
    spec: ContainerSpec
    output: list[Chunk] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)


def image_info(ref: str, *, labels: Mapping[str, str] | None = None, **fields: Any) -> ImageInfo:
    """An image for `FakeEngine.images_by_ref`; its id follows from its reference unless given."""
    empty: dict[str, Any] = dict.fromkeys(
        ("digests", "env", "command", "entrypoint", "exposed", "volumes", "layers"), ()
    )
    plain = {"user": "", "workdir": "", "os": "linux", "arch": "amd64", "size": 1}
    digest = hashlib.sha256(ref.encode()).hexdigest()
    identity = {"id": f"sha256:{digest}", "tags": (ref,), "labels": dict(labels or {})}
    return ImageInfo(**{**empty, **plain, **identity, **fields})


class FakeEngine:
    """`port.Engine`; thread-safe enough for the flows."""

    def __init__(self) -> None:
        self.endpoint = Endpoint("unix:///fake/docker.sock", "fake")
        self.engine_info = EngineInfo("20.10.24", "1.41", "linux", "amd64", name="fake", storage_driver="overlay2")
        self.images_by_ref: dict[str, ImageInfo] = {}
        self.registry: dict[str, ImageInfo] = {}
        self.programs: dict[tuple[str, ...], Program] = {}
        self.on_exec: Callable[[ContainerInfo, ExecSpec], Program | None] = lambda container, spec: None
        self.cache: tuple[CacheRecord, ...] = ()
        self.build_messages: list[Mapping[str, Any]] = []
        self.taken_ports: set[tuple[str, int]] = set()
        self.calls: list[str] = []
        self.boxes: dict[str, Container] = {}
        self.nets: dict[str, NetworkInfo] = {}
        self.vols: dict[str, VolumeInfo] = {}
        self.happened: list[Mapping[str, Any]] = []
        self.changed = threading.Condition(threading.RLock())
        self._failures: dict[str, list[BaseException]] = {}
        self._count = 0

    # Scripting

    def add_image(self, ref: str, **fields: Any) -> ImageInfo:
        """Make an image exist."""
        self.images_by_ref[ref] = image_info(ref, **fields)
        return self.images_by_ref[ref]

    def fail(self, call: str, error: BaseException, times: int = 1) -> None:
        """The next calls of that name (`start-container`, …) raise this."""
        self._failures.setdefault(call, []).extend([error] * times)

    def print(self, id: str, data: bytes, stream: str = "stdout") -> None:
        """Output of a running container."""
        with self.changed:
            self._box(id).output.append(Chunk(stream, data))  # type: ignore[arg-type]
            self.changed.notify_all()

    def die(self, id: str, exit_code: int) -> None:
        """The container's process ends by itself."""
        self._set(id, state="exited", exit_code=exit_code, finished_at=self._now())
        self._tell("container", "die", self._box(id).info)

    # Reading

    def info(self) -> EngineInfo:
        return self.engine_info

    def containers(self, labels: Mapping[str, str], *, all: bool = True) -> tuple[ContainerInfo, ...]:
        found = [box.info for box in self.boxes.values()]
        return tuple(info for info in found if _carries(info.labels, labels) and (all or info.state == "running"))

    def container(self, id: str) -> ContainerInfo | None:
        return next((box.info for box in self.boxes.values() if _named(id, box.info.id, box.info.name)), None)

    def image(self, ref: str) -> ImageInfo | None:
        tagged = self.images_by_ref.get(ref) or self.images_by_ref.get(f"{ref}:latest")
        return tagged or next((image for image in self.images_by_ref.values() if image.id == ref), None)

    def images(self, labels: Mapping[str, str]) -> tuple[ImageInfo, ...]:
        found = {image.id: image for image in self.images_by_ref.values()}
        return tuple(image for image in found.values() if _carries(image.labels, labels))

    def cache_records(self) -> tuple[CacheRecord, ...]:
        return self.cache

    def networks(self, labels: Mapping[str, str]) -> tuple[NetworkInfo, ...]:
        return tuple(net for net in self.nets.values() if _carries(net.labels, labels))

    def volumes(self, labels: Mapping[str, str]) -> tuple[VolumeInfo, ...]:
        return tuple(volume for volume in self.vols.values() if _carries(volume.labels, labels))

    def logs(
        self, id: str, *, follow: bool = False, tail: int | None = None, since: str | None = None,
        timestamps: bool = False,
    ) -> Stream[Chunk]:
        box = self._box(id)
        start = 0 if tail is None else max(0, len(box.output) - tail)
        ended = (lambda: self.container(id) is None or box.info.state != "running") if follow else None
        return FakeStream(box.output, self.changed, ended, start)

    def exec(self, id: str, spec: ExecSpec) -> ExecSession:
        info = self._box(id).info
        if info.state != "running":
            raise Conflict(f"container {id} is not running")
        program = self.on_exec(info, spec) or self.programs.get(spec.argv, Program())
        return FakeExec(program.chunks, program.exit_code or 0, echo=spec.argv == ("cat",) and spec.stdin)

    def stats(self, id: str) -> Mapping[str, Any]:
        self._box(id)
        return {"cpu_stats": {"cpu_usage": {"total_usage": 2}, "system_cpu_usage": 20, "online_cpus": 1},
                "precpu_stats": {"cpu_usage": {"total_usage": 1}, "system_cpu_usage": 10, "online_cpus": 1},
                "memory_stats": {"usage": 1 << 20, "limit": 1 << 30}}

    def events(self, labels: Mapping[str, str]) -> Stream[Mapping[str, Any]]:
        matching = _Matching(self.happened, labels)
        return FakeStream(matching, self.changed, lambda: False, len(matching))

    # Changing

    def create_network(
        self, name: str, labels: Pairs, *, internal: bool = False, options: Pairs = ()
    ) -> NetworkInfo:
        self._begin("create-network", name)
        if any(net.name == name for net in self.nets.values()):
            raise Conflict(f"network {name} exists")
        net = NetworkInfo(self._id(), name, "bridge", internal, dict(options), dict(labels))
        self.nets[net.id] = net
        return net

    def remove_network(self, id: str) -> None:
        self._begin("remove-network", id)
        net = next((net for net in self.nets.values() if _named(id, net.id, net.name)), None)
        if net is not None and any(self.boxes[on].info.state == "running" for on in self._on(net)):
            raise Refused(f"network {net.name} has active endpoints")
        if net is not None:
            del self.nets[net.id]

    def create_volume(self, name: str, labels: Pairs) -> VolumeInfo:
        self._begin("create-volume", name)
        return self.vols.setdefault(name, VolumeInfo(name, dict(labels)))

    def remove_volume(self, name: str) -> None:
        self._begin("remove-volume", name)
        if any(name == used for box in self.boxes.values() for used, _ in box.spec.volumes):
            raise Conflict(f"volume {name} is in use")
        self.vols.pop(name, None)

    def create_container(self, spec: ContainerSpec) -> str:
        self._begin("create-container", spec.name)
        image = self.image(spec.image)
        if image is None:
            raise NotFound(f"no such image: {spec.image}")
        if self.container(spec.name) is not None:
            raise Conflict(f"the name {spec.name} is taken")
        id = self._id()
        self.boxes[id] = Container(self._created(id, spec, image), spec)
        self._tell("container", "create", self.boxes[id].info)
        return id

    def start(self, id: str) -> None:
        self._begin("start-container", self._box(id).info.name)
        box = self._box(id)
        if box.info.state == "running":
            return
        known = {net.name for net in self.nets.values()} | {"none", "host", "bridge"}
        for network in box.info.networks:
            if network not in known:
                raise NotFound(f"network {network} not found")
        for address, port, _, _ in box.spec.ports:
            if (address, port) in self.taken_ports or (address, port) in self._published():
                raise PortTaken(address, port)
        program = self.programs.get(box.info.command, Program(exit_code=None))
        box.output.extend(program.chunks)
        self._set(id, state="running", exit_code=None, started_at=self._now(), finished_at=None, ports=tuple(
            PortInfo(address, port, inside, protocol) for address, port, inside, protocol in box.spec.ports
        ))
        self._tell("container", "start", box.info)
        if program.exit_code is not None:
            self.die(id, program.exit_code)

    def stop(self, id: str, timeout: int = 10) -> None:
        self._begin("stop-container", self._box(id).info.name)
        if self._box(id).info.state == "running":
            self.die(id, 137)

    def restart(self, id: str, timeout: int = 10) -> None:
        self._begin("restart-container", self._box(id).info.name)
        self._set(id, state="exited", exit_code=137)
        self.start(id)

    def remove_container(self, id: str) -> None:
        found = self.container(id)
        self._begin("remove-container", found.name if found else id)
        if found is not None and found.state == "running":
            self.die(id, 137)
        if found is not None:
            with self.changed:
                del self.boxes[found.id]
            self._tell("container", "destroy", found)

    def put_archive(self, id: str, path: str, tar: bytes) -> None:
        self._begin("put-archive", path)
        with tarfile.open(fileobj=io.BytesIO(tar)) as archive:
            for member in archive:
                content = archive.extractfile(member)
                if content is not None:
                    self._box(id).files[f"{path.rstrip('/')}/{member.name.removeprefix('./')}"] = content.read()

    def read_file(self, id: str, path: str, limit: int = 1 << 20) -> bytes | None:
        content = self._box(id).files.get(path)
        return None if content is None or len(content) > limit else content

    def pull(self, ref: str) -> Stream[Mapping[str, Any]]:
        self._begin("pull-image", ref)
        return _Pull(self, ref)

    def tag(self, image: str, ref: str) -> None:
        self._begin("tag-image", ref)
        found = self.image(image)
        if found is None:
            raise NotFound(f"no such image: {image}")
        self.images_by_ref[ref] = replace(found, tags=(*found.tags, ref))

    def remove_image(self, ref: str, *, force: bool = False) -> None:
        self._begin("remove-image", ref)
        found = self.image(ref)
        if found is not None and not force and any(box.info.image == found.id for box in self.boxes.values()):
            raise Conflict(f"image {ref} is in use")
        for name in [name for name, image in self.images_by_ref.items() if name == ref or image.id == ref]:
            del self.images_by_ref[name]

    def classic_build(
        self, context_tar: Iterator[bytes], *, dockerfile: str, tags: Sequence[str], target: str | None,
        args: Pairs, labels: Pairs, no_cache: bool, pull: bool,
    ) -> Stream[Mapping[str, Any]]:
        self._begin("classic-build", ",".join(tags))
        for _ in context_tar:
            pass
        for ref in tags:
            self.add_image(ref, labels=dict(labels))
        return FakeStream(list(self.build_messages), self.changed, None)

    # How

    def _begin(self, call: str, what: str) -> None:
        self.calls.append(f"{call} {what}")
        waiting = self._failures.get(call)
        if waiting:
            raise waiting.pop(0)

    def _box(self, id: str) -> Container:
        found = self.container(id)
        if found is None:
            raise NotFound(f"no such container: {id}")
        return self.boxes[found.id]

    def _set(self, id: str, **fields: Any) -> None:
        with self.changed:
            box = self._box(id)
            box.info = replace(box.info, **fields)
            self.changed.notify_all()

    def _tell(self, kind: str, action: str, info: ContainerInfo) -> None:
        with self.changed:
            attributes = {**info.labels, "name": info.name}
            self.happened.append({"Type": kind, "Action": action, "Actor": {"ID": info.id, "Attributes": attributes}})
            self.changed.notify_all()

    def _created(self, id: str, spec: ContainerSpec, image: ImageInfo) -> ContainerInfo:
        binds = [MountInfo("bind", source, target, read_only) for source, target, read_only in spec.binds]
        volumes = [MountInfo("volume", name, target, False, name) for name, target in spec.volumes]
        tmpfs = [MountInfo("tmpfs", "", target, False) for target, _ in spec.tmpfs]
        for name, _ in spec.volumes:
            self.vols.setdefault(name, VolumeInfo(name, {}))
        return ContainerInfo(
            id=id, name=spec.name, image=image.id, image_ref=spec.image, state="created", exit_code=None, error="",
            created=self._now(), started_at=None, finished_at=None, health=None,
            labels={**image.labels, **dict(spec.labels)}, env=(*image.env, *(f"{k}={v}" for k, v in spec.env)),
            command=image.command if spec.command is None else spec.command,
            entrypoint=image.entrypoint if spec.entrypoint is None else spec.entrypoint,
            user=spec.user or image.user, workdir=spec.workdir or image.workdir,
            mounts=(*binds, *volumes, *tmpfs), networks=tuple(name for name, _ in spec.networks) or ("bridge",),
        )

    def _on(self, net: NetworkInfo) -> tuple[str, ...]:
        """Ids of the running containers on it: stopped ones a real engine does not list either."""
        boxes = (box.info for box in self.boxes.values())
        return tuple(info.id for info in boxes if info.state == "running" and net.name in info.networks)

    def _published(self) -> set[tuple[str, int]]:
        running = (box for box in self.boxes.values() if box.info.state == "running")
        return {(address, port) for box in running for address, port, _, _ in box.spec.ports}

    def _id(self) -> str:
        self._count += 1
        return f"{self._count:064x}"

    def _now(self) -> str:
        self._count += 1
        return f"2026-01-01T00:00:00.{self._count:09d}Z"


class _Matching(Sequence[Mapping[str, Any]]):
    """The events of objects with these labels, a live view."""

    def __init__(self, happened: list[Mapping[str, Any]], labels: Mapping[str, str]) -> None:
        self._happened = happened
        self._labels = labels

    def __len__(self) -> int:
        return len(self._found())

    def __getitem__(self, index: Any) -> Any:
        return self._found()[index]

    def _found(self) -> list[Mapping[str, Any]]:
        return [event for event in self._happened if _carries(event["Actor"]["Attributes"], self._labels)]


class _Pull:
    def __init__(self, engine: FakeEngine, ref: str) -> None:
        self._engine = engine
        self._ref = ref

    def __iter__(self) -> Iterator[Mapping[str, Any]]:
        yield {"status": f"Pulling {self._ref}"}
        if self._ref not in self._engine.registry:
            raise Refused(f"the engine can't pull {self._ref}")
        self._engine.images_by_ref[self._ref] = self._engine.registry[self._ref]

    def close(self) -> None:
        pass


def _carries(labels: Mapping[str, str], wanted: Mapping[str, str]) -> bool:
    return all(name in labels and value in ("", labels[name]) for name, value in wanted.items())


def _named(wanted: str, id: str, name: str) -> bool:
    return wanted == name or (len(wanted) >= 12 and id.startswith(wanted))
