"""Which builder: buildx where a usable one is found, else the engine's classic one. Named by `--builder`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from devbox.core.errors import BuildError, UsageError
from devbox.engine.builder import Builder
from devbox.engine.buildx import BuildxBuilder
from devbox.engine.buildx_program import NoBuildx, find_buildx
from devbox.engine.port import Engine

if TYPE_CHECKING:
    from devbox.engine.classic import Pack

NAMES = ("auto", "buildx", "classic")


def choose_builder(
    name: str, engine: Engine, *, env: Mapping[str, str], home: Path, project: Path, private_folders: Sequence[Path],
    scratch: Path, pack: Pack,
) -> Builder:
    """The builder called `name`, or the best there is for `auto`.

    `private_folders` hold devbox's own plugins, `scratch` the files of running builds; `pack` makes a tar of a context.
    Raises UsageError for a builder this version lacks, BuildError for buildx where none can be used.
    """
    if name == "api":
        raise UsageError("`--builder api` is not in this version of devbox", hint=f"one of {', '.join(NAMES)}")
    if name not in NAMES:
        raise UsageError(f"no builder `{name}`", hint=f"one of {', '.join(NAMES)}")
    if name == "classic":
        return _classic(engine, pack, env)
    found = find_buildx(
        env, home, private_folders=private_folders, project=project, memory=scratch / "buildx-version.json"
    )
    if isinstance(found, NoBuildx):
        if name == "buildx":
            raise BuildError(
                f"no usable buildx: {found.reason}",
                hint="install one (Debian: `apt-get install docker-buildx`), or build with `--builder classic`",
            )
        return _classic(engine, pack, env, because=f"no usable buildx: {found.reason}")
    return BuildxBuilder(found, engine.endpoint, env=env, home=home, scratch=scratch, project=project)


def _classic(engine: Engine, pack: Pack, env: Mapping[str, str], because: str | None = None) -> Builder:
    # Deferred: rarely needed, and it costs 15 ms.
    from devbox.engine.classic import ClassicBuilder

    return ClassicBuilder(engine, pack, env=env, because=because)
