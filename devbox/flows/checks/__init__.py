"""All groups of checks beside the toolchains, in the order of the report.

To add one: a module with a `GROUP`, an entry here, its checks in `core/check_list.py`. Modules stay light at import:
what a probe needs is imported inside it.
"""

from __future__ import annotations

from devbox.flows.checks import (
    compose,
    container,
    dependencies,
    dockerfile,
    engine,
    environment,
    gpu,
    platform,
    ports,
    privileges,
    repository,
    system,
)
from devbox.flows.checks.group import Group

GROUPS: tuple[Group, ...] = (
    platform.GROUP,
    gpu.GROUP,
    engine.GROUP,
    system.GROUP,
    container.GROUP,
    ports.GROUP,
    environment.GROUP,
    repository.GROUP,
    dependencies.GROUP,
    dockerfile.GROUP,
    compose.GROUP,
    privileges.GROUP,
)
