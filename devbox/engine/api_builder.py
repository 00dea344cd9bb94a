"""BuildKit through the engine's own API: no docker CLI, no buildx, no session (spec/buildkit.md 2.1).

The context goes as tar: in the request's body, or from a loopback address where the engine's image store takes no body.
It shares the cache with buildx on the same engine, except for steps that take the root of the context: of a tar that
has a header, of buildx' copy it has none.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING

from devbox.core.errors import BuildError, UsageError
from devbox.engine.builder import BuildRequest, Pack
from devbox.engine.http_client import HttpClient
from devbox.engine.port import Endpoint, EngineInfo
from devbox.engine.replies import items, table, text

if TYPE_CHECKING:
    from devbox.engine.threaded_build import ThreadedRun

LIMITS = (
    "the engine's API takes no build secrets, no named contexts and no host CA",
    "it cannot log in: a base image that needs it must be on the engine already",
)
_INSTALL = "install buildx: `apt-get install docker-buildx`"


class ApiBuilder:
    """Builds on one engine over its API."""

    def __init__(
        self, endpoint: Endpoint, pack: Pack, *, env: Mapping[str, str], serve: bool = False,
        because: str | None = None, quick: bool = False,
    ) -> None:
        """`env` is the caller's environment. With `serve` the engine fetches the context from the loopback address.
        `because` says why it is used although nobody asked for it; `quick` that it is only given what it can do."""
        self._client = HttpClient(endpoint)
        self._pack = pack
        self._env = env
        self._serve = serve
        self._because = because
        self._quick = quick

    @property
    def name(self) -> str:
        """For people."""
        return "engine API (BuildKit)"

    @property
    def limits(self) -> tuple[str, ...]:
        """Why it is used, and what it cannot do."""
        return () if self._quick else (*((self._because,) if self._because else ()), *LIMITS)

    @property
    def mounts(self) -> bool:
        """It is BuildKit."""
        return True

    @property
    def session(self) -> bool:
        """It sends a tar and listens."""
        return False

    def quick(self, info: EngineInfo) -> None:
        """It is quick itself."""

    def build(self, request: BuildRequest) -> ThreadedRun:
        """A build that starts when it is iterated. Raises BuildError, UsageError for what needs a session."""
        if request.secrets:
            names = ", ".join(secret.id for secret in request.secrets)
            raise BuildError(f"build secrets ({names}) need buildx: the engine's API takes none", hint=_INSTALL)
        if request.extra_contexts:
            names = ", ".join(name for name, _ in request.extra_contexts)
            raise BuildError(f"named contexts ({names}) need buildx: the engine's API takes none", hint=_INSTALL)
        if request.no_cache_filter:
            raise UsageError("--no-cache-filter needs buildx", hint="`devbox rebuild --no-cache` runs every step")
        # Deferred: mostly nothing is built, and following a build costs 5 ms.
        from devbox.core.buildfold import BuildFacts
        from devbox.engine.api_run import ApiCall, api_run

        env = ((name, self._env[name]) for name in request.args_from_env if name in self._env)
        facts = BuildFacts(
            target=request.target or "", builder=self.name, limits=self.limits, stages=request.outline.stages,
            lines=request.outline.lines, hidden=request.hidden,
        )
        return api_run(facts, ApiCall(self._client, request, (*request.args, *env), self._pack, self._serve))


def api_problem(endpoint: Endpoint, info: EngineInfo) -> str | None:
    """Why this engine cannot be used so; None where it can."""
    parts = items(table(info.raw.get("version")).get("Components"))
    if any("podman" in text(table(part).get("Name")).lower() for part in parts):
        return "Podman has no BuildKit"
    if info.os == "windows":
        return "engines for Windows containers have no BuildKit in their API"
    if info.containerd_store and not shares_network(endpoint, info):
        return "with the containerd image store the engine fetches the context itself, and it cannot reach this machine"
    return None


def shares_network(endpoint: Endpoint, info: EngineInfo) -> bool:
    """Whether the engine reaches the loopback address of this machine, as far as can be told: it says this machine's
    name and kernel, and keeps no network of its own."""
    here = os.uname()
    own = info.rootless or "desktop" in info.operating_system.lower()
    return (
        endpoint.local and sys.platform == "linux" and not own
        and (info.name, info.kernel) == (here.nodename, here.release)
    )
