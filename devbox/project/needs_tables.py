"""`[toolchains]`, `[host]`, `[gpu]` and `[policy]`: what doctor compares this machine and repository with."""

from __future__ import annotations

import re
from typing import Literal, cast

from devbox.core.project import GpuNeeds, HostNeeds, Pairs, Policy, ToolPin
from devbox.core.team import PolicyRule
from devbox.core.units import parse_size
from devbox.project import notation
from devbox.project.schema import Table, dotted, mistake, parsed

SEVERITIES = ("error", "warn", "info", "off")
_TOOL = re.compile(r"[A-Za-z0-9@][A-Za-z0-9@/:_.+-]{0,127}", re.ASCII)
_ARCH = re.compile(r"[a-z0-9_]{1,32}", re.ASCII)
_CHECK = re.compile(r"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*", re.ASCII)


def read_toolchains(document: Table) -> tuple[ToolPin, ...]:
    """`[toolchains]`: a tool's name and its pin."""
    table = document.table("toolchains")
    pins = []
    for tool, node in (table.items if table else {}).items():
        name = dotted("toolchains", tool)
        if not _TOOL.fullmatch(tool):
            raise mistake(node, f"`{name}` is not a possible name; expected a tool such as python")
        pins.append(ToolPin(tool, parsed(node, name, notation.plain, expected="a version in quotes"), node.origin))
    return tuple(pins)


def read_host(document: Table) -> HostNeeds:
    """`[host]`: memory, disk, architecture, and the names of variables that must be set."""
    table = document.table("host")
    if table is None:
        return HostNeeds()
    table.only(("min_memory", "min_disk", "arch", "env"))
    return HostNeeds(
        min_memory=table.parsed("min_memory", parse_size), min_disk=table.parsed("min_disk", parse_size),
        arch=table.texts("arch", _arch), env=table.texts("env", notation.env_name), origin=table.origin,
    )


def _arch(text: str) -> str:
    if not _ARCH.fullmatch(text):
        raise ValueError("expected an architecture such as x86_64 or aarch64")
    return text


def read_gpu(document: Table) -> GpuNeeds | None:
    """`[gpu]`; None where there is no such table and no GPU is wanted."""
    table = document.table("gpu")
    if table is None:
        return None
    table.only(("required", "min_compute_capability", "min_driver", "min_memory"))
    return GpuNeeds(
        required=table.flag("required"),
        min_compute_capability=table.parsed("min_compute_capability", notation.version),
        min_driver=table.parsed("min_driver", notation.version), min_memory=table.parsed("min_memory", parse_size),
        origin=table.origin,
    )


def read_policy(document: Table) -> Policy:
    """`[policy]`: severities, the rule on lock files, the team's own patterns."""
    table = document.table("policy")
    if table is None:
        return Policy()
    table.only(("lock", "severity", "rule"))
    severity = table.table("severity")
    return Policy(
        lock=cast(Literal["require", "forbid"] | None, table.choice("lock", ("require", "forbid"))),
        severity=_severities(severity, "") if severity else (), rules=tuple(_rule(row) for row in table.rows("rule")),
    )


def _severities(table: Table, prefix: str) -> Pairs:
    """`platform.inotify = "off"` is a table to TOML; check ids come out dotted again."""
    pairs: list[tuple[str, str]] = []
    for key, node in table.items.items():
        check = f"{prefix}.{key}" if prefix else key
        if not _CHECK.fullmatch(key):
            raise mistake(node, f"`{table.path(key)}` is not a possible name; expected a check's id such as platform")
        if node.table is not None:
            pairs += _severities(Table(node, table.path(key)), check)
        else:
            pairs.append((check, table.choice(key, SEVERITIES) or "off"))
    return tuple(pairs)


def _rule(row: Table) -> PolicyRule:
    row.only(("id", "match", "max", "message"))
    return PolicyRule(
        id=parsed(row.need("id"), row.path("id"), notation.name),
        match=parsed(row.need("match"), row.path("match"), notation.pattern),
        message=parsed(row.need("message"), row.path("message"), notation.plain),
        max=row.integer("max", 0) or 0, origin=row.origin,
    )
