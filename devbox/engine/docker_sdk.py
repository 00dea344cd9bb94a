"""The docker SDK behind the port: the only module that imports it (100 ms, so on first use only).

Connections come from `dial`, so that every kind of endpoint works and fails in the same words as in the small adapter;
exec runs over the small adapter too, because the SDK loses output that arrives together with the reply's headers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from devbox.core.errors import EngineError
from devbox.engine import replies
from devbox.engine.deadline import CALL, SLOW, within
from devbox.engine.http import HttpEngine
from devbox.engine.http_client import REPLY_LIMIT
from devbox.engine.port import Endpoint
from devbox.engine.sdk_writer import SdkWriter

if TYPE_CHECKING:
    import docker
    import requests

T = TypeVar("T")


class DockerSdkEngine(SdkWriter):
    """`port.Engine`, complete. Connects on first use; safe to use from several threads."""

    def __init__(self, endpoint: Endpoint, http: HttpEngine | None = None) -> None:
        super().__init__(SdkClient(endpoint, http or HttpEngine(endpoint)))


class SdkClient:
    """`docker.APIClient` with our deadlines and our errors."""

    def __init__(self, endpoint: Endpoint, http: HttpEngine) -> None:
        self.endpoint = endpoint
        self.http = http

    @cached_property
    def client(self) -> docker.APIClient:
        """The SDK's client on our connections, at the negotiated API version."""
        version = self.http.api_version()
        # Deferred: 100 ms, and a command that changes nothing never needs them.
        import docker

        from devbox.engine.sdk_transport import EngineAdapter

        client = docker.APIClient(base_url="tcp://engine:1", version=version, timeout=SLOW)
        client.trust_env = False
        client.mount("http://", EngineAdapter(self.endpoint, REPLY_LIMIT))
        return client

    def ask(self, doing: str, call: Callable[[], T], seconds: float = CALL) -> T:
        """The result of an SDK call; `doing` completes "the engine can't …"."""
        return within(seconds, lambda: _translated(doing, call), doing)

    def stream(
        self, method: str, path: str, query: Any, *, doing: str,
        headers: Mapping[str, str] | None = None, data: Iterator[bytes] | None = None,
    ) -> requests.Response:
        """A call whose reply is a stream."""

        def send() -> requests.Response:
            url = f"{self.client.base_url}/v{self.client.api_version}{path}"
            response: requests.Response = self.client.request(
                method, url, params=query, headers=dict(headers or {}), data=data, stream=True, timeout=None,
            )
            if response.status_code >= 400:
                raise replies.refusal(response.status_code, replies.error_message(response.content), doing)
            return response

        # A build's reply begins only when its context is through, and a registry may let a pull wait.
        return self.ask(doing, send, CALL if method == "GET" else SLOW)

    def pull_request(self, ref: str) -> tuple[dict[str, str], dict[str, str]]:
        """Query and headers of a pull, with the user's stored credentials for its registry."""
        import docker.auth
        import docker.utils

        repository, tag = docker.utils.parse_repository_tag(ref)
        registry, _ = docker.auth.resolve_repository_name(repository)
        credentials = docker.auth.get_config_header(self.client, registry)
        headers = {"X-Registry-Auth": credentials} if credentials else {}
        return {"fromImage": repository, "tag": tag or "latest"}, headers

    def build_headers(self) -> dict[str, str]:
        """Headers of a build, with all of the user's stored credentials: any base image may need them."""
        headers = {"Content-Type": "application/x-tar"}
        # Private, but the SDK has no other way to give a build of ours the user's credentials.
        self.client._set_auth_headers(headers)
        return headers


def _translated(doing: str, call: Callable[[], T]) -> T:
    """The SDK's exceptions as ours."""
    import docker.errors
    import requests

    try:
        return call()
    except docker.errors.APIError as error:
        raise replies.refusal(error.status_code or 500, error.explanation or "", doing) from error
    except (docker.errors.DockerException, requests.RequestException, OSError, ValueError, RecursionError) as error:
        raise EngineError(
            f"the engine can't {doing}: the connection broke or its reply makes no sense", detail=str(error),
            hint="`docker version` says whether it runs",
        ) from error
