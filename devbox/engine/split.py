"""The engine that commands get: reads over the small adapter at once, the SDK loaded by the first mutation only."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from devbox.engine.port import (
    CacheRecord,
    Chunk,
    ContainerInfo,
    ContainerSpec,
    Endpoint,
    Engine,
    EngineInfo,
    EngineReader,
    ExecSession,
    ExecSpec,
    ImageInfo,
    NetworkInfo,
    VolumeInfo,
)
from devbox.engine.stream import Stream

if TYPE_CHECKING:
    from devbox.core.project import Pairs


class SplitEngine:
    """`port.Engine` made of two: `load_writer` is called once, at the first call that changes something."""

    def __init__(self, reader: EngineReader, load_writer: Callable[[], Engine]) -> None:
        self._reader = reader
        self._load_writer = load_writer

    @cached_property
    def _writer(self) -> Engine:
        return self._load_writer()

    @property
    def endpoint(self) -> Endpoint:
        return self._reader.endpoint

    def info(self) -> EngineInfo:
        return self._reader.info()

    def containers(self, labels: Mapping[str, str], *, all: bool = True) -> tuple[ContainerInfo, ...]:
        return self._reader.containers(labels, all=all)

    def container(self, id: str) -> ContainerInfo | None:
        return self._reader.container(id)

    def image(self, ref: str) -> ImageInfo | None:
        return self._reader.image(ref)

    def images(self, labels: Mapping[str, str]) -> tuple[ImageInfo, ...]:
        return self._reader.images(labels)

    def cache_records(self) -> tuple[CacheRecord, ...]:
        return self._reader.cache_records()

    def networks(self, labels: Mapping[str, str]) -> tuple[NetworkInfo, ...]:
        return self._reader.networks(labels)

    def volumes(self, labels: Mapping[str, str]) -> tuple[VolumeInfo, ...]:
        return self._reader.volumes(labels)

    def logs(
        self, id: str, *, follow: bool = False, tail: int | None = None, since: str | None = None,
        timestamps: bool = False,
    ) -> Stream[Chunk]:
        return self._reader.logs(id, follow=follow, tail=tail, since=since, timestamps=timestamps)

    def exec(self, id: str, spec: ExecSpec) -> ExecSession:
        return self._reader.exec(id, spec)

    def stats(self, id: str) -> Mapping[str, Any]:
        return self._reader.stats(id)

    def events(self, labels: Mapping[str, str]) -> Stream[Mapping[str, Any]]:
        return self._reader.events(labels)

    def create_network(
        self, name: str, labels: Pairs, *, internal: bool = False, options: Pairs = ()
    ) -> NetworkInfo:
        return self._writer.create_network(name, labels, internal=internal, options=options)

    def remove_network(self, id: str) -> None:
        self._writer.remove_network(id)

    def create_volume(self, name: str, labels: Pairs) -> VolumeInfo:
        return self._writer.create_volume(name, labels)

    def remove_volume(self, name: str) -> None:
        self._writer.remove_volume(name)

    def create_container(self, spec: ContainerSpec) -> str:
        return self._writer.create_container(spec)

    def start(self, id: str) -> None:
        self._writer.start(id)

    def stop(self, id: str, timeout: int = 10) -> None:
        self._writer.stop(id, timeout)

    def restart(self, id: str, timeout: int = 10) -> None:
        self._writer.restart(id, timeout)

    def remove_container(self, id: str) -> None:
        self._writer.remove_container(id)

    def put_archive(self, id: str, path: str, tar: bytes) -> None:
        self._writer.put_archive(id, path, tar)

    def read_file(self, id: str, path: str, limit: int = 1 << 20) -> bytes | None:
        return self._writer.read_file(id, path, limit)

    def pull(self, ref: str) -> Stream[Mapping[str, Any]]:
        return self._writer.pull(ref)

    def tag(self, image: str, ref: str) -> None:
        self._writer.tag(image, ref)

    def remove_image(self, ref: str, *, force: bool = False) -> None:
        self._writer.remove_image(ref, force=force)

    def classic_build(
        self, context_tar: Iterator[bytes], *, dockerfile: str, tags: Sequence[str], target: str | None,
        args: Pairs, labels: Pairs, no_cache: bool, pull: bool,
    ) -> Stream[Mapping[str, Any]]:
        return self._writer.classic_build(
            context_tar, dockerfile=dockerfile, tags=tags, target=target, args=args, labels=labels,
            no_cache=no_cache, pull=pull,
        )
