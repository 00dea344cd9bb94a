"""docker compose, which `up` is compared with: the caller's own, else Debian's, unpacked privately like our buildx."""

from __future__ import annotations

import os
from collections.abc import Mapping

from devbox.core.errors import DevboxError
from devbox.engine.private.buildx import fetch_plugins
from devbox.engine.stream import Cancellation
from tests import engine_session
from tests.benchmarks.clock import NotMeasured, run

COMPOSE = "docker-compose"
"""Debian's package of the plugin."""


def with_compose(env: Mapping[str, str]) -> dict[str, str]:
    """The environment in which `docker compose` works. Raises NotMeasured where it can't be had."""
    own = {**env, "DOCKER_CONFIG": str(engine_session.LAYOUT.docker_config)}
    for each in (dict(env), own):
        if _works(each):
            return each
    setup = engine_session.setup()
    if not setup.ask("fetch docker compose?"):
        raise NotMeasured("no docker compose here (Debian: `apt-get install docker-compose`)")
    try:
        engine_session.say(fetch_plugins(setup.layout, setup.observe(), (COMPOSE,), Cancellation()))
    except (DevboxError, OSError) as error:
        raise NotMeasured(f"docker compose can't be had: {error}") from error
    if not _works(own):
        raise NotMeasured(f"the docker compose in {own['DOCKER_CONFIG']} does not run")
    return own


def needed() -> bool:
    """Whether the table is worth nothing without it: in CI, where it can be fetched."""
    return bool(os.environ.get("CI"))


def _works(env: Mapping[str, str]) -> bool:
    try:
        run(("docker", "compose", "version"), env)
    except NotMeasured:
        return False
    return True
