"""Joins the concrete adapters to the ports: the one module that names them all. Imported by `cli` and `tui` only."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from devbox.flows.workspace import Ask, Workspace
from devbox.project.discovery import discover, load_project
from devbox.store.paths import StateDirs

if TYPE_CHECKING:
    # Not at run time: the ports cost 15 ms, which a command pays when it first asks an engine.
    from devbox.cli.options import GlobalOptions
    from devbox.core.project import Project
    from devbox.engine.builder import Builder, BuildRequest
    from devbox.engine.port import Engine, ExecSession
    from devbox.project.context_tar import PackedContext
    from devbox.tui.flow_session import FlowSession


class SystemClock:
    """The machine's clocks."""

    def monotonic(self) -> float:
        """Seconds, for durations."""
        return time.monotonic()

    def time(self) -> float:
        """Seconds since the epoch."""
        return time.time()


def build_workspace(
    *, directory: Path, options: GlobalOptions, env: Mapping[str, str], ask: Ask, mode: str | None = None,
    builder: str = "auto", lock_timeout: float | None = None, looking: bool = False,
) -> Workspace:
    """The workspace around `directory`. With `looking`, for commands that launch nothing, the files that devbox.toml
    names need not exist. Raises ConfigError for unusable state folders; project and engine are read on first use."""
    home = _home(env)
    found = discover(directory)
    state = state_dirs(env)

    @cache
    def project() -> Project:
        return load_project(found, env=env, home=home, mode=mode, launching=not looking)

    @cache
    def engine() -> Engine:
        return open_engine(options.engine, env, state)

    return Workspace(
        root=found.root,
        directory=directory,
        load_project=project,
        connect=engine,
        choose_builder=_builder_chooser(builder, env, home, found.root, state),
        state=state,
        env=env,
        uid=os.getuid(),
        gid=os.getgid(),
        home=home,
        user_name=_user_name(),
        clock=SystemClock(),
        ask=ask,
        trust_granted=options.trust,
        lock_timeout=lock_timeout,
    )


def open_engine(flag: str | None, env: Mapping[str, str], state: StateDirs) -> Engine:
    """The engine by contract.md's precedence, checked to answer. Raises EngineError."""
    # Deferred: as above.
    from devbox.engine.connect import connect, resolve_endpoint
    from devbox.engine.private.layout import PrivateLayout
    from devbox.engine.split import SplitEngine

    endpoint = resolve_endpoint(
        flag, env, _home(env), settings=state.settings, private_socket=PrivateLayout().socket,
    )

    def writer() -> Engine:
        # Deferred: the docker SDK costs 150 ms, and a command that changes nothing never needs it.
        from devbox.engine.docker_sdk import DockerSdkEngine

        return DockerSdkEngine(endpoint, reader)

    reader = connect(endpoint)
    return SplitEngine(reader, writer)


def state_dirs(env: Mapping[str, str]) -> StateDirs:
    """devbox's own folders for this user."""
    return StateDirs.from_environment(env, _home(env))


def build_session(
    workspace: Workspace, *, mode: str | None, relay: Callable[[ExecSession], int]
) -> FlowSession:
    """What the screens are handed: devbox.toml is read anew at each question; `relay` gives a shell the terminal."""
    # Deferred: only the session needs it.
    from devbox.tui.flow_session import FlowSession

    def reload() -> Project:
        return load_project(discover(workspace.directory), env=workspace.env, home=workspace.home, mode=mode)

    return FlowSession(workspace, relay=relay, reload=reload)


def _builder_chooser(
    name: str, env: Mapping[str, str], home: Path, root: Path, state: StateDirs
) -> Callable[[Engine], Builder]:
    chosen: list[Builder] = []

    def choose(engine: Engine) -> Builder:
        if chosen:
            return chosen[0]
        # Deferred: only builds need a builder.
        from devbox.engine.builders import choose_builder
        from devbox.engine.private.layout import PrivateLayout

        def pack(request: BuildRequest) -> PackedContext:
            # Deferred: tar files cost 8 ms, and not every builder takes one.
            from devbox.project.context_tar import pack_context

            return pack_context(
                request.context, request.dockerfile, ignore_text=request.ignore_text,
                dockerfile_text=request.dockerfile_text,
            )

        found = choose_builder(
            name, engine, env=env, home=home, project=root, private_folders=(PrivateLayout().cli_plugins,),
            scratch=state.ensure(state.cache / "builds"), pack=pack,
        )
        chosen.append(found)
        return found

    return choose


def _home(env: Mapping[str, str]) -> Path:
    return Path(env.get("HOME") or "/")


def _user_name() -> str:
    import pwd  # only here, and only for a name

    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return f"uid{os.getuid()}"
