"""`[modes.NAME]`: variants of the box, and which one a command gets."""

from __future__ import annotations

from collections.abc import Mapping

from devbox.core.errors import ConfigError, UsageError
from devbox.core.project import Mode, Pairs
from devbox.core.units import parse_duration
from devbox.project import notation
from devbox.project.box_table import BOX_KEYS, read_box
from devbox.project.folder import ProjectFolder
from devbox.project.merging import merge
from devbox.project.schema import Table, bare, located, mistake, parsed, wrong_type
from devbox.project.toml_source import Node

DEFAULT = "default"
"""The mode that is the `[box]` table as it stands."""
OWN_KEYS = ("when", "probe", "warn_after")
FACTS = ("gpu", "gpu_count", "gpu_compute_capability", "gpu_memory", "driver", "arch", "os", "memory", "env")


def read_modes(document: Table, folder: ProjectFolder) -> tuple[Mode, ...]:
    """Every variant, each a complete box: the mode's keys over those of `[box]`."""
    below = document.get("box") or Node({}, document.origin)
    modes = []
    for name, table in document.tables("modes"):
        if name == DEFAULT:
            raise mistake(table.node, "`modes.default` is `[box]` itself; expected another name, or the keys there")
        table.only((*OWN_KEYS, *BOX_KEYS))
        own = {key: node for key, node in table.items.items() if key not in OWN_KEYS}
        variant = merge(below, Node(own, table.origin), ("modes", name))
        modes.append(
            Mode(
                name=name, box=read_box(Table(variant, table.name), folder), when=_conditions(table.table("when")),
                probe=table.text("probe"), warn_after=table.parsed("warn_after", parse_duration), origin=table.origin,
            )
        )
    return tuple(modes)


def _conditions(table: Table | None) -> Pairs:
    if table is None:
        return ()
    table.only(FACTS)
    pairs: list[tuple[str, str]] = []
    for fact, node in table.items.items():
        if fact == "env":
            pairs += [(f"env.{name}", value) for name, value in table.variables("env")]
        elif fact == "gpu":
            pairs.append((fact, str(table.flag(fact)).lower()))
        elif fact == "gpu_count" and isinstance(node.value, int) and not isinstance(node.value, bool):
            pairs.append((fact, str(table.integer(fact, 0))))
        elif isinstance(node.value, str):
            pairs.append((fact, parsed(node, table.path(fact), notation.plain)))
        else:
            raise wrong_type(node, table.path(fact), 'a string such as "<6.0"')
    return tuple(pairs)


def read_default_mode(document: Table, modes: tuple[Mode, ...]) -> str:
    """`default_mode`: a mode that exists."""
    name = document.text("default_mode") or DEFAULT
    if name not in _names(modes):
        known = ", ".join(_names(modes))
        raise mistake(document.need("default_mode"), f"`default_mode` is an unknown mode; expected one of {known}")
    return name


def choose_mode(asked: str | None, modes: tuple[Mode, ...], default: str, env: Mapping[str, str]) -> str:
    """The mode of this run: the one asked for; under `CI` the project's `default_mode`; else the box as it stands.

    Raises UsageError for a mode that does not exist.
    """
    if asked is None:
        return default if env.get("CI") else DEFAULT
    if asked not in _names(modes):
        raise UsageError(
            f"there is no mode {bare(asked)}", hint="the modes of this project: " + ", ".join(_names(modes)),
        )
    return asked


def refuse_unasked_choice(asked: str | None, modes: tuple[Mode, ...], env: Mapping[str, str]) -> None:
    """ConfigError where facts of the machine would choose the mode, which this version can't do."""
    if asked is None and not env.get("CI"):
        for mode in modes:
            if mode.when:
                raise unsupported_choice(mode)


def unsupported_choice(mode: Mode) -> ConfigError:
    """The refusal of `when`, with the way out."""
    return located(
        mode.origin, f"`modes.{mode.name}.when` is not supported by this version of devbox; expected the mode by name",
        hint=f"`devbox up --mode {mode.name}`, or `devbox up --mode {DEFAULT}`",
    )


def _names(modes: tuple[Mode, ...]) -> tuple[str, ...]:
    return (DEFAULT, *(mode.name for mode in modes))
