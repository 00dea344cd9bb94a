"""One TOML document over another: tables merge, everything else replaces (contract.md: profile < project < local)."""

from __future__ import annotations

from devbox.project.toml_source import Node

Path = tuple[str, ...]

_BUILD = frozenset({"dockerfile", "context", "target", "args", "secrets"})
_PROBES = ("http", "tcp", "run", "log")


def merge(below: Node, over: Node, path: Path = ()) -> Node:
    """`over` laid on `below`; every value keeps the origin of the file that won.

    Keys that exclude each other count as one: a project's `dockerfile` replaces a profile's `image`.
    """
    if below.table is None or over.table is None:
        return over
    gone = _excluded(path, frozenset(over.table))
    merged = {key: node for key, node in below.table.items() if key not in gone}
    for key, node in over.table.items():
        merged[key] = merge(merged[key], node, (*path, key)) if key in merged else node
    return Node(merged, over.origin)


def _excluded(path: Path, keys: frozenset[str]) -> frozenset[str]:
    """What a table at `path` must not keep from below when it sets `keys`."""
    if path == ("box",) or (len(path) == 2 and path[0] in ("sidecars", "modes")):
        return _BUILD if "image" in keys else frozenset({"image"}) if "dockerfile" in keys else frozenset()
    if path[-1:] == ("ready",):
        return frozenset(_PROBES) - keys if keys & set(_PROBES) else frozenset()
    if path[-2:-1] == ("secrets",) and len(path) > 2:
        return frozenset({"env", "file"}) - keys if keys & {"env", "file"} else frozenset()
    return frozenset()
