"""`pyproject.toml`: the Python that a package asks for, the standard's way and Poetry's (spec/toolchains.md 3.3)."""

from __future__ import annotations

from collections.abc import Iterator

from devbox.core.errors import ConfigError
from devbox.core.frozen import dataclass
from devbox.project.toml_source import Node, parse_toml

NAME = "pyproject.toml"


@dataclass(frozen=True, slots=True)
class Wish:
    """One place that names a Python."""

    notation: str
    """`requires-python` or `poetry`."""
    text: str | None
    """None where the value is not a string."""
    line: int | None


@dataclass(frozen=True, slots=True)
class PyProject:
    """What the file says, or why it is no TOML."""

    wishes: tuple[Wish, ...] = ()
    has_project: bool = False
    """Whether there is a `[project]` table, which hides Poetry's for some readers."""
    problem: str | None = None
    line: int | None = None


def parse(data: bytes, path: str) -> PyProject:
    """The wishes in the file's order of authority; never raises."""
    try:
        root = parse_toml(data, path)
    except ConfigError as error:
        return PyProject(problem=error.summary, line=error.line)
    return PyProject(tuple(_wishes(root)), has_project="project" in (root.table or {}))


def _wishes(root: Node) -> Iterator[Wish]:
    standard = _below(root, "project", "requires-python")
    if standard is not None:
        yield _wish("requires-python", standard)
    poetry = _below(root, "tool", "poetry", "dependencies", "python")
    if poetry is not None:
        version = _below(poetry, "version")
        yield _wish("poetry", poetry if poetry.table is None else version or poetry)


def _wish(notation: str, node: Node) -> Wish:
    return Wish(notation, node.value if isinstance(node.value, str) else None, node.origin.line)


def _below(node: Node, *keys: str) -> Node | None:
    found: Node | None = node
    for key in keys:
        found = (found.table or {}).get(key) if found else None
    return found
