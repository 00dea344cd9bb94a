"""What the SDK adapter reads: the same questions as the small adapter's, asked by the SDK, read by `replies`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from devbox.engine import payload, replies
from devbox.engine.frames import chunks, is_multiplexed
from devbox.engine.http_client import quoted
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

if TYPE_CHECKING:
    import requests

    from devbox.engine.docker_sdk import SdkClient

T = TypeVar("T")


class SdkReader:
    """`port.EngineReader` over the SDK."""

    def __init__(self, sdk: SdkClient) -> None:
        self._sdk = sdk

    @property
    def endpoint(self) -> Endpoint:
        """Where the engine is and who named it."""
        return self._sdk.endpoint

    @property
    def _client(self) -> Any:  # `docker.APIClient`; only docker_sdk may name it
        return self._sdk.client

    def info(self) -> EngineInfo:
        """What the engine says of itself."""
        client = self._client
        return self._sdk.ask("describe itself", lambda: replies.engine_info(client.version(), client.info()))

    def containers(self, labels: Mapping[str, str], *, all: bool = True) -> tuple[ContainerInfo, ...]:
        """Full inspects; one that is removed meanwhile is left out."""
        filters = payload.label_filters(labels)
        listed = self._sdk.ask("list containers", lambda: self._client.containers(all=all, filters=filters))
        found = (self.container(replies.text(replies.table(row).get("Id"))) for row in replies.items(listed))
        return tuple(item for item in found if item is not None)

    def container(self, id: str) -> ContainerInfo | None:
        """A container by id or name."""
        return self._inspect(id, "inspect a container", lambda: replies.container(self._client.inspect_container(id)))

    def image(self, ref: str) -> ImageInfo | None:
        """An image by id or reference."""
        return self._inspect(ref, "inspect an image", lambda: replies.image(self._client.inspect_image(ref)))

    def images(self, labels: Mapping[str, str]) -> tuple[ImageInfo, ...]:
        """Full inspects of the images that carry these labels."""
        filters = payload.label_filters(labels)
        listed = self._sdk.ask("list images", lambda: self._client.images(filters=filters))
        ids = dict.fromkeys(replies.text(replies.table(row).get("Id")) for row in replies.items(listed))
        return tuple(found for found in map(self.image, ids) if found is not None)

    def cache_records(self) -> tuple[CacheRecord, ...]:
        """Over the small adapter: the SDK always asks for everything, which takes seconds on a full engine."""
        return self._sdk.http.cache_records()

    def networks(self, labels: Mapping[str, str]) -> tuple[NetworkInfo, ...]:
        """The networks that carry these labels."""
        filters = payload.label_filters(labels)
        listed = self._sdk.ask("list networks", lambda: self._client.networks(filters=filters))
        return tuple(map(replies.network, replies.items(listed)))

    def volumes(self, labels: Mapping[str, str]) -> tuple[VolumeInfo, ...]:
        """The volumes that carry these labels."""
        filters = payload.label_filters(labels)
        listed = replies.table(self._sdk.ask("list volumes", lambda: self._client.volumes(filters=filters)))
        return tuple(map(replies.volume, replies.items(listed.get("Volumes"))))

    def logs(
        self, id: str, *, follow: bool = False, tail: int | None = None, since: str | None = None,
        timestamps: bool = False,
    ) -> Stream[Chunk]:
        """Raises NotFound without such a container. The SDK's own call would mix stdout and stderr."""
        found = replies.table(self._sdk.ask("show logs", lambda: self._client.inspect_container(id)))
        tty = replies.table(found.get("Config")).get("Tty") is True
        query = payload.log_parameters(follow=follow, tail=tail, since=since, timestamps=timestamps)
        response = self._sdk.stream("GET", f"/containers/{quoted(id)}/logs", query, doing="show logs")
        multiplexed = is_multiplexed(response.headers.get("content-type", ""), tty)
        return closable(response, lambda blocks: chunks(blocks, multiplexed=multiplexed))

    def exec(self, id: str, spec: ExecSpec) -> ExecSession:
        """Run a process in a running container."""
        return self._sdk.http.exec(id, spec)

    def stats(self, id: str) -> Mapping[str, Any]:
        """One raw sample; takes a second or two, because the engine compares two moments."""
        return replies.table(self._sdk.ask("measure a container", lambda: self._client.stats(id, stream=False)))

    def events(self, labels: Mapping[str, str]) -> Stream[Mapping[str, Any]]:
        """Events from now on."""
        query = {"filters": payload.encoded_filters(labels)}
        return closable(self._sdk.stream("GET", "/events", query, doing="tell events"), json_lines)

    def _network(self, id: str) -> NetworkInfo | None:
        return self._inspect(id, "inspect a network", lambda: replies.network(self._client.inspect_network(id)))

    def _inspect(self, name: str, doing: str, call: Callable[[], T]) -> T | None:
        try:
            return self._sdk.ask(doing, call) if name else None
        except NotFound:
            return None


def closable(
    response: requests.Response, parse: Callable[[Iterator[bytes]], Iterator[T]]
) -> Stream[T]:
    """A reply to iterate and close."""
    from devbox.engine.sdk_transport import ResponseStream  # imports requests, which the SDK loaded already

    return ResponseStream(response, parse)
