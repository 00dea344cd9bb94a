"""Which builder: buildx where a usable one is found, else BuildKit over the engine's API, else the classic one.
Named by `--builder`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from devbox.core.errors import BuildError, UsageError
from devbox.engine.builder import Builder, Pack
from devbox.engine.buildx import BuildxBuilder
from devbox.engine.buildx_program import NoBuildx, find_buildx
from devbox.engine.port import Engine, EngineInfo

NAMES = ("auto", "buildx", "api", "classic")


def choose_builder(
    name: str, engine: Engine, *, env: Mapping[str, str], home: Path, project: Path, private_folders: Sequence[Path],
    scratch: Path, pack: Pack,
) -> Builder:
    """The builder called `name`, or the best there is for `auto`.

    `private_folders` hold devbox's own plugins, `scratch` the files of running builds; `pack` makes a tar of a context.
    Raises UsageError for an unknown name, BuildError for a builder that can't be used here.
    """
    if name not in NAMES:
        raise UsageError(f"no builder `{name}`", hint=f"one of {', '.join(NAMES)}")
    if name == "classic":
        return _classic(engine, pack, env)
    if name == "api":
        return _api(engine, pack, env)
    found = find_buildx(
        env, home, private_folders=private_folders, project=project, memory=scratch / "buildx-version.json"
    )
    if not isinstance(found, NoBuildx):
        quick = _Quick(engine, pack, env) if name == "auto" else None
        return BuildxBuilder(
            found, engine.endpoint, env=env, home=home, scratch=scratch, project=project, quick=quick
        )
    if name == "buildx":
        raise BuildError(
            f"no usable buildx: {found.reason}",
            hint="install one (Debian: `apt-get install docker-buildx`), or build with `--builder api`",
        )
    because = f"no usable buildx: {found.reason}"
    try:
        return _api(engine, pack, env, because)
    except BuildError as error:
        return _classic(engine, pack, env, because=f"{because}; {error.summary}")


class _Quick:
    """BuildKit over the API for small contexts, where that certainly does what buildx does: on an engine of this
    machine, which takes the context in the request."""

    def __init__(self, engine: Engine, pack: Pack, env: Mapping[str, str]) -> None:
        self._engine = engine
        self._pack = pack
        self._env = env

    def __call__(self, info: EngineInfo) -> Builder | None:
        # Deferred: rarely needed, and it costs a few milliseconds.
        from devbox.engine.api_builder import ApiBuilder, api_problem

        endpoint = self._engine.endpoint
        if info.containerd_store or not endpoint.local or api_problem(endpoint, info) is not None:
            return None
        return ApiBuilder(endpoint, self._pack, env=self._env, quick=True)


def _api(engine: Engine, pack: Pack, env: Mapping[str, str], because: str | None = None) -> Builder:
    # Deferred: rarely needed.
    from devbox.engine.api_builder import ApiBuilder, api_problem

    info = engine.info()
    problem = api_problem(engine.endpoint, info)
    if problem is not None:
        raise BuildError(f"no build over the engine's API: {problem}", hint="`--builder auto` takes what there is")
    return ApiBuilder(engine.endpoint, pack, env=env, serve=info.containerd_store, because=because)


def _classic(engine: Engine, pack: Pack, env: Mapping[str, str], because: str | None = None) -> Builder:
    # Deferred: rarely needed, and it costs 15 ms.
    from devbox.engine.classic import ClassicBuilder

    return ClassicBuilder(engine, pack, env=env, because=because)
