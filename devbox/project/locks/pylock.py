"""`pylock.toml` (PEP 751): every package with its own marker; extras are off, the default groups on."""

from __future__ import annotations

from devbox.core.dependencies.model import Problem
from devbox.core.dependencies.selection import Edge, Node, PythonLock, Root
from devbox.project.locks.python_names import canonical
from devbox.project.locks.surroundings import Surroundings, texts
from devbox.project.locks.toml_tables import read_tables

SYNC = "uv pip sync pylock.toml"
RELOCK = "uv export --format pylock.toml -o pylock.toml"


def read(data: bytes, path: str, around: Surroundings) -> PythonLock:
    """The lock; raises ConfigError for what is not TOML."""
    document = read_tables(data, path)
    version = str(document.get("lock-version", ""))
    if version.partition(".")[0] != "1":
        message = f"{path} has no lock-version that devbox reads; expected 1.x"
        return PythonLock(problems=(Problem("unsupported", path, message),))
    nodes, roots = [], []
    for entry in document.get("packages") or ():
        if not isinstance(entry, dict) or not isinstance(entry.get("name"), str):
            continue
        locked = entry.get("version")
        named = isinstance(locked, str) and "directory" not in entry
        anchor = f'name = "{entry["name"]}"\n' + (f'version = "{locked}"\n' if locked else "")
        nodes.append(Node(canonical(entry["name"]), locked if named else None, anchor=anchor))
        marker = entry.get("marker")
        roots.append(Root(Edge(nodes[-1].name, marker if isinstance(marker, str) else "", nodes[-1].version)))
    return PythonLock(tuple(nodes), tuple(roots), groups=texts(document.get("default-groups")))
