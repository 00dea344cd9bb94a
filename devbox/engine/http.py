"""The small, fast adapter: everything that can be asked of an engine without changing it, and exec.

For commands that must start at once: importing it costs a few milliseconds, the SDK a hundred. Mutations live in
`docker_sdk`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Generic, TypeVar

from devbox.core.errors import EngineError
from devbox.engine import payload, replies
from devbox.engine.deadline import Deadline
from devbox.engine.frames import chunks, is_multiplexed
from devbox.engine.hijack import start_exec
from devbox.engine.http_client import NEWEST, HttpClient, quoted, version_numbers
from devbox.engine.http_wire import Reply
from devbox.engine.json_lines import json_lines
from devbox.engine.port import (
    CacheRecord,
    Chunk,
    ContainerInfo,
    Endpoint,
    EngineInfo,
    ExecSession,
    ExecSpec,
    ImageInfo,
    NetworkInfo,
    NotFound,
    VolumeInfo,
)
from devbox.engine.stream import Stream

T = TypeVar("T")


class HttpEngine:
    """`port.EngineReader` over our own HTTP. Safe to use from several threads."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._client = HttpClient(endpoint)

    @property
    def endpoint(self) -> Endpoint:
        """Where the engine is and who named it."""
        return self._client.endpoint

    def api_version(self) -> str:
        """The API version both sides speak; the first call connects."""
        return self._client.version()

    def negotiate(self, deadline: Deadline) -> str:
        """`api_version` by that deadline."""
        return self._client.version(deadline)

    def close(self) -> None:
        """Close the idle connection."""
        self._client.close()

    def info(self) -> EngineInfo:
        """What the engine says of itself."""
        version = self._client.json("GET", "/version", doing="tell its version")
        return replies.engine_info(version, self._client.json("GET", "/info", doing="describe itself"))

    def containers(self, labels: Mapping[str, str], *, all: bool = True) -> tuple[ContainerInfo, ...]:
        """Full inspects; one that is removed meanwhile is left out."""
        query = {"all": "1" if all else "0", "filters": payload.encoded_filters(labels)}
        listed = replies.items(self._client.json("GET", "/containers/json", query, doing="list containers"))
        found = (self.container(replies.text(replies.table(row).get("Id"))) for row in listed)
        return tuple(item for item in found if item is not None)

    def container(self, id: str) -> ContainerInfo | None:
        """A container by id or name."""
        return self._inspect(f"/containers/{quoted(id)}/json", id, "inspect a container", replies.container)

    def image(self, ref: str) -> ImageInfo | None:
        """An image by id or reference."""
        return self._inspect(f"/images/{quoted(ref)}/json", ref, "inspect an image", replies.image)

    def images(self, labels: Mapping[str, str]) -> tuple[ImageInfo, ...]:
        """Full inspects of the images that carry these labels."""
        query = {"filters": payload.encoded_filters(labels)}
        listed = replies.items(self._client.json("GET", "/images/json", query, doing="list images"))
        ids = dict.fromkeys(replies.text(replies.table(row).get("Id")) for row in listed)
        return tuple(found for found in map(self.image, ids) if found is not None)

    def cache_records(self) -> tuple[CacheRecord, ...]:
        """Everything BuildKit keeps on this engine. Engines before 25 can't be asked for that alone (spec 5)."""
        query = {"type": "build-cache"} if version_numbers(self._client.version()) == NEWEST else None
        found = replies.table(self._client.json("GET", "/system/df", query, doing="list its build cache"))
        return tuple(map(replies.cache_record, replies.items(found.get("BuildCache"))))

    def networks(self, labels: Mapping[str, str]) -> tuple[NetworkInfo, ...]:
        """The networks that carry these labels."""
        query = {"filters": payload.encoded_filters(labels)}
        listed = replies.items(self._client.json("GET", "/networks", query, doing="list networks"))
        return tuple(map(replies.network, listed))

    def volumes(self, labels: Mapping[str, str]) -> tuple[VolumeInfo, ...]:
        """The volumes that carry these labels."""
        query = {"filters": payload.encoded_filters(labels)}
        listed = replies.table(self._client.json("GET", "/volumes", query, doing="list volumes"))
        return tuple(map(replies.volume, replies.items(listed.get("Volumes"))))

    def logs(
        self, id: str, *, follow: bool = False, tail: int | None = None, since: str | None = None,
        timestamps: bool = False,
    ) -> Stream[Chunk]:
        """Raises NotFound without such a container."""
        found = self._client.json("GET", f"/containers/{quoted(id)}/json", doing="show logs")
        tty = replies.table(replies.table(found).get("Config")).get("Tty") is True
        query = payload.log_parameters(follow=follow, tail=tail, since=since, timestamps=timestamps)
        reply = self._client.open("GET", f"/containers/{quoted(id)}/logs", query, doing="show logs")
        multiplexed = is_multiplexed(reply.headers.get("content-type", ""), tty)
        return ReplyStream(reply, lambda blocks: chunks(blocks, multiplexed=multiplexed))

    def exec(self, id: str, spec: ExecSpec) -> ExecSession:
        """Run a process in a running container."""
        return start_exec(self._client, id, spec, payload.exec_body(spec))

    def stats(self, id: str) -> Mapping[str, Any]:
        """One raw sample; takes a second or two, because the engine compares two moments."""
        path = f"/containers/{quoted(id)}/stats"
        return replies.table(self._client.json("GET", path, {"stream": "false"}, doing="measure a container"))

    def events(self, labels: Mapping[str, str]) -> Stream[Mapping[str, Any]]:
        """Events from now on."""
        query = {"filters": payload.encoded_filters(labels)}
        return ReplyStream(self._client.open("GET", "/events", query, doing="tell events"), json_lines)

    def _inspect(self, path: str, name: str, doing: str, parse: Callable[[Any], T]) -> T | None:
        if not name:
            return None
        try:
            return parse(self._client.json("GET", path, doing=doing))
        except NotFound:
            return None


class ReplyStream(Generic[T]):
    """A reply to iterate as it arrives; `close()` ends it from any thread."""

    def __init__(self, reply: Reply, parse: Callable[[Iterator[bytes]], Iterator[T]]) -> None:
        self._reply = reply
        self._parse = parse

    def __iter__(self) -> Iterator[T]:
        """Raises EngineError when the connection breaks before the end and nobody closed it."""
        try:
            yield from self._parse(self._reply.blocks(Deadline(None)))
        except ConnectionError as error:
            if not self._reply.wire.closed:
                raise EngineError("the engine closed the connection") from error
        finally:
            self._reply.wire.close()

    def close(self) -> None:
        """End the stream; idempotent."""
        self._reply.wire.close()
