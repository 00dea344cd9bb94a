"""What the SDK adapter changes. Flows put failpoints around these calls; only what happens inside one has its own."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from devbox.core.errors import EngineError
from devbox.engine import payload, replies
from devbox.engine.deadline import CALL, SLOW
from devbox.engine.json_lines import json_lines
from devbox.engine.port import Conflict, ContainerSpec, NetworkInfo, NotFound, VolumeInfo
from devbox.engine.sdk_reader import SdkReader, closable
from devbox.engine.stream import Stream
from devbox.engine.tar_file import FileReader
from devbox.failpoint import failpoint

if TYPE_CHECKING:
    from devbox.core.project import Pairs


class SdkWriter(SdkReader):
    """The rest of `port.Engine`."""

    def create_network(
        self, name: str, labels: Pairs, *, internal: bool = False, options: Pairs = ()
    ) -> NetworkInfo:
        """A bridge network; Conflict when the name is taken."""
        created = self._sdk.ask(f"create the network {name}", lambda: self._client.create_network(
            name, driver="bridge", labels=dict(labels), internal=internal, options=dict(options), check_duplicate=True,
        ))
        network = self._network(replies.text(replies.table(created).get("Id")))
        if network is None:
            raise NotFound(f"the network {name} was removed while it was made")
        return network

    def remove_network(self, id: str) -> None:
        """Conflict (Refused before engine 23) while containers are on it."""
        self._remove(f"remove the network {id}", lambda: self._client.remove_network(id))

    def create_volume(self, name: str, labels: Pairs) -> VolumeInfo:
        """A local volume; an existing one of that name is returned as it is, with its own labels."""
        return replies.volume(self._sdk.ask(
            f"create the volume {name}", lambda: self._client.create_volume(name=name, labels=dict(labels))
        ))

    def remove_volume(self, name: str) -> None:
        """Conflict while a container uses it."""
        self._remove(f"remove the volume {name}", lambda: self._client.remove_volume(name))

    def create_container(self, spec: ContainerSpec) -> str:
        """Create, stopped, joined to all its networks; when one can't be joined nothing is left."""
        created = replies.table(self._sdk.ask(
            f"create the container {spec.name}",
            lambda: self._client.create_container_from_config(payload.container_body(spec), spec.name),
        ))
        id = replies.text(created.get("Id"))
        try:
            for network, aliases in spec.networks[1:]:
                failpoint("connect-network.before")
                self._connect(id, network, aliases)
        except BaseException:
            with contextlib.suppress(EngineError):
                self.remove_container(id)
            raise
        return id

    def start(self, id: str) -> None:
        """No error when it runs already. PortTaken when another program holds a port of it."""
        self._sdk.ask(f"start the container {id[:12]}", lambda: self._client.start(id), seconds=SLOW)

    def stop(self, id: str, timeout: int = 10) -> None:
        """TERM, then KILL after `timeout` seconds; no error when it is stopped already."""
        self._sdk.ask(
            f"stop the container {id[:12]}", lambda: self._client.stop(id, timeout=timeout), seconds=timeout + CALL
        )

    def restart(self, id: str, timeout: int = 10) -> None:
        """Stop and start."""
        self._sdk.ask(
            f"restart the container {id[:12]}", lambda: self._client.restart(id, timeout=timeout),
            seconds=timeout + SLOW,
        )

    def remove_container(self, id: str) -> None:
        """Kill and remove, anonymous volumes included; waits for a removal that is under way already."""
        try:
            doing = f"remove the container {id[:12]}"
            self._remove(doing, lambda: self._client.remove_container(id, v=True, force=True))
        except Conflict:
            for _ in range(100):
                if self.container(id) is None:
                    return
                time.sleep(0.1)
            raise

    def put_archive(self, id: str, path: str, tar: bytes) -> None:
        """Unpack a plain tar at `path`, which must exist."""
        self._sdk.ask(
            f"write into {path} of {id[:12]}", lambda: self._client.put_archive(id, path, tar), seconds=SLOW
        )

    def read_file(self, id: str, path: str, limit: int = 1 << 20) -> bytes | None:
        """A regular file, or None when there is none, it is something else, or it is longer than `limit`."""
        reader = FileReader(lambda name: self._sdk.ask("read a file", lambda: self._client.get_archive(id, name)[0]))
        return self._sdk.ask("read a file", lambda: reader.read(path, limit))

    def pull(self, ref: str) -> Stream[Mapping[str, Any]]:
        """Pull an image with the user's stored credentials."""
        doing = f"pull {ref}"
        query, headers = self._sdk.ask(doing, lambda: self._sdk.pull_request(ref))
        response = self._sdk.stream("POST", "/images/create", query, doing=doing, headers=headers)
        return closable(response, _checked(doing))

    def tag(self, image: str, ref: str) -> None:
        """Give an image another name."""
        repository, _, tag = ref.rpartition(":") if ":" in ref.rpartition("/")[2] else (ref, "", "latest")
        self._sdk.ask(f"tag {image} as {ref}", lambda: self._client.tag(image, repository, tag, force=True))

    def remove_image(self, ref: str, *, force: bool = False) -> None:
        """Conflict while a container uses it."""
        self._remove(f"remove the image {ref}", lambda: self._client.remove_image(ref, force=force))

    def classic_build(
        self, context_tar: Iterator[bytes], *, dockerfile: str, tags: Sequence[str], target: str | None,
        args: Pairs, labels: Pairs, no_cache: bool, pull: bool,
    ) -> Stream[Mapping[str, Any]]:
        """The classic builder's messages, failures of the build among them; the context is streamed as it is made."""
        query = payload.build_parameters(
            dockerfile=dockerfile, tags=tuple(tags), target=target, args=args, labels=labels,
            no_cache=no_cache, pull=pull,
        )
        headers = self._sdk.ask("start a build", self._sdk.build_headers)
        response = self._sdk.stream("POST", "/build", query, doing="start a build", headers=headers, data=context_tar)
        return closable(response, json_lines)

    def _connect(self, id: str, network: str, aliases: tuple[str, ...]) -> None:
        settings = payload.endpoint_settings(network, aliases)
        self._sdk.ask(f"connect {id[:12]} to the network {network}", lambda: (
            self._client.connect_container_to_network(id, network, aliases=settings.get("Aliases"))
        ))

    def _remove(self, doing: str, call: Callable[[], object]) -> None:
        with contextlib.suppress(NotFound):
            self._sdk.ask(doing, call)


def _checked(doing: str) -> Callable[[Iterator[bytes]], Iterator[Mapping[str, Any]]]:
    """Messages that raise at the one that reports failure."""

    def parse(blocks: Iterator[bytes]) -> Iterator[Mapping[str, Any]]:
        for message in json_lines(blocks):
            replies.raise_stream_error(message, doing)
            yield message

    return parse
