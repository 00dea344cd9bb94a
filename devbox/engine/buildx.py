"""The default builder: BuildKit through `buildx build --progress=rawjson`.

Runs one program per build and turns what it says into states and logs. What the messages mean is decided in
`devbox.core.buildfold`; how buildx is called in `buildx_command`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from devbox.core.errors import BuildError
from devbox.engine.builder import Builder, BuildRequest
from devbox.engine.buildx_command import BuildFiles, arguments, environment
from devbox.engine.buildx_program import BuildxProgram
from devbox.engine.port import Endpoint, EngineInfo
from devbox.failpoint import failpoint

if TYPE_CHECKING:
    from devbox.engine.buildx_run import BuildxRun
    from devbox.engine.child import Child


class BuildxBuilder:
    """Builds on one engine with one buildx."""

    def __init__(
        self, program: BuildxProgram, endpoint: Endpoint, *, env: Mapping[str, str], home: Path, scratch: Path,
        project: Path | None = None, quick: Callable[[EngineInfo], Builder | None] | None = None,
    ) -> None:
        """`env` is the caller's environment (logins, secrets), `scratch` a private folder for files of a build,
        `project` the folder whose programs are never run, `quick` what to use instead for small contexts."""
        self._program = program
        self._endpoint = endpoint
        self._env = env
        self._home = home
        self._scratch = scratch
        self._project = project
        self._quick = quick

    @property
    def name(self) -> str:
        """For people."""
        return f"buildx {self._program.version} (docker)"

    @property
    def limits(self) -> tuple[str, ...]:
        """It shows everything."""
        return ()

    @property
    def mounts(self) -> bool:
        """It is BuildKit."""
        return True

    @property
    def session(self) -> bool:
        """It keeps one open while it builds."""
        return True

    def quick(self, info: EngineInfo) -> Builder | None:
        """The engine's API, where that may be used."""
        return self._quick(info) if self._quick is not None else None

    def build(self, request: BuildRequest) -> BuildxRun:
        """A build that starts when it is iterated."""
        # Deferred: mostly nothing is built, and following a build costs 4 ms.
        from devbox.engine.buildx_run import BuildxRun

        return BuildxRun(self, request)

    def start(self, request: BuildRequest, files: BuildFiles) -> Child:
        """Start buildx. Raises BuildError where that is impossible."""
        from devbox.engine.child import Child

        argv = arguments(self._program.path, request, self._endpoint, files)
        env = environment(request, self._endpoint, self._env, self._home, files, self._project)
        failpoint("build.start.before")
        try:
            return Child(argv, env)
        except OSError as error:
            raise BuildError(f"cannot run {self._program.path}: {error.strerror}") from error

    def files(self) -> Path:
        """Where files of builds live."""
        return self._scratch
